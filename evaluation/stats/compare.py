"""One arm against the baseline on one metric: the difference, every part of its error, and which test was used and why.

The interval is of the total error where scores by item are given, else of the seeds' error; Welch's, or paired where a
correlation over shared seeds was measured. The p that verdicts rest on is the interval's own, and with 6 to 10 runs an
arm (10 to 17 if paired) the larger of that and the exact permutation test's: so a claim always has an interval that
excludes 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats import seed_error, total_error
from evaluation.stats.bayes import jzs_bayes_factor
from evaluation.stats.equivalence import Equivalence, equivalence
from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate
from evaluation.stats.item_error import Items
from evaluation.stats.pairing import Correlation, Pairing, choose_pairing, correlation
from evaluation.stats.permutation import (
    DECIDES_BELOW,
    DECIDES_FROM,
    Permutation,
    paired_permutation_test,
    permutation_test,
)
from evaluation.stats.power import PlannedComparison, minimum_detectable_difference
from evaluation.stats.scores import Floats, item_scores, run_scores

#: Below this many runs in an arm there are numbers, and no verdict.
LEAST_SEEDS = 3


@dataclass(frozen=True)
class ArmScores:
    """The scores of an arm's finished runs on one metric."""

    name: str
    scores: ArrayLike
    """``(runs,)``, or ``(runs, items)`` where the comparison is told of ``items``."""

    seeds: Sequence[int] = field(default=())
    """Of each run, where arms share seeds and data order; else empty."""


@dataclass(frozen=True)
class Comparison:
    """An arm less the baseline. All of it goes into JSON as it is."""

    arm: str
    baseline: str
    higher_is_better: bool
    scores_arm: tuple[float, ...]
    scores_baseline: tuple[float, ...]
    difference: Estimate
    """With the error that the verdict rests on: total where items are known, else over seeds."""

    seeds: Estimate
    """With the error over seeds alone."""

    seed_se: float | None
    item_se: float | None
    """Over items, paired by item; None where scores by item were not given."""

    pairing: Pairing
    permutation: Permutation | None
    p: float | None
    """Not corrected for several arms; None below ``LEAST_SEEDS`` or where runs do not vary."""

    p_from: str
    """Which test gave ``p``, or why there is none."""

    detectable: float | None
    """Difference that this many runs, with this spread, find with probability .8, in the company of other arms."""

    equivalence: Equivalence | None
    bayes_factor: float | None


def compare(
    arm: ArmScores,
    baseline: ArmScores,
    *,
    higher_is_better: bool,
    items: Items | None = None,
    earlier: Correlation | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    comparisons: int = 1,
) -> Comparison:
    """Compare an arm with the baseline.

    Args:
        arm: its scores.
        baseline: the baseline's scores, on the same metric and items.
        higher_is_better: False for bits per byte.
        items: paradigms and weights, where scores are by item.
        earlier: correlation over shared seeds from earlier runs; else it is measured on these.
        margin: largest difference that would not matter, for the equivalence test.
        alpha: intervals are of level ``1 - alpha``.
        comparisons: arms that share ``alpha``, for what is detectable.

    Raises:
        StatisticsError: scores are not finite, or do not have the shape that ``items`` asks for.
    """
    first, second = _aligned(arm, items), _aligned(baseline, items)
    runs_a, runs_b = _by_run(first, items), _by_run(second, items)
    least = min(len(runs_a), len(runs_b))
    unique = len(arm.seeds) > 0 and len(set(arm.seeds)) == len(arm.seeds)
    shared = unique and sorted(arm.seeds) == sorted(baseline.seeds)
    measured = earlier if earlier is not None or not shared else correlation([(runs_a, runs_b)])
    pairing = choose_pairing(measured, least, shared=shared)
    level = 1 - alpha
    item_se = floor = None
    if items is None:
        seeds = (seed_error.paired if pairing.paired else seed_error.welch)(runs_a, runs_b, level=level)
        difference, seed_se = seeds, seeds.se
    else:
        error = total_error.of_difference(first, second, items, paired=pairing.paired, level=level)
        difference, seeds, seed_se, item_se = error.total, error.seeds, error.seed_se, error.item_se
        floor = max(0.0, item_se**2 - (error.shared_se or 0.0) ** 2) ** 0.5
    exact = (paired_permutation_test if pairing.paired else permutation_test)(runs_a, runs_b)
    p, p_from = _deciding_p(difference, exact, least, pairing, by_item=items is not None)
    return Comparison(
        arm=arm.name,
        baseline=baseline.name,
        higher_is_better=higher_is_better,
        scores_arm=tuple(float(score) for score in runs_a),
        scores_baseline=tuple(float(score) for score in runs_b),
        difference=difference,
        seeds=seeds,
        seed_se=seed_se,
        item_se=item_se,
        pairing=pairing,
        permutation=exact,
        p=p,
        p_from=p_from,
        detectable=_detectable(runs_a, runs_b, pairing, floor or 0.0, alpha / comparisons),
        equivalence=None if margin is None or p is None else equivalence(difference, margin, alpha=alpha),
        bayes_factor=None if p is None else jzs_bayes_factor(runs_a, runs_b),
    )


def _aligned(arm: ArmScores, items: Items | None) -> Floats:
    scores = (
        run_scores(arm.scores, where=arm.name)
        if items is None
        else item_scores(arm.scores, len(items.weights), where=arm.name)
    )
    if not len(arm.seeds):
        return scores
    if len(arm.seeds) != len(scores):
        hint = "give one seed a run, or none"
        raise StatisticsError(f"{len(arm.seeds)} seeds for {len(scores)} runs", where=arm.name, hint=hint)
    ordered: Floats = scores[np.argsort(np.asarray(arm.seeds), kind="stable")]
    return ordered


def _by_run(scores: Floats, items: Items | None) -> Floats:
    by_run: Floats = scores if items is None else scores @ items.weights
    return by_run


def _deciding_p(
    difference: Estimate, exact: Permutation | None, least: int, pairing: Pairing, *, by_item: bool
) -> tuple[float | None, str]:
    if least < LEAST_SEEDS:
        return None, f"no test: {least} finished run(s) in an arm, and a verdict needs {LEAST_SEEDS}"
    if difference.p is None:
        return None, "no test: the scores do not vary from seed to seed, so their error is not known"
    name = f"{'paired' if pairing.paired else 'Welch'} t, {'seeds and items' if by_item else 'seeds'}"
    has_a_say = exact is not None and least >= DECIDES_FROM and exact.smallest_p < DECIDES_BELOW
    if exact is None or not has_a_say or exact.p <= difference.p:
        return difference.p, name
    return exact.p, "exact permutation of runs"


def _detectable(a: Floats, b: Floats, pairing: Pairing, item_se: float, alpha: float) -> float | None:
    spreads = [float(runs.std(ddof=1)) if len(runs) > 1 and np.ptp(runs) else 0.0 for runs in (a, b)]
    if min(len(a), len(b)) < 2 or not sum(spreads):
        return None
    r = pairing.correlation.r if pairing.paired and pairing.correlation is not None else None
    design = PlannedComparison(spreads[0], spreads[1], correlation=r, item_se=item_se, alpha=alpha)
    return minimum_detectable_difference(design, len(a), len(b))
