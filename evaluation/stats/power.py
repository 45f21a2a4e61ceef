"""What n seeds can detect: power of the two-sided t test, by the noncentral t (Cohen 1988, ch. 2; not by the normal).

At 3 seeds the normal understates the detectable difference by a third. Spread may differ by arm (degrees of freedom by
Satterthwaite); seeds may be paired; item error adds a floor that no number of seeds removes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import satterthwaite, t_quantile
from evaluation.stats.libraries import library

#: More seeds than anyone will train; above it the answer is None.
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class PlannedComparison:
    """What is known of a comparison before it is run. Standard deviations are over seeds, in the metric's unit."""

    sd_arm: float
    sd_baseline: float
    correlation: float | None = None
    """Over shared seeds, for a paired test; None for Welch's."""

    item_se: float = 0.0
    """Standard error of the difference over items, paired by item, as ``total_error`` has it."""

    alpha: float = 0.05
    comparisons: int = 1
    """Arms that share ``alpha``: each is tested at ``alpha / comparisons``, Holm's first and hardest step."""

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if min(self.sd_arm, self.sd_baseline) < 0 or self.sd_arm + self.sd_baseline <= 0 or self.item_se < 0:
            hint = "give standard deviations over seeds, not both 0; `evaluation.stats.measured` has defaults"
            message = f"standard deviations are {self.sd_arm} and {self.sd_baseline}, item error {self.item_se}"
            raise StatisticsError(message, where="power", hint=hint)
        if self.comparisons < 1 or not 0 < self.alpha < 1:
            message = f"alpha is {self.alpha}, comparisons {self.comparisons}"
            raise StatisticsError(message, where="power", hint="alpha lies between 0 and 1, comparisons from 1 on")
        if self.correlation is not None and not -1 <= self.correlation < 1:
            hint = "give a number from -1 to below 1, or None for an unpaired test"
            raise StatisticsError(f"correlation is {self.correlation}", where="power", hint=hint)

    def error(self, seeds_arm: int, seeds_baseline: int) -> tuple[float, float]:
        """Return (standard error of the difference, its degrees of freedom) with this many seeds.

        Raises:
            StatisticsError: fewer than 2 seeds in an arm, or unequal numbers of paired ones.
        """
        if min(seeds_arm, seeds_baseline) < 2:
            message = f"{seeds_arm} and {seeds_baseline} seeds"
            raise StatisticsError(
                message, where="power", hint="one run says nothing of its spread: plan 2 seeds or more"
            )
        if self.correlation is None:
            variances = [
                (self.sd_arm**2 / seeds_arm, seeds_arm - 1.0),
                (self.sd_baseline**2 / seeds_baseline, seeds_baseline - 1.0),
            ]
        elif seeds_arm == seeds_baseline:
            product = 2 * self.correlation * self.sd_arm * self.sd_baseline
            variances = [((self.sd_arm**2 + self.sd_baseline**2 - product) / seeds_arm, seeds_arm - 1.0)]
        else:
            message = f"{seeds_arm} and {seeds_baseline} seeds cannot be paired"
            raise StatisticsError(message, where="power", hint="give both arms the same seeds, or no correlation")
        # Items are many: their own degrees of freedom do not count.
        variance = sum(part for part, _ in variances) + self.item_se**2
        df = satterthwaite([*variances, (self.item_se**2, math.inf)])
        assert df is not None
        return math.sqrt(variance), df


def power(difference: float, planned: PlannedComparison, seeds: int, seeds_baseline: int | None = None) -> float:
    """Return the probability that a true ``difference`` comes out significant, in either direction.

    Args:
        difference: in the metric's unit.
        planned: spreads, alpha, number of comparisons.
        seeds: runs of the arm.
        seeds_baseline: runs of the baseline; as many as the arm's if left out.
    """
    se, df = planned.error(seeds, seeds if seeds_baseline is None else seeds_baseline)
    critical = t_quantile(1 - planned.alpha / planned.comparisons / 2, df)
    shift = abs(difference) / se
    if shift > 40 * (1 + critical):
        return 1.0
    nct = library("scipy.stats").nct
    # The lower tail by symmetry: nct.cdf(-critical, df, shift) is NaN at many shifts above 5 (scipy 1.17).
    return float(min(1.0, nct.sf(critical, df, shift) + nct.sf(critical, df, -shift)))


def minimum_detectable_difference(
    planned: PlannedComparison, seeds: int, seeds_baseline: int | None = None, *, wanted: float = 0.8
) -> float:
    """Return the smallest true difference that is found with probability ``wanted``.

    Raises:
        StatisticsError: ``wanted`` is not between alpha and 1.
    """
    if not planned.alpha / planned.comparisons < wanted < 1:
        hint = "give a number above alpha and below 1, such as 0.8"
        raise StatisticsError(f"power wanted is {wanted}", where="power", hint=hint)
    se, _ = planned.error(seeds, seeds if seeds_baseline is None else seeds_baseline)
    high = se
    while power(high, planned, seeds, seeds_baseline) < wanted:
        high *= 2
    root = library("scipy.optimize").brentq(
        lambda size: power(size, planned, seeds, seeds_baseline) - wanted, 0.0, high, xtol=1e-6 * high
    )
    return float(root)


def seeds_needed(difference: float, planned: PlannedComparison, *, wanted: float = 0.8) -> int | None:
    """Return how many seeds an arm find a true ``difference`` with probability ``wanted``.

    Returns:
        None where no number up to ``MOST_SEEDS`` does: the difference is 0, or below what item error allows.
    """
    if power(difference, planned, MOST_SEEDS) < wanted:
        return None
    low, high = 1, 2
    while power(difference, planned, high) < wanted:
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if power(difference, planned, middle) < wanted else (low, middle)
    return high


def sd_interval(sd: float, df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a true standard deviation of which ``sd`` was measured with ``df`` degrees of freedom.

    From 3 runs it goes from .52 to 6.3 times ``sd``: read no effect size off one lucky arm.
    """
    quantile = library("scipy.special").chdtri
    tail = (1 - level) / 2
    return sd * math.sqrt(df / float(quantile(df, tail))), sd * math.sqrt(df / float(quantile(df, 1 - tail)))
