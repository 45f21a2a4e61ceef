"""What a planned ablation can detect, metric by metric, said before a minute is spent on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.compare import LEAST_SEEDS
from evaluation.stats.measured import Spread, pooled
from evaluation.stats.power import PlannedComparison, minimum_detectable_difference, power, sd_interval, seeds_needed
from evaluation.stats.scores import run_scores


@dataclass(frozen=True)
class MetricPlan:
    """What ``seeds`` runs an arm can tell about one metric."""

    metric: str
    seeds: int
    spread: Spread
    spread_low: float
    spread_high: float
    """95% interval of the true spread over seeds: what is known of it is itself a measurement."""

    item_se: float
    verdict_possible: bool
    """At least 3 seeds."""

    detectable: float | None
    """Difference found with the wanted probability; None for a single seed."""

    detectable_low: float | None
    detectable_high: float | None
    """The same at the ends of the spread's interval."""

    of_interest: float
    power: float | None
    """Of finding a true difference of ``of_interest``."""

    seeds_needed: int | None
    """To find ``of_interest`` with the wanted probability; None where item error alone hides it."""


def plan_metric(
    spread: Spread,
    seeds: int,
    of_interest: float,
    *,
    item_se: float = 0.0,
    comparisons: int = 1,
    alpha: float = 0.05,
    wanted: float = 0.8,
) -> MetricPlan:
    """Say what ``seeds`` runs an arm can detect with this spread.

    Args:
        spread: over seeds, from ``measured_spread`` or ``spread_of_runs``.
        seeds: runs an arm, the baseline's too.
        of_interest: a difference that would matter, such as 1 point.
        item_se: standard error over items of a difference, paired by item.
        comparisons: arms besides the baseline, which Holm corrects for.
        alpha: of the family of arms.
        wanted: probability with which a difference is to be found.
    """

    def design(sd: float) -> PlannedComparison:
        return PlannedComparison(sd, sd, item_se=item_se, alpha=alpha, comparisons=comparisons)

    low, high = sd_interval(spread.sd, spread.df)
    told = seeds > 1
    known = design(spread.sd)
    return MetricPlan(
        metric=spread.metric,
        seeds=seeds,
        spread=spread,
        spread_low=low,
        spread_high=high,
        item_se=item_se,
        verdict_possible=seeds >= LEAST_SEEDS,
        detectable=minimum_detectable_difference(known, seeds, wanted=wanted) if told else None,
        detectable_low=minimum_detectable_difference(design(low), seeds, wanted=wanted) if told else None,
        detectable_high=minimum_detectable_difference(design(high), seeds, wanted=wanted) if told else None,
        of_interest=of_interest,
        power=power(of_interest, known, seeds) if told else None,
        seeds_needed=seeds_needed(of_interest, known, wanted=wanted),
    )


def spread_of_runs(metric: str, arms: Mapping[str, ArrayLike] | Sequence[ArrayLike], source: str) -> Spread:
    """Pool the spread over seeds of earlier arms, each ``(runs,)``: what a run database knows.

    Raises:
        StatisticsError: no arm has two runs, or a score is not finite.
    """
    values = arms.values() if isinstance(arms, Mapping) else arms
    runs = [run_scores(scores, where=source) for scores in values]
    return pooled(metric, [(float(np.std(r, ddof=1)) if len(r) > 1 else 0.0, len(r)) for r in runs], source)
