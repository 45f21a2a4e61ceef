"""Seed error: how much a difference of two arms would move if both were trained again with other seeds.

The training run is the unit. Spread differs by arm (bits per byte: .002 for clean text, .044 for shuffled lines), so
Welch's t (1947) and never a pooled standard deviation. The items that the runs are scored on are held fixed here;
``total_error`` adds their part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate, satterthwaite, t_estimate
from evaluation.stats.scores import Floats, run_scores


def mean_variance(scores: Floats) -> tuple[float, float] | None:
    """Return (variance of the mean, degrees of freedom) of ``scores`` ``(runs,)``; None for a single run."""
    if len(scores) < 2:
        return None
    # Equal scores have no spread at all, whatever the rounding of their mean says.
    spread = float(scores.var(ddof=1)) if np.ptp(scores) else 0.0
    return spread / len(scores), float(len(scores) - 1)


def welch(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate mean of ``a`` minus mean of ``b``, each ``(runs,)``, by Welch's t.

    Raises:
        StatisticsError: a score is not finite, or an arm has no runs.
    """
    first, second = run_scores(a, where="a"), run_scores(b, where="b")
    return from_variances(
        float(first.mean() - second.mean()), [mean_variance(first), mean_variance(second)], level=level
    )


def welch_from_summary(a: tuple[float, float, int], b: tuple[float, float, int], *, level: float = 0.95) -> Estimate:
    """Estimate ``a`` minus ``b`` from published (mean, standard deviation over runs, runs) of each."""
    parts = [(sd**2 / runs, float(runs - 1)) if runs > 1 else None for _, sd, runs in (a, b)]
    return from_variances(a[0] - b[0], parts, level=level)


def paired(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate mean of ``a - b``, where run i of both arms shares its seed and the order of its data.

    Raises:
        StatisticsError: the arms have not as many runs, or a score is not finite.
    """
    first, second = run_scores(a, where="a"), run_scores(b, where="b")
    if len(first) != len(second):
        hint = "leave out the seeds that only one arm has, or compare unpaired"
        raise StatisticsError(f"{len(first)} and {len(second)} runs cannot be paired", where="paired", hint=hint)
    difference = first - second
    return from_variances(float(difference.mean()), [mean_variance(difference)], level=level)


def mean(scores: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate the mean of an arm over its runs ``(runs,)``."""
    runs = run_scores(scores)
    return from_variances(float(np.mean(runs)), [mean_variance(runs)], level=level)


def from_variances(value: float, parts: list[tuple[float, float] | None], *, level: float) -> Estimate:
    """Put an interval around ``value`` from its (variance, df) parts; no interval if one of them is not known."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return t_estimate(value, None, None, level=level)
    return t_estimate(value, sum(variance for variance, _ in known), satterthwaite(known), level=level)
