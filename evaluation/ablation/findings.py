"""From runs to findings: every arm against the base on every metric, one verdict an arm, and one sentence for all."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from evaluation.ablation.arm_findings import ArmFindings, arm_findings
from evaluation.ablation.arms import Arms
from evaluation.ablation.events import ArmStopped
from evaluation.ablation.metric_findings import MetricFindings, compared, judged
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation
from evaluation.stats.compare import LEAST_SEEDS, Comparison
from evaluation.stats.racing import RaceDecision
from evaluation.stats.verdict import Verdict

VERSION = 2
#: Characters of a reason in the sentence; the report has it whole.
MOST = 200


@dataclass(frozen=True)
class Findings:
    """The report, as data."""

    version: int
    name: str
    question: str
    sentence: str
    """The verdict in one sentence."""
    due: int
    """Runs that are to be done: of the arms that take part and were not stopped."""
    ended: int
    """Those of them that are done or have failed."""
    ablation: dict[str, Any]
    file: str
    arms: dict[str, ArmFindings]
    metrics: tuple[MetricFindings, ...]
    groups: tuple[dict[str, Any], ...]
    """Exploratory: each paradigm's mean log-odds by arm, and its difference from the base."""
    floors: dict[str, float]
    races: tuple[dict[str, Any], ...]
    runs: tuple[dict[str, Any], ...]
    versions: dict[str, str]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return what ``ablation.json`` holds."""
        return dataclasses.asdict(self)


def findings(
    ablation: Ablation,
    file: Path,
    made: Arms,
    done: Mapping[tuple[str, int], RunScores],
    *,
    stopped: Mapping[str, ArmStopped],
    decisions: Sequence[tuple[float, tuple[RaceDecision, ...]]],
    seconds: float,
) -> Findings:
    """Compare all arms with the base.

    Args:
        ablation: the file.
        file: where it lies.
        made: corpora and audits of the arms that take part, and why others do not.
        done: (arm, seed) to what its run gave.
        stopped: arms that lost a race.
        decisions: of the races, by rung.
        seconds: that this start of the ablation took.
    """
    whole = {key: run for key, run in done.items() if not run.failed and run.reached >= 1.0}
    measured = {name for run in whole.values() for name in run.metrics}
    order = [
        ablation.primary,
        *ablation.text_metrics,
        *ablation.area_metrics,
        *ablation.task_metrics,
        *sorted(measured),
    ]
    names = [name for name in dict.fromkeys(order) if name == ablation.primary or name in measured]
    arms = {name: arm_findings(ablation, name, made, done, stopped.get(name)) for name in ablation.all_arms}
    metrics = judged(ablation, {name: compared(ablation, name, whole) for name in names}, whole)
    racing = [arm for name, arm in arms.items() if not arm.refused and name not in stopped]
    due, ended = len(racing) * len(ablation.seed_list), sum(len(arm.seeds) + len(arm.failed) for arm in racing)
    return Findings(
        version=VERSION,
        name=ablation.name,
        question=ablation.question,
        sentence=sentence(metrics[0], arms, stopped, seeds=len(ablation.seed_list), due=due, ended=ended),
        due=due,
        ended=ended,
        ablation=ablation.model_dump(mode="json"),
        file=file.name,
        arms=arms,
        metrics=metrics,
        groups=_groups(ablation, whole),
        floors=next((run.floors for run in whole.values() if run.floors), {}),
        races=tuple({"rung": rung, "decisions": [dataclasses.asdict(d) for d in judged]} for rung, judged in decisions),
        runs=tuple(dataclasses.asdict(run) for _, run in sorted(done.items())),
        versions=_versions(),
        seconds=round(seconds, 1),
    )


def _groups(ablation: Ablation, whole: Mapping[tuple[str, int], RunScores]) -> tuple[dict[str, Any], ...]:
    names = list(dict.fromkeys(name for run in whole.values() for name in run.groups))
    found = []
    for name in names:
        means = {}
        for arm in ablation.all_arms:
            values = [run.groups[name] for (a, _), run in sorted(whole.items()) if a == arm and name in run.groups]
            if values:
                means[arm] = sum(values) / len(values)
        found.append({"group": name, "means": means})
    return tuple(found)


def sentence(
    primary: MetricFindings,
    arms: Mapping[str, ArmFindings],
    stopped: Mapping[str, ArmStopped],
    *,
    seeds: int,
    due: int,
    ended: int,
) -> str:
    """Return the verdict in one sentence, with all that is missing from it.

    Args:
        primary: the metric that decides.
        arms: the base and all others.
        stopped: those that lost a race.
        seeds: runs of an arm.
        due: runs that are to be done.
        ended: those of them that are done or have failed.
    """
    begun = f"Interim, {ended} of {due} runs: " if ended < due else ""
    lost = [f"{one.arm} was stopped at {one.rung:.0%}, clearly worse than {one.leader}" for one in stopped.values()]
    known = {comparison.arm: len(comparison.scores_arm) for comparison in primary.comparisons}
    for name, arm in arms.items():
        if arm.refused:
            lost.append(f"{name} took no part: {' '.join(arm.refused.split())[:MOST]}")
        if arm.failed:
            lost.append(f"{len(arm.failed)} of {seeds} runs of {name} failed")
        without = len(arm.seeds) - known.get(name, 0)
        if primary.comparisons and name != "base" and without > 0:
            lost.append(f"{without} of {seeds} runs of {name} have no {primary.metric} ({'; '.join(arm.notes)[:MOST]})")
    if not primary.comparisons:
        notes = dict.fromkeys(note for arm in arms.values() for note in arm.notes)
        return f"{begun}{'; '.join([f'no arm can be compared with the base on {primary.metric}', *notes, *lost])}."
    said = [_said(*pair) for pair in zip(primary.comparisons, primary.verdicts, strict=True)]
    most = max(min(len(c.scores_arm), len(c.scores_baseline)) for c in primary.comparisons)
    if most < LEAST_SEEDS:
        few = f"{most} finished run(s) in an arm, and a verdict needs {LEAST_SEEDS}; the numbers are below"
        return f"{begun}No verdict: {'; '.join([few, *lost])}."
    return f"{begun}On {primary.metric}: {'; '.join([*said, *lost])}."


def _said(comparison: Comparison, verdict: Verdict) -> str:
    change = comparison.difference
    size = f"{change.value:+.3f}"
    if change.low is not None and change.high is not None:
        size += f" [{change.low:+.3f}, {change.high:+.3f}]"
    p = "" if verdict.p is None else f", corrected p {verdict.p:.2g}"
    words = {
        "better": f"{verdict.arm} helps",
        "worse": f"{verdict.arm} hurts",
        "equivalent": f"{verdict.arm} makes no difference that matters",
        "undecided": f"{verdict.arm} is undecided",
        "none": f"{verdict.arm} has no verdict",
    }[verdict.finding]
    return f"{words} ({size}{p})"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("curate-corpora", "torch", "numpy", "scipy", "statsmodels", "tokenizers"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
