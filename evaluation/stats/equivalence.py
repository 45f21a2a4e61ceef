"""Equivalence by two one-sided tests (TOST; Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657).

"Not significant" is not "no difference". With a margin that is named before the run, no difference can be a finding:
both "lower than -margin" and "higher than +margin" must be refuted.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate, t_quantile, t_tail


@dataclass(frozen=True)
class Equivalence:
    """Whether a difference is shown to be smaller than a margin."""

    margin: float
    p: float
    """The larger p of the two one-sided tests."""

    low: float
    high: float
    """The interval of level ``1 - 2 * alpha``: inside the margins exactly if ``p < alpha``."""

    alpha: float


def equivalence(difference: Estimate, margin: float, *, alpha: float = 0.05) -> Equivalence | None:
    """Test that the true difference is between ``-margin`` and ``margin``.

    Returns:
        None where the error of the difference is not known.

    Raises:
        StatisticsError: the margin is not above 0.
    """
    if not margin > 0:
        hint = "name the largest difference that would not matter, in the metric's unit"
        raise StatisticsError(f"margin is {margin}", where="margin", hint=hint)
    if difference.se is None or difference.df is None:
        return None
    p = max(
        t_tail((difference.value + margin) / difference.se, difference.df),
        t_tail((margin - difference.value) / difference.se, difference.df),
    )
    reach = t_quantile(1 - alpha, difference.df) * difference.se
    return Equivalence(margin, p, difference.value - reach, difference.value + reach, alpha)
