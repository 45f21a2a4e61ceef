"""Checks of what a file holds over checkpoints: scores on the fast sets, and surprisals of children's words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from curation.core.errors import Problem, did_you_mean
from evaluation.submission.checkpoints import OTHERS, SMALL
from evaluation.submission.years import AOA_ROWS, Part, Year

_ROW = {"step", "target_word", "context_id", "context", "surprisal"}
#: Problems of the surprisals that are listed one by one.
LISTED = 5


def check_score_lists(value: Any, year: Year, due: Sequence[str] | None) -> list[Problem]:
    """Return what is wrong with ``fast_eval_results``; ``due`` are the checkpoints asked for, None any track's."""
    where = "fast_eval_results"
    if not isinstance(value, Mapping):
        return [Problem(where, "is missing" if value is None else "is no object by task")]
    known = {part.key: part for part in year.fast}
    problems = [
        Problem(f"{where}.{key}", "is no task of the fast sets", did_you_mean(key, known))
        for key in value
        if key not in known
    ]
    lengths = {len(SMALL), len(OTHERS)} if due is None else {len(due)}
    for key, part in known.items():
        scores = value.get(key)
        if not isinstance(scores, Sequence) or isinstance(scores, str):
            problems.append(Problem(f"{where}.{key}", "is no list of scores, one a checkpoint"))
            continue
        if len(scores) not in lengths:
            wanted = " or ".join(f"{length} (to {OTHERS[length - 1]})" for length in sorted(lengths) if length)
            hint = "valid only if the model was trained no longer than its last checkpoint"
            problems.append(Problem(f"{where}.{key}", f"has scores of {len(scores)} checkpoints, not {wanted}", hint))
        for number, score in enumerate(scores):
            problems += _check_score(f"{where}.{key}[{number}]", score, part)
    return problems


def _check_score(where: str, score: Any, part: Part) -> list[Problem]:
    if score is None:
        return [Problem(where, "is null: this checkpoint has no score")]
    if not isinstance(score, Mapping):
        return [Problem(where, f"is a {type(score).__name__}, and should be an object by subtask")]
    wanted = {"spr", "rt"} if part.kind == "reading" else {part.key} if part.total else set(part.sizes)
    problems = [Problem(f"{where}.{name}", "is missing") for name in sorted(wanted - set(score))]
    problems += [Problem(f"{where}.{name}", "is no subtask of it") for name in sorted(set(score) - wanted)]
    least = -1 if part.kind in {"share", "reading"} else 0
    for name in sorted(wanted & set(score)):
        if not _is_number(score[name]) or not least <= score[name] <= 1:
            problems.append(Problem(f"{where}.{name}", f"is {score[name]!r}, and should be from {least} to 1"))
    return problems


def check_surprisals(key: str, value: Mapping[str, Any], due: Sequence[str] | None) -> list[Problem]:
    """Return what is wrong with the rows of the age-of-acquisition data; ``due`` as above."""
    rows = value.get("results")
    if not isinstance(rows, list):
        return [Problem(f"{key}.results", "is no list of rows")]
    problems = []
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows):
        where = f"{key}.results[{number}]"
        if not isinstance(row, Mapping) or not set(row) >= _ROW:
            lacking = sorted(_ROW - set(row)) if isinstance(row, Mapping) else sorted(_ROW)
            problems.append(Problem(where, f"lacks {', '.join(lacking)}"))
            continue
        counts[str(row["step"])] += 1
        if not _is_number(row["surprisal"]):
            problems.append(Problem(f"{where}.surprisal", f"is {row['surprisal']!r}, and should be a number"))
    if len(problems) > LISTED:
        problems = [*problems[:LISTED], Problem(f"{key}.results", f"has {len(problems) - LISTED:,} problems more")]
    if due is None:
        due = OTHERS if any(step in OTHERS and step not in SMALL for step in counts) else SMALL
    for step in due:
        if counts[step] != AOA_ROWS:
            problems.append(
                Problem(f"{key}.results", f"has {counts[step]:,} rows of {step}, and should have {AOA_ROWS:,}")
            )
    problems += [
        Problem(f"{key}.results", f"{step!r} is no checkpoint of the track") for step in counts if step not in due
    ]
    return problems


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
