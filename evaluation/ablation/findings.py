"""From runs to findings: every arm against the base on every metric, one verdict an arm, and one sentence for all."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from evaluation.ablation.corpora import ArmCorpus, difference
from evaluation.ablation.events import ArmStopped
from evaluation.ablation.items import by_item
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation, higher_is_better
from evaluation.stats.compare import LEAST_SEEDS, ArmScores, Comparison, compare
from evaluation.stats.learning_curve import RibbonPoint, curve_area, seed_ribbon
from evaluation.stats.racing import RaceDecision
from evaluation.stats.verdict import Verdict, explore, verdicts

VERSION = 1


@dataclass(frozen=True)
class MetricFindings:
    """All arms on one metric.

    Attributes:
        metric: its name.
        primary: whether it decides.
        higher_is_better: whether more is better.
        means: arm to mean over its finished runs.
        comparisons: arms less the base, in the order of the file.
        verdicts: of the same arms: by Holm on the primary metric, by Benjamini and Hochberg (exploratory) on others.
    """

    metric: str
    primary: bool
    higher_is_better: bool
    means: dict[str, float]
    comparisons: tuple[Comparison, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class ArmFindings:
    """What is known of an arm.

    Attributes:
        about: what was done, in the file's words.
        differs: what the locks say differs from the base: computed, so that a label cannot be wrong.
        corpus: digest, words, documents.
        seeds: of the finished runs.
        failed: seed to reason.
        stopped: why it was not trained to the end, or nothing.
        cost: sums over its runs.
        area: area under the learning curve of the primary metric, by seed, against the logarithm of words.
        curve: ribbons over seeds by metric of held-out text, against words seen.
        flops: at the same points, mean over seeds.
        audit: verdict under the rules (where there are some), and held-out lines that its corpus holds.
        notes: tasks that gave no value, and why.
    """

    about: str
    differs: tuple[str, ...]
    corpus: dict[str, Any]
    seeds: tuple[int, ...]
    failed: dict[int, str]
    stopped: str
    cost: dict[str, float]
    area: tuple[float, ...]
    curve: dict[str, tuple[RibbonPoint, ...]]
    flops: tuple[float, ...]
    audit: dict[str, Any] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """The report, as data."""

    version: int
    name: str
    question: str
    sentence: str
    """The verdict in one sentence."""
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
    corpora: Mapping[str, ArmCorpus],
    done: Mapping[tuple[str, int], RunScores],
    *,
    audits: Mapping[str, Mapping[str, Any]],
    stopped: Mapping[str, ArmStopped],
    decisions: Sequence[tuple[float, tuple[RaceDecision, ...]]],
    seconds: float,
) -> Findings:
    """Compare all arms with the base.

    Args:
        ablation: the file.
        file: where it lies.
        corpora: of the arms.
        done: (arm, seed) to what its run gave.
        audits: arm to verdict.
        stopped: arms that lost a race.
        decisions: of the races, by rung.
        seconds: that this start of the ablation took.
    """
    whole = {key: run for key, run in done.items() if not run.failed and run.reached >= 1.0}
    names = list(dict.fromkeys(name for run in whole.values() for name in run.metrics))
    names = [ablation.primary, *(name for name in names if name != ablation.primary)]
    metrics = tuple(_metric(ablation, name, whole) for name in names)
    arms = {
        name: _arm(ablation, name, corpora, done, audits.get(name), stopped.get(name)) for name in ablation.all_arms
    }
    return Findings(
        version=VERSION,
        name=ablation.name,
        question=ablation.question,
        sentence=sentence(metrics[0], stopped, [name for name, arm in arms.items() if arm.failed and not arm.seeds]),
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


def _metric(ablation: Ablation, name: str, whole: Mapping[tuple[str, int], RunScores]) -> MetricFindings:
    runs = {arm: _runs(arm, name, whole) for arm in ablation.all_arms}
    known = by_item(name, {arm: members for arm, members in runs.items() if members})
    items = None if known is None else known[0]
    by_arm = {
        arm: ArmScores(
            arm,
            [run.metrics[name] for run in members] if known is None or not members else known[1][arm],
            [run.seed for run in members],
        )
        for arm, members in runs.items()
    }
    values: dict[str, list[float]] = {arm: [] for arm in by_arm}
    for (arm, _), run in whole.items():
        if name in run.metrics:
            values[arm].append(run.metrics[name])
    better = higher_is_better(name)
    base = by_arm["base"]
    comparisons = tuple(
        compare(
            by_arm[arm],
            base,
            higher_is_better=better,
            items=items,
            margin=ablation.margin if name == ablation.primary else None,
            alpha=ablation.alpha,
        )
        for arm in ablation.arms
        if len(by_arm[arm].seeds) and len(base.seeds)
    )
    judge = verdicts if name == ablation.primary else explore
    means = {arm: sum(of_arm) / len(of_arm) for arm, of_arm in values.items() if of_arm}
    return MetricFindings(
        name, name == ablation.primary, better, means, comparisons, judge(comparisons, alpha=ablation.alpha)
    )


def _runs(arm: str, metric: str, whole: Mapping[tuple[str, int], RunScores]) -> list[RunScores]:
    """Return the runs of an arm that have a metric, in the order of their seeds."""
    return [run for (name, _), run in sorted(whole.items()) if name == arm and metric in run.metrics]


def _arm(
    ablation: Ablation,
    name: str,
    corpora: Mapping[str, ArmCorpus],
    done: Mapping[tuple[str, int], RunScores],
    audit: Mapping[str, Any] | None,
    stopped: ArmStopped | None,
) -> ArmFindings:
    runs = [run for (arm, _), run in sorted(done.items()) if arm == name]
    good = [run for run in runs if not run.failed]
    cost = {
        key: round(sum(run.cost.get(key, 0.0) for run in runs), 2)
        for key in (*("cpu_seconds", "heldout_cpu_seconds", "tasks_cpu_seconds", "seconds"), "flops", "words_seen")
    }
    arm, corpus = ablation.all_arms[name], corpora[name]
    differs = [] if name == "base" else difference(corpora["base"], corpus)
    return ArmFindings(
        about=arm.about,
        differs=(*differs, *(f"recipe: {change}" for change in arm.recipe)),
        corpus={"digest": corpus.digest, "words": corpus.words, "documents": corpus.documents},
        seeds=tuple(run.seed for run in good if run.reached >= 1.0),
        failed={run.seed: run.failed for run in runs if run.failed},
        stopped="" if stopped is None else f"at {stopped.rung:.0%} of the run: {stopped.why}",
        cost=cost,
        area=_areas(ablation.primary, good),
        curve={metric: _ribbon(metric, good) for metric in ablation.text_metrics},
        flops=_flops(good),
        audit=None if audit is None else dict(audit),
        notes=tuple(dict.fromkeys(note for run in runs for note in run.notes)),
    )


def _areas(metric: str, runs: Sequence[RunScores]) -> tuple[float, ...]:
    found = []
    for run in runs:
        points = [(point["words"], point[metric]) for point in run.curve if metric in point]
        if len(points) > 1 and run.reached >= 1.0:
            words, values = zip(*points, strict=True)
            found.append(float(curve_area(words, [values])[0]))
    return tuple(found)


def _ribbon(metric: str, runs: Sequence[RunScores]) -> tuple[RibbonPoint, ...]:
    """Return the mean curve of an arm's whole runs: they are measured at the same steps."""
    curves = [[(p["words"], p[metric]) for p in run.curve if metric in p] for run in runs if run.reached >= 1.0]
    curves = [curve for curve in curves if curve]
    if not curves:
        return ()
    least = min(map(len, curves))
    if least < 2:
        return ()
    words = [float(sum(curve[at][0] for curve in curves)) / len(curves) for at in range(least)]
    return seed_ribbon(words, [[value for _, value in curve[:least]] for curve in curves])


def _flops(runs: Sequence[RunScores]) -> tuple[float, ...]:
    """Return the FLOPs at each point of the curves, mean over the whole runs."""
    curves = [[point["flops"] for point in run.curve if point.get("flops")] for run in runs if run.reached >= 1.0]
    least = min(map(len, curves), default=0)
    return tuple(sum(curve[at] for curve in curves) / len(curves) for at in range(least))


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


def sentence(primary: MetricFindings, stopped: Mapping[str, ArmStopped], failed: Sequence[str] = ()) -> str:
    """Return the verdict in one sentence."""
    lost = [f"{name} was stopped as clearly worse" for name in stopped]
    lost += [f"{name} failed in every seed" for name in failed]
    if not primary.comparisons:
        return f"On {primary.metric}: {'; '.join(lost)}." if lost else "No arm has finished runs to compare."
    seeds = max(min(len(c.scores_arm), len(c.scores_baseline)) for c in primary.comparisons)
    if seeds < LEAST_SEEDS:
        return (
            f"No verdict: {seeds} finished run(s) in an arm, and a verdict needs {LEAST_SEEDS}; the numbers are below."
        )
    said = []
    for comparison, verdict in zip(primary.comparisons, primary.verdicts, strict=True):
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
        said.append(f"{words} ({size}{p})")
    return f"On {primary.metric}: {'; '.join([*said, *lost])}."


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("curate-corpora", "torch", "numpy", "scipy", "statsmodels", "tokenizers"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
