"""All arms against the base on each metric: differences with their errors, and verdicts corrected for their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from evaluation.ablation.items import by_item
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import BITS, Ablation, higher_is_better
from evaluation.stats.compare import ArmScores, Comparison, compare
from evaluation.stats.verdict import Verdict, explore, verdicts


@dataclass(frozen=True)
class MetricFindings:
    """All arms on one metric.

    Attributes:
        metric: its name.
        primary: whether it decides.
        higher_is_better: whether more is better.
        means: arm to mean over its finished runs.
        comparisons: arms less the base, in the order of the file.
        verdicts: of the same arms: by Holm on the primary metric, by Benjamini and Hochberg over all others together.
        cpu_seconds: what it takes to measure, with all metrics of the same task or of held-out text: mean over runs.
    """

    metric: str
    primary: bool
    higher_is_better: bool
    means: dict[str, float]
    comparisons: tuple[Comparison, ...]
    verdicts: tuple[Verdict, ...]
    cpu_seconds: float | None


def compared(ablation: Ablation, name: str, whole: Mapping[tuple[str, int], RunScores]) -> tuple[Comparison, ...]:
    """Compare all arms with the base on a metric.

    Args:
        ablation: the file.
        name: of the metric.
        whole: (arm, seed) to what its finished run gave.

    Returns:
        One comparison an arm that has finished runs with the metric, in the order of the file.
    """
    primary = name == ablation.primary
    runs = {arm: _runs(arm, name, whole) for arm in ablation.all_arms}
    known = by_item(name, {arm: members for arm, members in runs.items() if members})
    by_arm = {
        arm: ArmScores(
            arm,
            [run.metrics[name] for run in members] if known is None else known[1][arm],
            [run.seed for run in members],
        )
        for arm, members in runs.items()
        if members
    }
    if "base" not in by_arm:
        return ()
    return tuple(
        compare(
            by_arm[arm],
            by_arm["base"],
            higher_is_better=higher_is_better(name),
            items=None if known is None else known[0],
            margin=ablation.margin if primary else None,
            alpha=ablation.alpha,
            comparisons=len(ablation.arms) if primary else 1,
        )
        for arm in ablation.arms
        if arm in by_arm
    )


def judged(
    ablation: Ablation,
    compared: Mapping[str, tuple[Comparison, ...]],
    whole: Mapping[tuple[str, int], RunScores],
) -> tuple[MetricFindings, ...]:
    """Give verdicts: by Holm on the primary metric, and on all other metrics and arms as one family.

    Args:
        ablation: the file.
        compared: metric to its comparisons.
        whole: (arm, seed) to what its finished run gave.

    Returns:
        One finding a metric, in the order given.
    """
    of_primary = verdicts(compared[ablation.primary], planned=len(ablation.arms), alpha=ablation.alpha)
    others = [comparison for name, those in compared.items() if name != ablation.primary for comparison in those]
    explored = iter(explore(others, alpha=ablation.alpha))
    found = []
    for name, those in compared.items():
        primary = name == ablation.primary
        values = {arm: [run.metrics[name] for run in _runs(arm, name, whole)] for arm in ablation.all_arms}
        found.append(
            MetricFindings(
                metric=name,
                primary=primary,
                higher_is_better=higher_is_better(name),
                means={arm: fmean(of_arm) for arm, of_arm in values.items() if of_arm},
                comparisons=those,
                verdicts=of_primary if primary else tuple(next(explored) for _ in those),
                cpu_seconds=_cpu_seconds(name, whole.values()),
            )
        )
    return tuple(found)


def _cpu_seconds(metric: str, runs: Iterable[RunScores]) -> float | None:
    """Return what a metric takes to measure, mean over runs."""
    if metric.startswith(BITS):
        found = [run.cost["heldout_cpu_seconds"] for run in runs if "heldout_cpu_seconds" in run.cost]
    else:
        task = metric.rpartition(".")[0]
        found = [run.task_seconds[task] for run in runs if task in run.task_seconds]
    return round(fmean(found), 2) if found else None


def _runs(arm: str, metric: str, whole: Mapping[tuple[str, int], RunScores]) -> list[RunScores]:
    """Return the runs of an arm that have a metric, in the order of their seeds."""
    return [run for (name, _), run in sorted(whole.items()) if name == arm and metric in run.metrics]
