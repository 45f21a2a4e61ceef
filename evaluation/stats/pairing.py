"""Do arms that share seeds and data order move together? Only then is a paired test worth its degrees of freedom.

Sharing seeds costs nothing, but seldom correlates scores, and the paired test throws away half of the degrees of
freedom. So it is used only where correlation was *measured*: the 95% lower bound of the pooled correlation (Fisher's z)
is above 0, and the paired interval is expected to be the shorter one. What decides is the correlation, never which of
the two p values is smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import t_quantile
from evaluation.stats.libraries import library
from evaluation.stats.scores import run_scores


@dataclass(frozen=True)
class Correlation:
    """Correlation over seeds of the scores of two arms that share them."""

    r: float
    lower: float
    """One-sided 95% bound."""

    df: int
    """Runs less pairs of arms."""


@dataclass(frozen=True)
class Pairing:
    """Whether to pair, and why."""

    paired: bool
    why: str
    correlation: Correlation | None


def correlation(pairs: Sequence[tuple[ArrayLike, ArrayLike]]) -> Correlation | None:
    """Measure the correlation over seeds, pooled over pairs of arms, each centred on its own mean.

    Args:
        pairs: scores ``(runs,)`` of two arms, run i of both with the same seed. Pairs should not share runs.

    Returns:
        None where it cannot be told: fewer than 3 degrees of freedom, or no spread.

    Raises:
        StatisticsError: the arms of a pair have not as many runs.
    """
    cross = first_squares = second_squares = 0.0
    df = 0
    for number, (a, b) in enumerate(pairs):
        first, second = run_scores(a, where=f"pairs[{number}]"), run_scores(b, where=f"pairs[{number}]")
        if len(first) != len(second):
            hint = "leave out the seeds that only one arm has"
            message = f"{len(first)} and {len(second)} runs cannot be paired"
            raise StatisticsError(message, where=f"pairs[{number}]", hint=hint)
        first, second = first - first.mean(), second - second.mean()
        cross += float(first @ second)
        first_squares += float(first @ first)
        second_squares += float(second @ second)
        df += len(first) - 1
    if df < 3 or not first_squares or not second_squares:
        return None
    r = float(np.clip(cross / math.sqrt(first_squares * second_squares), -0.999999, 0.999999))
    bound = float(library("scipy.special").ndtri(0.95)) / math.sqrt(df - 2)
    return Correlation(r, math.tanh(math.atanh(r) - bound), df)


def choose_pairing(measured: Correlation | None, runs: int, *, shared: bool) -> Pairing:
    """Say whether ``runs`` runs an arm are to be compared paired.

    Args:
        measured: correlation over seeds, from these runs or (better) from earlier ones.
        runs: runs an arm.
        shared: run i of both arms has the same seed and order of data.
    """
    if not shared:
        return Pairing(False, "unpaired: seeds or data order are not shared", measured)
    if measured is None:
        return Pairing(False, "unpaired: too few shared runs to measure their correlation", None)
    found = f"correlation over shared seeds {measured.r:.2f}, 95% lower bound {measured.lower:.2f}"
    if measured.lower <= 0:
        return Pairing(False, f"unpaired: {found} is not above 0", measured)
    if runs < 2 or t_quantile(0.975, runs - 1) * math.sqrt(1 - measured.r) >= t_quantile(0.975, 2 * runs - 2):
        return Pairing(False, f"unpaired: {found}, too little to pay for the lost degrees of freedom", measured)
    return Pairing(True, f"paired: {found}", measured)
