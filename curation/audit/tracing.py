"""From the corpus back to its sources: every kept document has a ledger row, and every row a place that it came from.

Read from ``ledger.parquet`` alone, in row groups; ids are made again from source, file digest and position (or key), so
a row that was removed, moved or given to another author does not go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.audit.counting import KEPT
from curation.audit.hashes import halves, ids_at, ids_of_keys, row_hashes
from curation.core.schema import UNREADABLE_NAME

_LONGEST_KEY = 512
_COLUMNS = (
    "id", "source", "file", "position", "key", "parent", "origin", "born", "words_read", "words", "taken", "step",
)  # fmt: skip


@dataclass
class SourceTotals:
    """What the ledger's rows of one source add up to."""

    words_read: int = 0
    documents_read: int = 0
    documents_unreadable: int = 0
    words: int = 0
    documents: int = 0


@dataclass
class Traced:
    """What was found in a ledger."""

    sources: dict[str, SourceTotals] = field(default_factory=dict)
    dropped: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Documents and words that each step removed whole."""
    rows: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Hash of (id, words, source, origin, parent) of each kept document, sorted."""
    documents: int = 0
    unbalanced: list[str] = field(default_factory=list)
    """Documents whose words read and changes do not add up to their words."""
    overdrawn: list[str] = field(default_factory=list)
    """Documents of which more was taken than they have, or that were taken although a step removed them."""
    placeless: list[str] = field(default_factory=list)
    """Documents whose id does not follow from their source, file and position."""
    unlisted: set[str] = field(default_factory=set)
    """Files that the lock does not list (`source: file`)."""
    unborn: list[str] = field(default_factory=list)
    """Derived documents without a parent, or born at a step that the lock does not have."""
    parents: set[str] = field(default_factory=set)
    """Parents of derived documents that were kept."""
    born: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Kept derived documents by (step they were born at, origin), the first of them."""
    origins: dict[str, int] = field(default_factory=dict)
    """Words kept by origin."""
    problems: int = 0
    """Documents with any of these, in all."""


@dataclass(frozen=True)
class _Files:
    """Digest and occurrence of each file of each source, as the lock lists them."""

    known: dict[tuple[str, str], tuple[str, int]]

    @classmethod
    def of(cls, lock: dict[str, Any]) -> _Files:
        known: dict[tuple[str, str], tuple[str, int]] = {}
        for source in lock["sources"]:
            seen: dict[str, int] = {}
            for file in source["files"]:
                occurrence = seen.get(file["sha256"], 0)
                seen[file["sha256"]] = occurrence + 1
                known[source["name"], file["name"]] = (file["sha256"], occurrence)
        return cls(known)


def trace(ledger: Path, lock: dict[str, Any]) -> Traced:
    """Read a ledger and check each row by itself.

    Raises:
        pyarrow.ArrowException, OSError: the file is damaged.
        KeyError: a column is missing.
    """
    result = Traced()
    files = _Files.of(lock)
    steps = [step["name"] for step in lock["steps"]]
    hashes = [_read(part, result, files, steps) for part in _parts(ledger)]
    result.rows = np.sort(np.concatenate([*hashes, np.zeros(0, np.uint64)]))
    return result


def _parts(ledger: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(ledger) as reader:
        names = reader.schema_arrow.names
        missing = set(_COLUMNS) - set(names)
        if missing:
            raise KeyError(f"{ledger.name} lacks the columns {', '.join(sorted(missing))}")
        changes = [name for name in names if name.startswith("change.")]
        for batch in reader.iter_batches(batch_size=65536, columns=[*_COLUMNS, *changes], use_threads=False):
            yield pa.Table.from_batches([batch])


def _read(part: pa.Table, result: Traced, files: _Files, steps: Sequence[str]) -> NDArray[np.uint64]:
    ids = part.column("id").to_pylist()
    source, origin = _strings(part, "source"), _strings(part, "origin")
    step, born = _strings(part, "step"), _strings(part, "born")
    read, words, taken = (part.column(name).to_numpy().astype(np.int64) for name in ("words_read", "words", "taken"))
    result.documents += len(ids)
    unreadable = step == UNREADABLE_NAME
    here = ~unreadable
    original = here & (born == "")
    change = np.zeros(len(ids), np.int64)
    for name in part.column_names:
        if name.startswith("change."):
            change += part.column(name).to_numpy().astype(np.int64)
    _note(result, result.unbalanced, original & (read + change != words) | (words < 0), ids)
    _note(result, result.overdrawn, (taken < 0) | (taken > words) | ((step != "") & (taken != 0)), ids)
    _check_places(part, result, files, source, original, ids)
    _check_births(part, result, here & (born != ""), born, origin, taken, steps)
    for name in np.unique(source):
        mine = source == name
        totals = result.sources.setdefault(str(name), SourceTotals())
        totals.words_read += int(read[mine & here].sum())
        totals.documents_read += int((mine & original).sum())
        totals.documents_unreadable += int((mine & unreadable).sum())
        totals.words += int(taken[mine].sum())
        totals.documents += int((mine & (taken > 0)).sum())
    for name in np.unique(step[step != ""]):
        before = result.dropped.get(str(name), (0, 0))
        gone = step == name
        result.dropped[str(name)] = (before[0] + int(gone.sum()), before[1] + int(words[gone].sum()))
    kept = np.flatnonzero(taken > 0)
    for name in np.unique(origin[kept]):
        result.origins[str(name)] = result.origins.get(str(name), 0) + int(taken[kept][origin[kept] == name].sum())
    parents = part.column("parent").take(pa.array(kept)).to_pylist()
    return row_hashes(
        [ids[row] for row in kept], taken[kept].tolist(), source[kept].tolist(), origin[kept].tolist(), parents
    )


def _strings(part: pa.Table, name: str) -> NDArray[Any]:
    column = part.column(name).combine_chunks()
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return np.asarray(pc.fill_null(column, "").to_pylist(), dtype=object)


def _note(result: Traced, where: list[str], wrong: NDArray[np.bool_], ids: Sequence[Any]) -> None:
    rows = np.flatnonzero(wrong)
    result.problems += len(rows)
    where += [str(ids[row]) for row in rows[: max(KEPT - len(where), 0)]]


def _check_places(
    part: pa.Table, result: Traced, files: _Files, source: NDArray[Any], original: NDArray[np.bool_], ids: list[Any]
) -> None:
    """Make the ids again, and compare."""
    file = _strings(part, "file")
    position = part.column("position").to_numpy(zero_copy_only=False)
    key = part.column("key").combine_chunks()
    keyed = key.is_valid().to_numpy(zero_copy_only=False)
    if not original.any():
        return
    said = halves(ids)
    wrong = np.zeros(len(ids), np.bool_)
    for name, inside in sorted(set(zip(source[original].tolist(), file[original].tolist(), strict=True))):
        mine = original & (source == name) & (file == inside)
        if (name, inside) not in files.known:
            result.unlisted.add(f"{name}: {inside}")
            wrong |= mine
            continue
        plain = mine & ~keyed
        if plain.any():
            sha256, occurrence = files.known[name, inside]
            made = ids_at(name, sha256, occurrence, position[plain].astype(np.int64))
            wrong[plain] = (made != said[plain]).any(axis=1)
        rows = np.flatnonzero(mine & keyed)
        keys = key.take(pa.array(rows)).to_pylist()
        short = [index for index, one in enumerate(keys) if len(one.encode()) <= _LONGEST_KEY]
        if short:
            made = ids_of_keys(name, [keys[index] for index in short])
            wrong[rows[short]] = (made != said[rows[short]]).any(axis=1)
    _note(result, result.placeless, wrong, ids)


def _check_births(
    part: pa.Table,
    result: Traced,
    derived: NDArray[np.bool_],
    born: NDArray[Any],
    origin: NDArray[Any],
    taken: NDArray[np.int64],
    steps: Sequence[str],
) -> None:
    ids, parent = part.column("id").to_pylist(), part.column("parent").combine_chunks()
    orphan = ~parent.is_valid().to_numpy(zero_copy_only=False)
    unknown = np.array([bool(name) and name not in steps for name in born], np.bool_)
    _note(result, result.unborn, derived & (orphan | unknown), ids)
    for row in np.flatnonzero(derived & (taken > 0)):
        result.parents.add(str(parent[int(row)].as_py()))
        names = result.born.setdefault((str(born[row]), str(origin[row])), [])
        if len(names) < KEPT:
            names.append(str(ids[row]))
