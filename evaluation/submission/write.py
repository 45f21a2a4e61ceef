"""``curate evaluate --submission``: the year's prediction file, its form, and all that keeps it from being valid."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.artifact import atomic_file, write_text
from curation.core.errors import Problem
from curation.core.events import Event, Warned, ignore
from evaluation.data import Data
from evaluation.result import Results, read_results
from evaluation.submission.checkpoints import aoa_score, expected, fast_scores, found_checkpoints, surprisals
from evaluation.submission.form import form_of
from evaluation.submission.predictions import otherwise_drawn, predictions, read_items
from evaluation.submission.validate import problems_of
from evaluation.submission.years import Part, Year, year_of
from evaluation.task import Rules

FORM = "form.json"
PROBLEMS = "problems.txt"
#: Problems that are told one by one; the file has them all.
TOLD = 12


@dataclass(frozen=True)
class Built:
    """A prediction file before it is written.

    Attributes:
        content: as the year's JSON has it.
        notes: what is missing or unlike the year's rules, a line each.
        results: what it was built from.
    """

    content: dict[str, Any]
    notes: tuple[str, ...]
    results: Results


def write_submission(
    name: str,
    folder: Path,
    where: Path,
    *,
    track: str | None = None,
    data: Path | None = None,
    listen: Callable[[Event], None] = ignore,
) -> Path:
    """Write a year's prediction file from an evaluation, with ``form.json`` and ``problems.txt`` beside it.

    The file is validated once it stands. What is missing is left out or null, as the year writes gaps, and never 0.

    Args:
        name: ``babylm-2023`` to ``babylm-2026``.
        folder: of the suite's evaluation; checkpoints are looked for in it and in the ``-fast`` suite's folder.
        where: results folder of the model to submit.
        track: ``strict-small``, ``strict``, …; None is told by the words seen.
        data: official evaluation data, to check answers against; None is the environment's, if there.
        listen: is told each problem.

    Returns:
        The prediction file.

    Raises:
        SuiteError: there is no such year.
        DataError: ``where`` holds no results.
        OutputError: the file cannot be written.
    """
    year = year_of(name)
    built = build(year, folder, where, track=track)
    backend = str(built.results.subject.get("backend"))
    out = where / f"submission-{year.number}"
    path = out / file_name(year, backend)
    _write(path, year, built.content)
    checked = problems_of(built.content, year, Data(data), track, built.results.subject.get("words_seen"))
    found = [*built.notes, *(str(problem) for problem in checked if not _told(problem, built.notes))]
    write_text(out / FORM, json.dumps(form_of(built.results, where, track=track), indent=1, ensure_ascii=False) + "\n")
    head = f"{len(found)} problems" if found else "no problems: the file has what the year's schema asks"
    write_text(out / PROBLEMS, "\n".join([head, *found]) + "\n")
    for problem in found[:TOLD]:
        listen(Warned(f"submission: {problem}"))
    if len(found) > TOLD:
        listen(Warned(f"submission: {len(found) - TOLD:,} problems more, see {out / PROBLEMS}"))
    return path


def build(year: Year, folder: Path, where: Path, *, track: str | None = None) -> Built:
    """Return what a year's file holds, and what it lacks.

    Raises:
        DataError: ``where`` holds no results.
    """
    results, items = read_results(where), read_items(where)
    backend = str(results.subject.get("backend"))
    content: dict[str, Any] = {}
    notes = _against_rules(year, results)
    for part in year.parts:
        if part.kind == "surprisal":
            continue
        rows = items.get(part.task, [])
        found = predictions(part, rows, results)
        if found is None:
            notes.append(f"{_path(part)}: missing: {_reason(results, part)}")
            if part.key == "glue":
                content.setdefault("glue", {})
            elif year.gap == "null":
                content[part.key] = None
            continue
        content.setdefault(part.key, {}).update(found)
        if part.kind == "text" and (differ := otherwise_drawn(rows, _rules(results), int(results.suite["seed"]))):
            notes.append(f"{part.key}: {differ:,} tied items have another answer than the suite's tie rule gives")
    if year.fast:
        _add_checkpoints(year, content, notes, results, found_checkpoints(folder, year, backend), track)
    ordered = {key: content[key] for key in [*dict.fromkeys(p.key for p in year.parts), *content] if key in content}
    if not ordered.get("glue", True) and year.gap == "absent":
        del ordered["glue"]
    return Built(ordered, tuple(notes), results)


def file_name(year: Year, backend: str) -> str:
    """Return the name that the year's script gives the file."""
    if year.number == 2023:
        return "all_predictions.json"
    if year.number == 2024:
        return "textonly_predictions.json.gz"
    return f"all_full_preds_and_fast_scores_{backend}.json"


def _add_checkpoints(
    year: Year,
    content: dict[str, Any],
    notes: list[str],
    results: Results,
    found: dict[str, Path],
    track: str | None,
) -> None:
    rows = surprisals(results)
    if rows is not None:
        content[year.aoa_key] = rows
    else:
        notes.append(
            f"{year.aoa_key}: missing: {_reason(results, next(p for p in year.parts if p.key == year.aoa_key))}"
        )
        if year.gap == "null":
            content[year.aoa_key] = None
    if year.number == 2026:
        content["aoa"] = aoa_score(results)
    wanted = expected(track, results.subject.get("words_seen"))
    lacking = [name for name in wanted if name not in found]
    if lacking:
        hint = f"curate evaluate RUN --suite {year.name}-fast --checkpoints all"
        notes.append(f"fast_eval_results: no results of {', '.join(lacking)}: {hint}")
    if found:
        content["fast_eval_results"], more = fast_scores(year, found)
        notes += more


def _against_rules(year: Year, results: Results) -> list[str]:
    """Say where the results are not this year's."""
    suite = str(results.suite.get("name"))
    notes = [] if suite == year.name else [f"suite: the results are of {suite}, whose rules may not be {year.number}'s"]
    if results.suite.get("set") == "fast":
        notes.append("suite: the results are of the fast sets, and the year wants the full ones")
    if results.suite.get("limit") is not None:
        notes.append(f"suite: evaluated with --limit {results.suite['limit']}, and the year wants all items")
    return notes


def _rules(results: Results) -> Rules:
    return Rules.model_validate(results.suite["rules"])


def _told(problem: Problem, notes: Sequence[str]) -> bool:
    """Tell whether a note already says that this is missing, and why."""
    if problem.where.startswith("fast_eval_results.") and "checkpoints" in problem.message:
        return any(note.startswith("fast_eval_results: no results") for note in notes)
    return any(note.startswith((f"{problem.where}: missing:", f"{problem.where}: no results")) for note in notes)


def _path(part: Part) -> str:
    return f"{part.key}.{next(iter(part.sizes))}" if part.key in {"glue", "msgs"} else part.key


def _reason(results: Results, part: Part) -> str:
    task = results.task(part.task)
    if task is None:
        return f"{part.task} was not evaluated"
    return task.reason or (f"{part.task} left nothing to submit" if task.status == "scored" else task.status)


def _write(path: Path, year: Year, content: dict[str, Any]) -> None:
    with atomic_file(path) as partial:
        if year.container == "lines":
            lines = (
                json.dumps({"task": task, "sub_task": name, **entry}, ensure_ascii=False) + "\n"
                for task, subtasks in content.items()
                for name, entry in subtasks.items()
            )
            partial.write_text("".join(lines), encoding="utf-8")
        elif year.container == "gzip":
            text = json.dumps(content, ensure_ascii=False, allow_nan=False)
            # No name and no time inside: the same predictions are the same bytes.
            partial.write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            partial.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")
