"""Exact permutation test of seed means, by Welch's t over every way to deal the runs out to the arms.

With a studentised statistic the test is exact where arms have one distribution, and right in the limit where only
their means are equal and their spreads differ (Janssen 1997, Stat. Probab. Lett. 36:9; Chung & Romano 2013, Ann. Stat.
41:484). 3 against 3 runs cannot give less than p = .1, 4 against 4 than .029, 6 against 6 than .0022: it is stated
from 4 runs an arm on, and takes part in verdicts from 6 on, where it can survive a correction for several arms. Paired,
it has fewer ways: 6 pairs cannot give less than .031, and it takes part from 10 on (.002).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.stats.errors import StatisticsError
from evaluation.stats.scores import Floats, run_scores

#: Fewest runs an arm for which the test is stated.
STATED_FROM = 4
#: Fewest runs an arm for which a verdict asks for it.
DECIDES_FROM = 6
#: And the least p it must be able to give for that: below what Holm asks of 20 arms.
DECIDES_BELOW = 0.0025
#: Most ways to deal out that are all tried; 10 against 10 runs are 184,756.
MOST_WAYS = 200_000


@dataclass(frozen=True)
class Permutation:
    """An exact test's outcome."""

    p: float
    """Two-sided."""

    smallest_p: float
    """The least that this many runs could have given."""

    ways: int


def permutation_test(a: ArrayLike, b: ArrayLike) -> Permutation | None:
    """Test that runs ``a`` ``(n,)`` and ``b`` ``(m,)`` are of one kind.

    Returns:
        None below 4 runs in an arm, where the test cannot say anything, and above ``MOST_WAYS``, where Welch's test
        needs no check.
    """
    first, second = run_scores(a, where="a"), run_scores(b, where="b")
    runs = (len(first), len(second))
    ways = math.comb(sum(runs), runs[0])
    if min(runs) < STATED_FROM or ways > MOST_WAYS:
        return None
    pooled = np.concatenate([first, second])
    if not np.ptp(pooled):
        return Permutation(1.0, (2 if runs[0] == runs[1] else 1) / ways, ways)
    scores = pooled - pooled.mean()
    dealt = _deals(sum(runs), runs[0])
    statistic = _welch_t(scores, dealt, runs)
    # The first deal is the one that happened.
    extreme = int((statistic >= statistic[0] * (1 - 1e-9)).sum())
    return Permutation(extreme / ways, (2 if runs[0] == runs[1] else 1) / ways, ways)


def paired_permutation_test(a: ArrayLike, b: ArrayLike) -> Permutation | None:
    """Test that the differences of runs with shared seeds are symmetric around 0, over all ``2**runs`` signs.

    Raises:
        StatisticsError: the arms have not as many runs.
    """
    first, second = run_scores(a, where="a"), run_scores(b, where="b")
    if len(first) != len(second):
        hint = "leave out the seeds that only one arm has"
        raise StatisticsError(f"{len(first)} and {len(second)} runs cannot be paired", where="paired", hint=hint)
    ways = 2 ** len(first)
    if len(first) < STATED_FROM or ways > MOST_WAYS:
        return None
    signs = 1 - 2 * ((np.arange(ways)[:, None] >> np.arange(len(first))) & 1)
    # With signs flipped the sum of squares stays, so that the mean orders as the t does.
    statistic = np.abs(signs @ (first - second))
    return Permutation(int((statistic >= statistic[0] * (1 - 1e-9)).sum()) / ways, 2 / ways, ways)


@lru_cache(maxsize=4)
def _deals(total: int, chosen: int) -> NDArray[np.intp]:
    return np.array(list(itertools.combinations(range(total), chosen)), dtype=np.intp)


def _welch_t(scores: Floats, dealt: NDArray[np.intp], runs: tuple[int, int]) -> Floats:
    sums = scores[dealt].sum(axis=1)
    squares = (scores**2)[dealt].sum(axis=1)
    means = (sums / runs[0], (scores.sum() - sums) / runs[1])
    spread = (squares - runs[0] * means[0] ** 2, (scores**2).sum() - squares - runs[1] * means[1] ** 2)
    variance = sum(np.maximum(s, 0) / (n * (n - 1)) for s, n in zip(spread, runs, strict=True))
    # Deals without any spread have the largest t there is, not an infinite one.
    tiny = np.finfo(np.float64).eps ** 2 * float((scores**2).sum())
    t: Floats = np.abs(means[0] - means[1]) / np.sqrt(np.maximum(variance, tiny))
    return t
