"""What each step removed, read from the ledger: counts by reason, a few documents of each, pairs of duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

#: Documents shown of each step and reason, pairs shown of each deduplicator, and reasons told apart.
SHOWN, PAIRS, REASONS = 3, 4, 60
_COLUMNS = ["id", "source", "file", "position", "words", "words_read", "step", "reason", "value", "kept_instead"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Sample(_Frozen):
    """One document, shown."""

    id: str
    """Id of the document."""
    source: str
    """Source that it came from."""
    place: str = ""
    """File and position it was read from; empty where the corpus itself holds it."""
    words: int
    """Words it had."""
    value: float | None = None
    """The measure that decided; null where there is none."""
    text: str | None = None
    """The start of its text; null where the text was not at hand (see ``note``)."""
    note: str = ""
    """Why the text is missing, or how it differs from what the step saw."""


class Removed(_Frozen):
    """The documents that one step removed for one reason."""

    step: str
    """Name of the step, or `unreadable`."""
    reason: str
    """The reason in the ledger."""
    documents: int
    """Documents removed."""
    words: int
    """Words that they had."""
    samples: tuple[Sample, ...] = ()
    """A few of them, drawn by id."""


class Pair(_Frozen):
    """A document that was removed as a duplicate, and the one that was kept instead."""

    step: str
    """The deduplicator."""
    removed: Sample
    """The document that was removed; its value is the similarity, where the step measures one."""
    kept: Sample
    """The document that was kept instead."""


@dataclass
class Losses:
    """What the ledger says was lost."""

    groups: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # (step, reason) -> documents, words
    samples: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    pairs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)  # step -> documents removed as duplicates
    values: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)  # step -> measures of the removed

    def removed_values(self, step: str) -> NDArray[np.float64]:
        """Return the measures for which a step removed documents."""
        return np.concatenate([*self.values.get(step, []), np.zeros(0)])


def read_losses(path: Path) -> Losses:
    """Read the ledger once, a row group at a time."""
    losses = Losses()
    with pq.ParquetFile(path) as reader:
        for number in range(reader.num_row_groups):
            table = reader.read_row_group(number, columns=_COLUMNS, use_threads=False)
            _add_group(losses, table.filter(pc.is_valid(table.column("step"))))
    for key, rows in losses.samples.items():
        losses.samples[key] = sorted(rows, key=lambda row: row["id"])[:SHOWN]
    return losses


def _add_group(losses: Losses, lost: pa.Table) -> None:
    steps = _plain(lost.column("step"))
    for step in pc.unique(steps).to_pylist():
        of_step = lost.filter(pc.equal(steps, step))
        losses.values.setdefault(step, []).append(of_step.column("value").to_numpy())
        twins = of_step.filter(pc.is_valid(of_step.column("kept_instead")))
        losses.duplicates[step] = losses.duplicates.get(step, 0) + len(twins)
        known = losses.pairs.get(step, []) + _smallest(twins, PAIRS)
        if known:
            losses.pairs[step] = sorted(known, key=lambda row: row["id"])[:PAIRS]
        of_reasons = _plain(of_step.column("reason"))
        for reason in pc.unique(of_reasons).to_pylist():
            part = of_step.filter(pc.equal(of_reasons, reason) if reason is not None else pc.is_null(of_reasons))
            key = (step, reason or "not recorded")
            if key not in losses.groups and len(losses.groups) >= REASONS:
                key = (step, "other reasons")
            total = losses.groups.setdefault(key, [0, 0])
            total[0] += len(part)
            total[1] += int(pc.sum(part.column("words")).as_py() or 0)
            losses.samples.setdefault(key, []).extend(_smallest(part, SHOWN))


def _smallest(table: pa.Table, count: int) -> list[dict[str, Any]]:
    """Return the rows with the smallest ids, which are hashes: a draw that is the same for everyone."""
    if not len(table):
        return []
    chosen = pc.select_k_unstable(table.column("id"), k=min(count, len(table)), sort_keys=[("id", "ascending")])
    rows: list[dict[str, Any]] = table.take(chosen).to_pylist()
    return rows


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string())


def ledger_rows(path: Path, ids: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the ledger's rows of some documents."""
    wanted = pa.array(sorted(ids), pa.string())
    with pq.ParquetFile(path) as reader:
        for number in range(reader.num_row_groups):
            table = reader.read_row_group(number, columns=_COLUMNS, use_threads=False)
            yield from table.filter(pc.is_in(table.column("id"), wanted)).to_pylist()
