"""Predictions laid out as the official scripts write them, so that their ``collate_preds.py`` takes them up.

::

    OUT/MODEL/main/zero_shot/BACKEND/blimp/blimp_filtered/predictions.json
    OUT/MODEL/main/zero_shot/BACKEND/AoA_word/surprisal.json
    OUT/MODEL/main/finetune/boolq/predictions.json
    OUT/MODEL/chck_1M/zero_shot/BACKEND/blimp/blimp_fast/predictions.json

Sources: babylm/evaluation-pipeline-2025 and babylm-org/babylm-eval, ``sentence_zero_shot/run.py`` and
``collate_preds.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.core.artifact import write_text
from evaluation.errors import SuiteError
from evaluation.result import Results, read_results
from evaluation.submission.checkpoints import aoa_score, found_checkpoints, surprisals
from evaluation.submission.predictions import predictions, read_items
from evaluation.submission.years import Part, year_of


def write_tree(name: str, folder: Path, where: Path, out: Path) -> Path:
    """Write the predictions of a model and its checkpoints as the official pipeline of 2025 or 2026 leaves them.

    What was not evaluated is not written. The official scripts drop what stands after a dot in a model's name, so that
    dots are written as underscores.

    Args:
        name: ``babylm-2025`` or ``babylm-2026``.
        folder: of the suite's evaluation; checkpoints are looked for there and in the ``-fast`` suite's folder.
        where: results folder of the final model.
        out: the official ``results`` folder.

    Returns:
        The model's folder; its name is what ``--model_path_or_name`` wants.

    Raises:
        SuiteError: the year has no such tree.
        DataError: ``where`` holds no results.
        OutputError: a file cannot be written.
    """
    year = year_of(name)
    if not year.fast:
        hint = "write_submission makes that year's file"
        raise SuiteError("only 2025's and 2026's scripts read a tree of results", where=year.name, hint=hint)
    results = read_results(where)
    backend = str(results.subject["backend"])
    model = out / str(results.subject["name"]).strip("/").replace("/", "--").replace(".", "_")
    checkpoints = found_checkpoints(folder, year, backend)
    _write(model / "main", backend, year.parts, where, results)
    for file, value in (("surprisal.json", surprisals(results)), ("aoa_score.json", aoa_score(results))):
        if value is not None:
            _json(model / "main" / "zero_shot" / backend / "AoA_word" / file, value)
    for mark, place in checkpoints.items():
        _write(model / mark, backend, year.fast, place, read_results(place))
    return model


def _write(base: Path, backend: str, parts: Sequence[Part], where: Path, results: Results) -> None:
    items = read_items(where)
    for part in parts:
        found = predictions(part, items.get(part.task, []), results)
        if found is not None:
            below = base / "finetune" if part.key == "glue" else base / "zero_shot" / backend
            _json(below / part.place / "predictions.json", found)


def _json(path: Path, value: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, allow_nan=False))
