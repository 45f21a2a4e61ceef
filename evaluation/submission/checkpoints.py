"""Scores and surprisals over the checkpoints of a run, in the order that the official files list them.

Checkpoints are evaluated with the year's ``-fast`` suite (``curate evaluate RUN --suite babylm-2025-fast --checkpoints
all``). Their results are looked for beside the final model's, and in the folder of that suite.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from curation.core.exposure import MILLION, mark_name, marks
from evaluation.kinds.acquisition import surprisal_rows
from evaluation.result import RESULTS, Results, TaskResult, read_results
from evaluation.submission.years import AOA_ROWS, Part, Year

#: Checkpoints that strict-small asks for, and those of the other tracks.
SMALL = tuple(map(mark_name, marks(100 * MILLION)))
OTHERS = tuple(map(mark_name, marks()))


def expected(track: str | None, words_seen: int | None) -> tuple[str, ...]:
    """Return the checkpoints that are asked for: of the track, up to where the model was trained.

    Args:
        track: ``strict-small`` or another; None is told by the words seen.
        words_seen: by the final model, repeats counted; None where it is not known.
    """
    small = track == "strict-small" or (track is None and (words_seen or 0) <= 100 * MILLION)
    due = SMALL if small else OTHERS
    if words_seen is None:
        return due
    return tuple(name for name in due if int(name[5:-1]) * MILLION <= words_seen)


def found_checkpoints(folder: Path, year: Year, backend: str) -> dict[str, Path]:
    """Return the results folders of checkpoints that were scored on the fast sets, in the order of words seen."""
    found = {}
    for name in OTHERS:
        for base in (folder, folder.with_name(f"{year.name}-fast")):
            where = base / name / backend
            if (where / RESULTS).is_file() and read_results(where).suite.get("set") == "fast":
                found[name] = where
                break
    return found


def fast_scores(year: Year, found: dict[str, Path]) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the score lists, one entry a checkpoint up to the last one that was scored, and what is wrong with them.

    A checkpoint that lacks a task holds its place with null: the place in the list is what names the checkpoint.
    """
    listed: dict[str, list[Any]] = {part.key: [] for part in year.fast}
    problems = []
    last = max((OTHERS.index(name) for name in found), default=-1)
    for name in OTHERS[: last + 1]:
        results = read_results(found[name]) if name in found else None
        for part in year.fast:
            task = results.task(part.task) if results is not None else None
            score = None if task is None else _scores(part, task)
            listed[part.key].append(score)
            if results is not None and score is None:
                problems.append(f"fast_eval_results.{part.key}: {name} has no score: {_why(task)}")
            elif task is not None and task.data.cut:
                problems.append(f"fast_eval_results.{part.key}: {name}: {task.data.cut}")
    return listed, problems


def _scores(part: Part, task: TaskResult) -> dict[str, float] | None:
    """Return a task's scores as the official lists have them: shares of 1 by subtask, or correlations."""
    if task.status != "scored" or task.value is None:
        return None
    if part.kind == "share" or part.total:
        return {part.key: task.value / 100}
    if part.kind == "reading":
        return {short: task.groups[name].value / 100 for name, short in _READING.items() if name in task.groups}
    return {name.replace("/", "_"): group.value / 100 for name, group in task.groups.items()}


#: Our names of both reading scores, and the official ones.
_READING = {"self_paced_reading": "spr", "eye_tracking": "rt"}


def _why(task: TaskResult | None) -> str:
    return "it was not evaluated" if task is None else task.reason or task.status


def surprisals(results: Results) -> dict[str, Any] | None:
    """Return what ``surprisal.json`` holds: rows of the age-of-acquisition data over checkpoints; None without them."""
    task = results.task("aoa")
    found = task.details.get("surprisal") if task is not None else None
    if not isinstance(found, dict):
        return None
    rows = [
        {**row, "surprisal": None if math.isnan(row["surprisal"]) else row["surprisal"]}
        for row in surprisal_rows(found)
    ]
    counts = Counter(row["step"] for row in rows)
    return {
        "metadata": {
            "model_name": results.subject.get("name"),
            "use_bos_only": False,
            "total_steps": len(counts),
            "completed_steps": sum(many >= AOA_ROWS for many in counts.values()),
        },
        "results": rows,
    }


def aoa_score(results: Results) -> dict[str, float] | None:
    """Return what 2026's ``aoa_score.json`` holds: the correlation by that year's rule; None without one."""
    task = results.task("aoa")
    if task is None or task.status != "scored":
        return None
    value = task.details.get("rules", {}).get("2026", task.value)
    return None if value is None else {"aoa": value / 100}
