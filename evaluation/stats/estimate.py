"""A value with its standard error and its t interval: what every function here returns."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.stats.errors import StatisticsError
from evaluation.stats.libraries import library


@dataclass(frozen=True)
class Estimate:
    """A value and its error. Where the error is not known (one run, or runs that do not vary) all else is None."""

    value: float
    se: float | None
    """Standard error, in the unit of ``value``."""

    df: float | None
    """Degrees of freedom of ``se`` (Satterthwaite where it has several parts)."""

    low: float | None
    high: float | None
    p: float | None
    """Two-sided p of the hypothesis that the true value is 0."""

    level: float = 0.95
    """Of the interval from ``low`` to ``high``."""


def t_estimate(value: float, variance: float | None, df: float | None, *, level: float = 0.95) -> Estimate:
    """Put a t interval around ``value``.

    Args:
        value: the estimate.
        variance: square of its standard error; None or 0 where nothing is known of it.
        df: degrees of freedom of ``variance``.
        level: of the interval, between 0 and 1.

    Raises:
        StatisticsError: ``level`` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise StatisticsError(f"level is {level}", where="level", hint="give a number between 0 and 1, such as 0.95")
    if variance is None or df is None or variance <= 0 or df <= 0:
        return Estimate(float(value), None, None, None, None, None, level)
    se = float(variance) ** 0.5
    reach = t_quantile(0.5 + level / 2, df) * se
    p = 2 * t_tail(abs(value) / se, df)
    return Estimate(float(value), se, float(df), float(value - reach), float(value + reach), p, level)


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t."""
    return float(library("scipy.special").stdtrit(df, probability))


def t_tail(t: float, df: float) -> float:
    """Return the probability that Student's t is above ``t``."""
    return float(library("scipy.special").stdtr(df, -t))


def satterthwaite(parts: list[tuple[float, float]]) -> float | None:
    """Return the degrees of freedom of a sum of variances, each given with its own (Satterthwaite 1946)."""
    total = sum(variance for variance, _ in parts)
    spread = sum(variance**2 / df for variance, df in parts if variance)
    return total**2 / spread if spread > 0 else None
