"""Two evaluations task by task: the difference on the same items, with the error that the items give it.

Items are paired, so what makes an item hard for both falls out. The error is over items only: with one training run a
side, what another seed would change is not known, and is usually larger (``evaluation/stats``; ``curate ablate`` trains
the seeds). What separates the two is computed from the corpora's digests and locks, never from names.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evaluation.compare.label import label
from evaluation.compare.pairs import Row, difference_of, pair
from evaluation.errors import DataError
from evaluation.result import ITEMS, RESULTS, Results, TaskResult, read_results
from evaluation.submission.imported import read_lm_eval


@dataclass(frozen=True)
class TaskDifference:
    """One task of both evaluations.

    Attributes:
        task: its name.
        metric: of the values, which are times 100.
        a: value of the first, ties shared, on the items that both have.
        b: of the second.
        difference: ``b`` less ``a``.
        stderr: of the difference, over items; None where it is not known.
        low: of the 95% interval.
        high: of the same.
        p: two-sided, of no difference on items like these.
        items: that are paired; 0 where they are not.
        note: why the error is what it is, and what a reader must know.
    """

    task: str
    metric: str
    a: float | None
    b: float | None
    difference: float | None
    stderr: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    items: int = 0
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """Both evaluations.

    Attributes:
        a: what the first scored: name, revision, backend, corpus.
        b: what the second did.
        label: what the artifacts say separates them, a line each.
        tasks: in the order of the first.
        notes: what holds for all.
    """

    a: dict[str, Any]
    b: dict[str, Any]
    label: tuple[str, ...]
    tasks: tuple[TaskDifference, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dataclasses.asdict(self)


def compare(a: Path, b: Path, *, tasks: Sequence[str] = ()) -> Comparison:
    """Compare two results folders: ours, or lm-eval's.

    Args:
        a: the first.
        b: the second, whose differences from the first are shown.
        tasks: only these; none is all that either has.

    Raises:
        DataError: a folder holds no results.
    """
    (first, rows_a), (second, rows_b) = _open(a), _open(b)
    names = [*dict.fromkeys(task.task for task in (*first.tasks, *second.tasks))]
    wanted = [name for name in names if not tasks or name in tasks]
    if not wanted:
        hint = f"they have {', '.join(names)}"
        raise DataError(f"neither has {', '.join(tasks)}", where="--tasks", hint=hint)
    found = tuple(
        _task(name, first.task(name), second.task(name), rows_a.get(name, []), rows_b.get(name, [])) for name in wanted
    )
    return Comparison(first.subject, second.subject, label(a, first, b, second), found, _notes(first, second))


def _open(path: Path) -> tuple[Results, dict[str, list[Row]]]:
    if path.is_dir() and (path / RESULTS).is_file() and (path / ITEMS).is_file():
        results, rows = read_results(path), pq.read_table(path / ITEMS).to_pylist()
    else:
        try:
            imported = read_lm_eval(path)
        except DataError as error:
            hint = "give a results folder (RUN/evaluation/SUITE/main/causal), or one of lm-eval with --log_samples"
            raise DataError(f"holds no evaluation: {error}", where=str(path), hint=hint) from error
        results, rows = imported.results, imported.rows
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row["task"], []).append(row)
    return results, by_task


def _task(
    name: str, a: TaskResult | None, b: TaskResult | None, rows_a: list[Row], rows_b: list[Row]
) -> TaskDifference:
    if a is None or b is None or a.status != "scored" or b.status != "scored":
        sides = (("A", a), ("B", b))
        lacking = [(side, task) for side, task in sides if task is None or task.status != "scored"]
        told = [f"{side}: {'not evaluated' if task is None else task.reason or task.status}" for side, task in lacking]
        first, second = (None if task is None else _value(task) for task in (a, b))
        known = a or b
        return TaskDifference(name, known.metric if known else "", first, second, None, note="; ".join(told))
    why = "its value is no mean over items"
    if a.metric == b.metric == "accuracy" and rows_a and rows_b:
        pairs, why = pair(rows_a, rows_b)
        if pairs:
            whole = len(pairs) == len(rows_a) == len(rows_b)
            note = "" if whole else f"the {len(pairs):,} items that both have, of {len(rows_a):,} and {len(rows_b):,}"
            (one, other), found, trouble = difference_of(pairs)
            return TaskDifference(
                task=name,
                metric=a.metric,
                a=one,
                b=other,
                difference=found.value,
                stderr=found.se,
                low=found.low,
                high=found.high,
                p=found.p,
                items=len(pairs),
                note="; ".join(filter(None, (note, trouble))),
            )
    return _unpaired(name, a, b, why)


def _unpaired(name: str, a: TaskResult, b: TaskResult, why: str) -> TaskDifference:
    values = _value(a), _value(b)
    difference = None if None in values else float(values[1] or 0.0) - float(values[0] or 0.0)
    known = a.stderr is not None and b.stderr is not None and difference is not None
    stderr = (float(a.stderr or 0) ** 2 + float(b.stderr or 0) ** 2) ** 0.5 if known else None
    note = f"not paired: {why}" + ("; the error is that of two separate sets of items, too large" if known else "")
    return TaskDifference(name, a.metric, *values, difference, stderr, note=note)


def _value(task: TaskResult) -> float | None:
    return task.value if task.honest is None else task.honest


def _notes(a: Results, b: Results) -> tuple[str, ...]:
    notes = ["the error is over items: what another training seed would change is not in it"]
    if a.suite.get("digest") != b.suite.get("digest"):
        notes.append(f"scored by {a.suite.get('name')} and {b.suite.get('name')}: values here have ties shared in both")
    return tuple(notes)
