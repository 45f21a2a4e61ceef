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

    def under_a_difference(x: float) -> float:
        """Return the logarithm of the integrand over g, at ``g = exp(x)``: its peak may lie at any power of ten."""
        g = math.exp(x)
        spread = 1 + size * g * scale**2
        log = -0.5 * math.log(spread) - (df + 1) / 2 * math.log1p(t**2 / (spread * df))
        return log - 0.5 * math.log(2 * math.pi) - 0.5 * x - 0.5 / g

    places = np.linspace(-10, 60, 1401)
    heights = [under_a_difference(x) for x in places]
    top, peak = max(heights), float(places[int(np.argmax(heights))])
    quad = library("scipy.integrate").quad
    area, _ = quad(lambda x: math.exp(under_a_difference(x) - top), peak - 20, peak + 60, points=[peak], limit=200)
    log = top + math.log(area) + (df + 1) / 2 * math.log1p(t**2 / df)
    return math.exp(log) if log < 700 else math.inf
