"""From rows of ``items.parquet`` to predictions as the official files have them.

An item's ``uid`` is already the official id: its subtask, and its number in it (``adjunct_island_0``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.accuracy import judge
from evaluation.errors import DataError
from evaluation.result import ITEMS, Results
from evaluation.submission.phenomena import PHENOMENA
from evaluation.submission.years import Part
from evaluation.task import Rules

Row = Mapping[str, Any]
#: Subtask to ``{"predictions": [{"id": …, "pred": …}, …]}``.
Predictions = dict[str, dict[str, list[dict[str, Any]]]]


def read_items(where: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a results folder by task, in their order.

    Raises:
        DataError: there are none, or they are damaged.
    """
    try:
        table = pq.read_table(where / ITEMS, columns=["task", "uid", "group", "gold", "chosen", "answer", "scores"])
        rows = table.to_pylist()
    except (OSError, pa.ArrowException) as error:
        hint = "evaluate again: a results folder has both files"
        raise DataError(f"{ITEMS} cannot be read: {error}", where=str(where), hint=hint) from error
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["task"], []).append(row)
    return found


def predictions(part: Part, rows: Sequence[Row], results: Results) -> Predictions | None:
    """Return a part's predictions by subtask, or None where the evaluation has none.

    Args:
        part: its place in the year's file.
        rows: of ``items.parquet`` that are the task's.
        results: of the same folder: readings stand there, in the task's details.
    """
    if part.kind == "reading":
        task = results.task(part.task)
        listed = None if task is None else task.details.get("predictions")
        return {"reading": {"predictions": [dict(row) for row in listed]}} if listed else None
    if part.kind == "surprisal" or not rows:
        return None
    found: Predictions = {}
    for row in rows:
        subtask = row["uid"].rpartition("_")[0]
        found.setdefault(subtask, {"predictions": []})["predictions"].append(_prediction(part, row))
    return by_phenomenon(found) if part.key == "blimp" and "binding" in part.sizes else found


def _prediction(part: Part, row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {"id": row["uid"], "pred": row["chosen"] if part.kind == "label" else row["answer"]}
    if part.kind == "share":
        scores = np.array(row["scores"], np.float64)
        shares = np.exp(scores - scores.max())
        made["prob"] = float(shares[0] / shares.sum())
    return made


def by_phenomenon(found: Predictions) -> Predictions:
    """Join paradigms to phenomena and number anew, paradigms in the order of their names."""
    joined: Predictions = {}
    for phenomenon, paradigms in PHENOMENA.items():
        listed = [row for paradigm in paradigms for row in found.get(paradigm, {}).get("predictions", [])]
        if listed:
            renamed = [{**row, "id": f"{phenomenon}_{number}"} for number, row in enumerate(listed)]
            joined[phenomenon] = {"predictions": renamed}
    unknown = {name: value for name, value in found.items() if not any(name in those for those in PHENOMENA.values())}
    return joined | unknown


def otherwise_drawn(rows: Sequence[Row], rules: Rules, seed: int) -> int:
    """Return how many items the suite's tie rule answers otherwise than ``items.parquet`` does.

    Only items whose best options tie can differ: their answers are then not those that the year's rule would write.
    """
    scored = [row for row in rows if row["scores"]]
    if not scored:
        return 0
    width = max(len(row["scores"]) for row in scored)
    table = np.full((len(scored), width), -np.inf)
    for number, row in enumerate(scored):
        table[number, : len(row["scores"])] = row["scores"]
    golds = np.array([row["gold"] for row in scored], np.int64)
    chosen = judge(table, golds, rules.ties, seed).chosen
    return int((chosen != np.array([row["chosen"] for row in scored], np.int64)).sum())
