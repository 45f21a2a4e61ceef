"""What a run's tasks gave: `curate evaluate` on its model, as metrics named after task and measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from evaluation.result import TaskResult


@dataclass
class TaskScores:
    """Scores of the tasks of one model.

    Attributes:
        metrics: ``TASK.METRIC`` to value: ``grounded.mirrored``, ``blimp.log_odds``, ``cola.mcc``.
        groups: ``TASK.GROUP`` to mean log-odds.
        floors: ``TASK.SCORER`` to what a scorer without a model gets.
        cpu_seconds: task to what it took.
        notes: tasks that gave no value, and why.
        again: a task failed: with the same data it may be done by another start.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    groups: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    again: bool = False

    def add(self, task: TaskResult) -> None:
        """Take in what a task gave."""
        name = task.task
        if task.status != "scored" or task.honest is None:
            self.notes.append(f"{name}: {task.status}: {task.reason}")
            self.again = self.again or task.status == "failed"
            return
        mirrored = task.details.get("mirrored", {}).get("accuracy")
        found = {"mirrored": mirrored, "log_odds": task.log_odds, task.metric: task.honest}
        self.metrics |= {f"{name}.{kind}": float(value) for kind, value in found.items() if value is not None}
        self.cpu_seconds[name] = task.cpu_seconds
        self.floors |= {f"{name}.{scorer}": value for scorer, value in task.floors.items()}
        self.groups |= {
            f"{name}.{group}": found.log_odds for group, found in task.groups.items() if found.log_odds is not None
        }


def evaluate_run(
    run: Path, out: Path, tasks: tuple[str, ...], *, data: Path | None, words_from: Path, limit: int | None
) -> TaskScores:
    """Evaluate a run's model; tasks that an earlier start finished are taken up.

    Args:
        run: folder of the training run.
        out: folder of the evaluation.
        tasks: names.
        data: folder of evaluation data, or the environment's.
        words_from: folder of the corpus whose words the grounded pairs are made of: the same for all arms.
        limit: items a paradigm.
    """
    from evaluation.evaluate import Options, evaluate  # noqa: PLC0415  (heavy)
    from evaluation.subject import Subject  # noqa: PLC0415
    from evaluation.suite import Suite  # noqa: PLC0415

    suite = Suite(name="ablation", title="ablation", source="the ablation file", tasks=tasks)
    options = Options(suite=suite, out=out, data=data, corpus=words_from, limit=limit)
    scores = TaskScores()
    for task in evaluate(Subject.open(str(run)), options).tasks:
        scores.add(task)
    return scores
