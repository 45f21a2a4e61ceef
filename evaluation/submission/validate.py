"""Does a prediction file have what its year's schema asks? Independent of how it was made, ours or another's.

Checked: keys, subtasks, ids, number of predictions against the official sets, types, and that answers are among an
item's options where the official data are at hand. Vision parts are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curation.core.errors import Problem, did_you_mean
from evaluation.data import Data
from evaluation.submission.checkpoints import expected
from evaluation.submission.options import options_of
from evaluation.submission.reading import read_predictions
from evaluation.submission.score_lists import check_score_lists, check_surprisals
from evaluation.submission.years import Part, Year, year_of

#: Problems of one subtask that are listed one by one.
LISTED = 5
_VISION = {"vqa", "winoground", "devbench"}
#: Keys of a prediction, by what it is.
_FIELDS = {
    "text": {"id", "pred"},
    "label": {"id", "pred"},
    "share": {"id", "pred", "prob"},
    "reading": {"id", "pred", "prev_pred"},
}


def validate(path: Path, year: str, *, data: Path | None = None, track: str | None = None) -> list[Problem]:
    """Return what is wrong with a prediction file, each with its path in the file.

    Args:
        path: the file.
        year: ``babylm-2023`` to ``babylm-2026``.
        data: official evaluation data, to check that answers are options; None is the environment's, if there.
        track: ``strict-small`` or another, which says how many checkpoints are due; None allows for either.

    Raises:
        SuiteError: there is no such year.
    """
    schema = year_of(year)
    content, problems = read_predictions(path)
    return problems if problems and not content else [*problems, *problems_of(content, schema, Data(data), track)]


def problems_of(
    content: Mapping[str, Any], year: Year, data: Data, track: str | None = None, words_seen: int | None = None
) -> list[Problem]:
    """Return what is wrong with the content of a year's file.

    Args:
        content: by task and subtask.
        year: whose schema is asked.
        data: official evaluation data; an absent folder leaves answers unchecked.
        track: says how many checkpoints are due; None allows for either number.
        words_seen: by the model, which says the same for one that was trained for less than the track allows.
    """
    due = None if track is None and words_seen is None else expected(track, words_seen)
    known = {part.key for part in year.parts} | _VISION
    if year.fast:
        known |= {"fast_eval_results", "aoa"}
    problems = [
        Problem(key, "is no key of this year's file", did_you_mean(key, known)) for key in content if key not in known
    ]
    for key in dict.fromkeys(part.key for part in year.parts):
        parts = year.of_key(key)
        value = content.get(key)
        if value is None:
            problems.append(Problem(key, "is null" if key in content else "is missing"))
        elif not isinstance(value, Mapping):
            problems.append(Problem(key, f"is a {type(value).__name__}, and should be an object by subtask"))
        elif parts[0].kind == "surprisal":
            problems += check_surprisals(key, value, due)
        else:
            problems += _check_parts(key, value, parts, data)
    if year.fast:
        problems += check_score_lists(content.get("fast_eval_results"), year, due)
    if year.number == 2026:
        problems += _check_aoa_score(content.get("aoa"))
    return problems


def _check_parts(key: str, value: Mapping[str, Any], parts: Iterable[Part], data: Data) -> list[Problem]:
    problems: list[Problem] = []
    wanted = {subtask: part for part in parts for subtask in part.sizes}
    alone = next((part for part in parts if part.total), None)
    if alone is not None:
        wanted = dict.fromkeys(value, alone)
        if len(value) != alone.total:
            problems.append(Problem(key, f"has {len(value):,} items, the official set has {alone.total:,}"))
    problems += [Problem(f"{key}.{name}", "is missing") for name in wanted if value.get(name) is None]
    options: dict[str, dict[str, set[str]]] = {}
    for subtask, entry in value.items():
        where = f"{key}.{subtask}"
        if subtask not in wanted:
            problems.append(Problem(where, "is no subtask of it", did_you_mean(subtask, wanted)))
        elif entry is not None:
            part = wanted[subtask]
            if part.task not in options:
                options[part.task] = _options(part, data)
            size = 1 if part.total else part.sizes[subtask]
            problems += _check_subtask(where, subtask, entry, part, size, options[part.task])
    return problems


def _options(part: Part, data: Data) -> dict[str, set[str]]:
    """2023's ids are numbered over whole phenomena, in an order that only its own data tell: they are not looked up."""
    return {} if "binding" in part.sizes else options_of(part, data)


def _check_subtask(
    where: str, subtask: str, entry: Any, part: Part, size: int | None, options: Mapping[str, set[str]]
) -> list[Problem]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("predictions"), list):
        return [Problem(f"{where}.predictions", "is no list of predictions")]
    rows = entry["predictions"]
    problems = [Problem(f"{where}.{key}", "is no key of a subtask") for key in entry if key != "predictions"]
    if size is not None and len(rows) != size:
        problems.append(
            Problem(f"{where}.predictions", f"has {len(rows):,} predictions, the official set has {size:,}")
        )
    found: list[Problem] = []
    for number, row in enumerate(rows):
        found += _check_row(f"{where}.predictions[{number}]", f"{subtask}_{number}", number, row, part, options)
    if len(found) > LISTED:
        more = len(found) - LISTED
        found = [*found[:LISTED], Problem(f"{where}.predictions", f"has {more:,} problems more of this kind")]
    return problems + found


def _check_row(
    where: str, uid: str, number: int, row: Any, part: Part, options: Mapping[str, set[str]]
) -> list[Problem]:
    fields = _FIELDS[part.kind]
    if not isinstance(row, Mapping):
        return [Problem(where, f"is a {type(row).__name__}, and should be an object with {', '.join(sorted(fields))}")]
    problems = [Problem(f"{where}.{name}", "is missing") for name in sorted(fields - set(row))]
    problems += [Problem(f"{where}.{name}", "is no key of a prediction") for name in sorted(set(row) - fields)]
    if problems:
        return problems
    want: str | int = number if part.kind == "reading" else uid
    if row["id"] != want or isinstance(row["id"], bool):
        problems.append(Problem(f"{where}.id", f"is {row['id']!r}, and should be {want!r}: ids count on from 0"))
    pred = row["pred"]
    if part.kind in {"text", "share"}:
        problems += _check_text(f"{where}.pred", pred, options.get(str(row["id"])))
    elif part.kind == "label":
        problems += _check_label(f"{where}.pred", pred, part)
    elif not is_number(pred):
        problems.append(Problem(f"{where}.pred", f"is {pred!r}, and should be a number"))
    if part.kind == "share" and not (is_number(row["prob"]) and 0 <= row["prob"] <= 1):
        problems.append(Problem(f"{where}.prob", f"is {row['prob']!r}, and should be a share from 0 to 1"))
    if part.kind == "reading":
        before = row["prev_pred"]  # null, or the official script's NaN, for the first word of a sentence
        if before is not None and (isinstance(before, bool) or not isinstance(before, int | float)):
            problems.append(Problem(f"{where}.prev_pred", f"is {before!r}, and should be a number or null"))
    return problems


def _check_text(where: str, pred: Any, options: set[str] | None) -> list[Problem]:
    if not isinstance(pred, str) or not pred.strip():
        return [Problem(where, f"is {pred!r}, and should be the text of the chosen option")]
    if options is not None and pred.strip() not in options:
        return [Problem(where, f"is {pred[:40]!r}…, which is none of the item's options")]
    return []


def _check_label(where: str, pred: Any, part: Part) -> list[Problem]:
    """2023's script writes labels as text, its README shows numbers: both pass there, and only there."""
    if isinstance(pred, str) and None in part.sizes.values() and pred.isdigit():
        pred = int(pred)
    if isinstance(pred, bool) or not isinstance(pred, int):
        return [Problem(where, f"is {pred!r}, and should be a whole number")]
    if not 0 <= pred < part.labels:
        return [Problem(where, f"is {pred}, and there are {part.labels} classes from 0")]
    return []


def _check_aoa_score(value: Any) -> list[Problem]:
    if value is None:
        return [Problem("aoa", "is null or missing: the correlation with children's ages")]
    if not isinstance(value, Mapping) or set(value) != {"aoa"} or not is_number(value["aoa"]):
        return [Problem("aoa", "should be an object whose only key `aoa` is a number")]
    return []


def is_number(value: Any) -> bool:
    """Tell whether a JSON value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
