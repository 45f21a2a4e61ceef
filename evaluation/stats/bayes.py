"""JZS Bayes factor of a difference of two arms (Rouder et al. 2009, Psychon. Bull. Rev. 16:225, eq. 1).

How much better "there is a difference" foretells the runs than "there is none", with a Cauchy prior on the difference
in standard deviations. It assumes one spread for both arms, unlike all else here: an aside, and no ground of a verdict.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.libraries import library
from evaluation.stats.scores import run_scores

#: Scale of the prior: half of the differences within .707 standard deviations.
SCALE = math.sqrt(0.5)


def jzs_bayes_factor(a: ArrayLike, b: ArrayLike, *, scale: float = SCALE) -> float | None:
    """Return the Bayes factor of a difference against none, for runs ``a`` ``(n,)`` and ``b`` ``(m,)``.

    Returns:
        Above 1 speaks for a difference; None where an arm has fewer than 2 runs, or where no run differs.
    """
    first, second = run_scores(a, where="a"), run_scores(b, where="b")
    runs = (len(first), len(second))
    if min(runs) < 2:
        return None
    df = sum(runs) - 2
    pooled = (float(np.sum((first - first.mean()) ** 2)) + float(np.sum((second - second.mean()) ** 2))) / df
    if pooled <= 0:
        return None
    t = float(first.mean() - second.mean()) / math.sqrt(pooled * (1 / runs[0] + 1 / runs[1]))
    return bayes_factor_of_t(t, df, runs[0] * runs[1] / sum(runs), scale=scale)


def bayes_factor_of_t(t: float, df: float, size: float, *, scale: float = SCALE) -> float:
    """Return the Bayes factor of a t statistic.

    Args:
        t: pooled two-sample, or one-sample, t.
        df: its degrees of freedom.
        size: effective sample size: ``n * m / (n + m)`` of two samples, ``n`` of one.
        scale: of the Cauchy prior, in standard deviations.
    """

    def under_a_difference(g: float) -> float:
        spread = 1 + size * g * scale**2
        log = -0.5 * math.log(spread) - (df + 1) / 2 * math.log1p(t**2 / (spread * df))
        return math.exp(log - 0.5 * math.log(2 * math.pi) - 1.5 * math.log(g) - 1 / (2 * g))

    evidence, _ = library("scipy.integrate").quad(under_a_difference, 0, math.inf)
    return float(evidence) / math.exp(-(df + 1) / 2 * math.log1p(t**2 / df))
