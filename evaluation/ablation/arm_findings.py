"""What is known of an arm beside its scores: its corpus and audit, its runs, their cost and their learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.ablation.arms import Arms, different
from evaluation.ablation.corpora import difference
from evaluation.ablation.events import ArmStopped
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation
from evaluation.stats.learning_curve import RibbonPoint, seed_ribbon


@dataclass(frozen=True)
class ArmFindings:
    """What is known of an arm.

    Attributes:
        about: what was done, in the file's words.
        differs: what the locks say differs from the base: computed, so that a label cannot be wrong.
        corpus: digest, words, documents of the first draw, and how many there are; empty where there is none.
        refused: why it takes no part: its corpus cannot be built, or breaks the rules; or nothing.
        seeds: of the finished runs.
        failed: seed to reason.
        stopped: why it was not trained to the end, or nothing.
        cost: sums over its runs.
        curve: ribbons over seeds by metric of held-out text, against words seen.
        flops: at the same points, mean over seeds.
        audit: verdict under the rules (where there are some), and held-out lines that its corpus holds.
        notes: tasks that gave no value, and why.
    """

    about: str
    differs: tuple[str, ...]
    corpus: dict[str, Any]
    refused: str
    seeds: tuple[int, ...]
    failed: dict[int, str]
    stopped: str
    cost: dict[str, float]
    curve: dict[str, tuple[RibbonPoint, ...]]
    flops: tuple[float, ...]
    audit: dict[str, Any] | None
    notes: tuple[str, ...] = ()


def arm_findings(
    ablation: Ablation,
    name: str,
    made: Arms,
    done: Mapping[tuple[str, int], RunScores],
    stopped: ArmStopped | None,
) -> ArmFindings:
    """Return what is known of an arm.

    Args:
        ablation: the file.
        name: of the arm.
        made: corpora, audits, and who takes no part.
        done: (arm, seed) to what its run gave, of all arms.
        stopped: how it lost a race, if it did.
    """
    runs = [run for (arm, _), run in sorted(done.items()) if arm == name]
    good = [run for run in runs if not run.failed]
    cost = {
        key: round(sum(run.cost.get(key, 0.0) for run in runs), 2)
        for key in (*("cpu_seconds", "heldout_cpu_seconds", "tasks_cpu_seconds", "seconds"), "flops", "words_seen")
    }
    arm, corpus, audit = ablation.all_arms[name], made.corpora.get(name), made.audits.get(name)
    differs = [] if name == "base" or corpus is None else difference(made.corpora["base"], corpus)
    facts: dict[str, Any] = {}
    if corpus is not None:
        facts = {key: getattr(corpus, key) for key in ("digest", "words", "documents")}
        facts["draws"] = different(made.draws, name)
    return ArmFindings(
        about=arm.about,
        differs=(*differs, *(f"recipe: {change}" for change in arm.recipe)),
        corpus=facts,
        refused=made.refused.get(name, ""),
        seeds=tuple(run.seed for run in good if run.reached >= 1.0),
        failed={run.seed: run.failed for run in runs if run.failed},
        stopped="" if stopped is None else f"at {stopped.rung:.0%} of the run: {stopped.why}",
        cost=cost,
        curve={metric: _ribbon(metric, good) for metric in ablation.text_metrics},
        flops=_flops(good),
        audit=None if audit is None else dict(audit),
        notes=tuple(dict.fromkeys(note for run in runs for note in run.notes)),
    )


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
