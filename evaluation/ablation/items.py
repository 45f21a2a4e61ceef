"""Scores by item, so that a difference has the error of the items beside that of the seeds.

Items of a task are its pairs. Items of held-out text are stretches of it: neighbouring lines are of one conversation or
one article, and depend on each other, so that documents are joined until a stretch has a kibibyte.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import BITS, MEAN
from evaluation.result import ITEMS
from evaluation.stats.errors import StatisticsError
from evaluation.stats.item_error import Items, macro, weighted
from evaluation.tasks.grounded import right_twos
from training.run import HELDOUT

#: Bytes of a stretch of held-out text, at least.
STRETCH = 1024
#: How near the mean over items must come to the score.
CLOSE = 1e-4
_COLUMN = {"accuracy": ("credit", 100.0), "log_odds": ("log_odds", 1.0), "mirrored": ("scores", 100.0)}


def by_item(
    metric: str, runs: Mapping[str, Sequence[RunScores]]
) -> tuple[Items, dict[str, NDArray[np.float64]]] | None:
    """Return the items of a metric and each arm's scores ``[runs, items]``, or None where they do not fit.

    All arms answer the same items (grounded ones are made of the base's words). The two mirrored pairs of a grounded
    frame depend on each other: they are one item. A paradigm of one item says nothing of the spread of items, and a
    score that is no mean over its items (F1) has no error of this kind.
    """
    try:
        found = _items_of(metric, runs)
    except StatisticsError:
        return None
    if found is None:
        return None
    items, scores = found
    for arm, members in runs.items():
        if not np.allclose(
            scores[arm] @ items.weights, [run.metrics[metric] for run in members], rtol=CLOSE, atol=CLOSE
        ):
            return None
    return found


def _items_of(
    metric: str, runs: Mapping[str, Sequence[RunScores]]
) -> tuple[Items, dict[str, NDArray[np.float64]]] | None:
    if metric == MEAN:
        return _mean(runs)
    if metric.startswith(f"{BITS}."):
        return _stretches(metric.removeprefix(f"{BITS}."), runs)
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


def _mean(runs: Mapping[str, Sequence[RunScores]]) -> tuple[Items, dict[str, NDArray[np.float64]]] | None:
    """Return the stretches of all domains, each domain a stratum of the same weight."""
    metrics = next((run.metrics for members in runs.values() for run in members), {})
    domains = [name.removeprefix(f"{BITS}.") for name in metrics if name.startswith(f"{BITS}.") and name != MEAN]
    found = [_stretches(domain, runs) for domain in domains]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    sizes = np.array([len(items.weights) for items, _ in known])
    items = Items(
        np.concatenate([items.weights for items, _ in known]) / len(known),
        np.repeat(np.arange(len(known)), sizes),
        tuple(domains),
        sizes.astype(np.float64),
    )
    return items, {arm: np.concatenate([scores[arm] for _, scores in known], axis=1) for arm in known[0][1]}


def _stretches(
    domain: str, runs: Mapping[str, Sequence[RunScores]]
) -> tuple[Items, dict[str, NDArray[np.float64]]] | None:
    """Return stretches of a held-out text, weighed by their bytes, and the bits per byte of each in each run."""
    sizes: NDArray[np.int64] | None = None
    bits: dict[str, list[NDArray[np.float64]]] = {}
    for arm, members in runs.items():
        for run in members:
            read = _documents(Path(run.folder) / "run" / HELDOUT, domain)
            if read is None or (sizes is not None and not np.array_equal(sizes, read[0])):
                return None
            sizes = read[0]
            bits.setdefault(arm, []).append(read[1])
    if sizes is None:
        return None
    starts = _starts(sizes)
    if len(starts) < 2:
        return None
    bytes_of = np.add.reduceat(sizes, starts)
    scores = {arm: np.array([np.add.reduceat(run, starts) / bytes_of for run in of]) for arm, of in bits.items()}
    return weighted(bytes_of), scores


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where stretches of at least ``STRETCH`` bytes begin; what is left at the end joins the last."""
    starts: list[int] = []
    held = STRETCH
    left = np.cumsum(sizes[::-1])[::-1]
    for at, size in enumerate(sizes):
        if held >= STRETCH and (left[at] >= STRETCH or not starts):
            starts.append(at)
            held = 0
        held += int(size)
    return np.array(starts, dtype=np.intp)


def _documents(path: Path, domain: str) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    try:
        table = pq.read_table(path, filters=[("source", "=", domain)])
    except (OSError, ValueError):
        return None
    return (table["bytes"].to_numpy(), table["bits"].to_numpy()) if len(table) else None


def _read(path: Path, task: str, column: str) -> tuple[list[str], list[str], NDArray[np.float64]] | None:
    try:
        table = pq.read_table(path, columns=["task", "group", "uid", column], filters=[("task", "=", task)])
    except (OSError, ValueError):
        return None
    groups, names, cells = table["group"].to_pylist(), table["uid"].to_pylist(), table[column].to_pylist()
    values = [cell[0] - cell[1] if isinstance(cell, list) else cell for cell in cells]  # of scores: the margin
    if not values or any(value is None or math.isnan(value) for value in values):
        return None
    if task != "grounded":
        return groups, names, np.array(values, dtype=np.float64)
    twos: dict[tuple[str, str], list[float]] = {}
    for group, name, value in zip(groups, names, values, strict=True):
        twos.setdefault((group, name[:-1]), []).append(value)
    if column == "scores":
        of_twos = right_twos([sum(two) for two in twos.values()])
    else:
        of_twos = np.array([sum(two) / len(two) for two in twos.values()])
    return [group for group, _ in twos], [name for _, name in twos], of_twos
