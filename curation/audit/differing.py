"""Corpus against ledger, once it is known that they differ: which documents, and in what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.audit.counting import KEPT, stream
from curation.audit.hashes import row_hashes


def missing_ids(ledger: Path, wanted: set[str]) -> set[str]:
    """Return which ids the ledger does not have."""
    left = set(wanted)
    if left:
        for batch in stream([ledger], ("id",)):
            left.difference_update(batch.column("id").to_pylist())
    return left


@dataclass(frozen=True)
class Difference:
    """A document that corpus and ledger state differently."""

    document: str
    what: str


def differences(
    data: Sequence[Path], ledger: Path, rows: NDArray[np.uint64], kept: NDArray[np.uint64]
) -> list[Difference]:
    """Return how documents of the corpus differ from their ledger rows, and which stand on one side alone.

    Args:
        data: Parquet files of the corpus.
        ledger: Path of the ledger.
        rows: Sorted row hashes of the corpus.
        kept: Sorted row hashes of the ledger.
    """
    written = _suspects(data, _only(rows, kept), "words")
    known = _suspects([ledger], _only(kept, rows), "taken")
    others = _by_id(ledger, {name for name in written if name not in known})
    found = []
    for name, row in written.items():
        other = known.get(name) or others.get(name)
        if other is None:
            found.append(Difference(name, "is in no row of the ledger"))
        elif row == other:
            found.append(Difference(name, "stands in the corpus more than once"))
        else:
            parts = [
                f"{key}: the ledger says {other[key]!r}, the corpus {value!r}"
                for key, value in row.items()
                if value != other[key]
            ]
            found.append(Difference(name, "; ".join(parts)))
    found += [Difference(name, "is kept in the ledger and not in the corpus") for name in known if name not in written]
    return found


def _only(one: NDArray[np.uint64], two: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes that stand in ``one`` more often than in ``two``, at most as many as are kept by name."""
    values, counts = np.unique(one, return_counts=True)
    others, theirs = np.unique(two, return_counts=True)
    place = np.minimum(np.searchsorted(others, values), max(len(others) - 1, 0))
    same = (others[place] == values) if len(others) else np.zeros(len(values), np.bool_)
    there = np.where(same, theirs[place], 0) if len(others) else np.zeros(len(values), np.int64)
    return values[counts > there][:KEPT]


def _suspects(files: Sequence[Path], hashes: NDArray[np.uint64], words: str) -> dict[str, dict[str, Any]]:
    """Return the rows with one of some hashes, by id."""
    wanted = set(hashes.tolist())
    found: dict[str, dict[str, Any]] = {}
    if not wanted:
        return found
    columns = ("id", "taken" if words == "taken" else "text", "source", "origin", "parent")
    for batch in stream(files, columns):
        rows = batch.to_pylist()
        counts = [row["taken"] if words == "taken" else len((row["text"] or "").split()) for row in rows]
        cells = [[row[name] for row in rows] for name in ("id", "source", "origin", "parent")]
        made = row_hashes(cells[0], counts, cells[1], cells[2], cells[3])
        for row, count, value in zip(rows, counts, made.tolist(), strict=True):
            if value in wanted and count > 0:
                found[str(row["id"])] = _facts(row, count)
    return found


def _by_id(ledger: Path, ids: set[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if ids:
        for batch in stream([ledger], ("id", "taken", "source", "origin", "parent")):
            part = batch.filter(pc.is_in(batch.column("id"), pa.array(sorted(ids))))
            found |= {row["id"]: _facts(row, row["taken"]) for row in part.to_pylist()}
    return found


def _facts(row: dict[str, Any], words: int) -> dict[str, Any]:
    return {"words": words, "source": row["source"], "origin": row["origin"], "parent": row["parent"]}
