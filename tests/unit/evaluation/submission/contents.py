"""A valid prediction file of each year, made from its schema alone, and small evaluations to write one from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evaluation.result import Results, TaskResult, items_table, write_results
from evaluation.submission.checkpoints import SMALL
from evaluation.submission.years import AOA_ROWS, Part, Year
from evaluation.suite import load_suite


def valid(year: Year, rows: int = AOA_ROWS) -> dict[str, Any]:
    """Return content that has what the year asks of strict-small; ``rows`` of surprisals at a checkpoint."""
    content: dict[str, Any] = {}
    for part in year.parts:
        if part.kind == "surprisal":
            content[part.key] = surprisals(rows=rows)
            continue
        names = {f"{number}_eng": 1 for number in range(part.total)} or part.sizes
        for name, size in names.items():
            made = [_row(part, name, number) for number in range(size or 3)]
            content.setdefault(part.key, {})[name] = {"predictions": made}
    if year.fast:
        content["fast_eval_results"] = {part.key: [_scores(part) for _ in SMALL] for part in year.fast}
    if year.number == 2026:
        content["aoa"] = {"aoa": 0.1}
    return content


def _row(part: Part, name: str, number: int) -> dict[str, Any]:
    if part.kind == "reading":
        return {"id": number, "pred": 3.5, "prev_pred": 2.5 if number else None}
    made: dict[str, Any] = {"id": f"{name}_{number}", "pred": 1 if part.kind == "label" else "A text."}
    return made | ({"prob": 0.5} if part.kind == "share" else {})


def _scores(part: Part) -> dict[str, float]:
    names = ["spr", "rt"] if part.kind == "reading" else [part.key] if part.total else [*part.sizes]
    return dict.fromkeys(names, 0.5)


def surprisals(steps: Iterable[str] = SMALL, rows: int = AOA_ROWS) -> dict[str, Any]:
    """Return rows over checkpoints."""
    row = {"word_count": 1, "target_word": "dog", "context_id": 0, "context": "the", "surprisal": 2.5}
    return {"metadata": {}, "results": [{"step": step, **row} for step in steps for _ in range(rows)]}


def row(task: str, uid: str, answer: str = "yes", **changes: Any) -> dict[str, Any]:
    """Return an item's row as evaluation leaves it: the first of two options wins."""
    made = {"task": task, "group": uid.rpartition("_")[0], "uid": uid, "gold": 0, "chosen": 0, "answer": answer}
    return {**made, "credit": 1.0, "tied": False, "scores": [-1.0, -2.0], **changes}


def scored(task: str, **changes: Any) -> TaskResult:
    """Return a task's result."""
    about = {"task": task, "title": task, "status": "scored", "metric": "accuracy", "value": 60.0, "honest": 60.0}
    return TaskResult.model_validate(about | changes)


def folder_of(
    where: Path,
    suite: str,
    tasks: Iterable[TaskResult],
    rows: Iterable[Mapping[str, Any]],
    *,
    facts: Mapping[str, Any] | None = None,
    **subject: Any,
) -> Path:
    """Write a results folder."""
    chosen = load_suite(suite)
    about = {"name": "toy", "backend": "causal", "revision": None, "words_seen": None, "digest": "d", "corpus": None}
    told = {"name": suite, "set": chosen.set, "digest": chosen.digest, "rules": chosen.rules.model_dump(mode="json")}
    results = Results(
        suite={**told, "limit": None, "seed": 0, **(facts or {})}, subject={**about, **subject}, tasks=tuple(tasks)
    )
    write_results(where, results, items_table(list(rows)))
    return where
