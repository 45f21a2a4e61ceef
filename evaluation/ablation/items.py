"""Scores by item, so that a difference has the error of the items beside that of the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluation.ablation.runs import RunScores
from evaluation.result import ITEMS
from evaluation.stats.item_error import Items, macro

_COLUMN = {"accuracy": ("credit", 100.0), "log_odds": ("log_odds", 1.0)}


def by_item(
    metric: str, runs: Mapping[str, Sequence[RunScores]]
) -> tuple[Items, dict[str, NDArray[np.float64]]] | None:
    """Return the items of a task's metric and each arm's scores ``[runs, items]``, or None where they do not fit.

    All arms answer the same items (grounded ones are made of the base's words). The two mirrored pairs of a grounded
    frame depend on each other: they are one item.
    """
    task, _, kind = metric.rpartition(".")
    if kind not in _COLUMN:
        return None
    column, scale = _COLUMN[kind]
    known: tuple[list[str], list[str]] | None = None
    scores: dict[str, NDArray[np.float64]] = {}
    for arm, members in runs.items():
        found = []
        for run in members:
            read = _read(Path(run.folder) / "evaluation" / ITEMS, task, column)
            if read is None:
                return None
            groups, names, values = read
            if known is not None and (groups, names) != known:
                return None
            known = groups, names
            found.append(scale * values)
        scores[arm] = np.array(found)
    if known is None:
        return None
    return macro(known[0]), scores


def _read(path: Path, task: str, column: str) -> tuple[list[str], list[str], NDArray[np.float64]] | None:
    try:
        table = pq.read_table(path, columns=["task", "group", "uid", column], filters=[("task", "=", task)])
    except (OSError, ValueError):
        return None
    values = table[column].to_numpy(zero_copy_only=False).astype(np.float64)
    groups, names = table["group"].to_pylist(), table["uid"].to_pylist()
    if not len(values) or np.isnan(values).any():
        return None
    if task != "grounded":
        return groups, names, values
    twos: dict[tuple[str, str], list[float]] = {}
    for group, name, value in zip(groups, names, values.tolist(), strict=True):
        twos.setdefault((group, name[:-1]), []).append(value)
    return [group for group, _ in twos], [name for _, name in twos], np.array([sum(v) / len(v) for v in twos.values()])
