"""The ledger: one row for every input document, with the place where it ended and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.schema import ALIVE, FROM_SOURCE, UNREADABLE, UNREADABLE_NAME, id_array
from curation.engine.plan import Placed
from curation.engine.slices import open_slice
from curation.engine.table import StageTable
from curation.kernels.hashing import hex_digits
from curation.steps.kinds import Deduplicator, Filter, Selector, is_bound

_SMALL = pa.dictionary(pa.int32(), pa.string())


def hex_ids(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return 16-byte ids as 32 hexadecimal digits; nulls stay null."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if len(array) == 0 or array.null_count == len(array):
        return pa.nulls(len(array), pa.string())
    filled = array.fill_null(bytes(16)) if array.null_count else array
    raw = np.frombuffer(filled.buffers()[1], np.uint8)[16 * filled.offset : 16 * (filled.offset + len(filled))]
    offsets = np.arange(0, 32 * len(filled) + 1, 32, dtype=np.int32)
    digits = pa.StringArray.from_buffers(len(filled), pa.py_buffer(offsets), pa.py_buffer(hex_digits(raw)))
    return pa.compute.if_else(array.is_valid(), digits, None) if array.null_count else digits


@dataclass(frozen=True)
class Names:
    """What the numbers in the slices stand for."""

    sources: tuple[str, ...]
    files: tuple[tuple[str, ...], ...]
    steps: tuple[Placed, ...]

    def step(self, number: int) -> str | None:
        """Return the name of a step number."""
        return {ALIVE: None, UNREADABLE: UNREADABLE_NAME}.get(number, self.steps[number].name if number >= 0 else None)


def schema(rewriters: Sequence[Placed]) -> pa.Schema:
    """Return the schema of ``ledger.parquet``: a ``change.<step>`` column for each step that rewrites."""
    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("source", _SMALL),
            pa.field("file", _SMALL),
            pa.field("position", pa.int64()),
            pa.field("key", pa.string()),
            pa.field("parent", pa.string()),
            pa.field("origin", _SMALL),
            pa.field("born", _SMALL),
            pa.field("words_read", pa.int32()),
            pa.field("words", pa.int32()),
            pa.field("taken", pa.int32()),
            pa.field("step", _SMALL),
            pa.field("reason", _SMALL),
            pa.field("value", pa.float64()),
            pa.field("kept_instead", pa.string()),
            *(pa.field(f"change.{placed.name}", pa.int32()) for placed in rewriters),
        ]
    )


def batches(
    tables: Sequence[StageTable], taken: NDArray[np.int32], names: Names, rewriters: Sequence[Placed]
) -> Iterator[pa.RecordBatch]:
    """Yield the ledger slice by slice: each stage's losses, then for the last stage every row.

    ``taken`` are the words that the corpus holds of each row of the last table.
    """
    columns = schema(rewriters)
    for table in tables:
        last = table is tables[-1]
        for number, path in enumerate(table.paths):
            rows = table.rows_of(number)
            shown = np.ones(rows.stop - rows.start, np.bool_) if last else table.step[rows] != ALIVE
            if not shown.any():
                continue
            with open_slice(path) as full:
                yield _rows(full, table, rows, shown, taken if last else None, names, rewriters, columns)


def _rows(
    full: pa.Table,
    table: StageTable,
    rows: slice,
    shown: NDArray[np.bool_],
    taken: NDArray[np.int32] | None,
    names: Names,
    rewriters: Sequence[Placed],
    columns: pa.Schema,
) -> pa.RecordBatch:
    plain = ["id", "source", "file", "position", "key", "parent", "origin", "born", "words_read", "words", "detail"]
    changes = [f"change:{placed.index}" for placed in rewriters]
    part = full.select([*plain, *(name for name in changes if name in full.column_names)]).filter(pa.array(shown))
    part = part.combine_chunks()
    step, value, head = table.step[rows][shown], table.value[rows][shown], table.head[rows][shown]
    steps = np.unique(step)
    file_offsets = np.concatenate([[0], np.cumsum([len(files) for files in names.files])])[:-1]
    all_files = [file for files in names.files for file in files]
    source = part.column("source").to_numpy()
    born = part.column("born").to_numpy()
    detail = part.column("detail").combine_chunks()
    detail = _with_details(detail, table, np.flatnonzero(shown) + rows.start)
    kept = np.zeros((len(step), 2), np.uint64)
    kept[head >= 0] = table.ids[head[head >= 0]]
    arrays = {
        "id": hex_ids(part.column("id")),
        "source": _dictionary(source, names.sources),
        "file": _dictionary(file_offsets[source] + part.column("file").to_numpy(), all_files),
        "position": part.column("position").combine_chunks(),
        "key": part.column("key").combine_chunks(),
        "parent": hex_ids(part.column("parent")),
        "origin": part.column("origin").combine_chunks().dictionary_encode().cast(_SMALL),
        "born": _dictionary(np.where(born == FROM_SOURCE, -1, born), [placed.name for placed in names.steps]),
        "words_read": part.column("words_read").combine_chunks(),
        "words": part.column("words").combine_chunks(),
        "taken": pa.array(np.zeros(len(step), np.int32) if taken is None else taken[rows][shown]),
        "step": _dictionary(np.searchsorted(steps, step), [names.step(int(number)) for number in steps]),
        "reason": _reasons(step, value, detail, names),
        "value": pa.array(np.where(step == ALIVE, np.nan, value), from_pandas=True),
        "kept_instead": _kept_instead(kept, head),
    }
    for placed, name in zip(rewriters, changes, strict=True):
        present = name in part.column_names
        arrays[f"change.{placed.name}"] = (
            part.column(name).combine_chunks() if present else pa.array(np.zeros(len(step), np.int32))
        )
    return pa.RecordBatch.from_arrays([arrays[field.name].cast(field.type) for field in columns], schema=columns)


def _with_details(detail: pa.Array, table: StageTable, rows: NDArray[np.int64]) -> pa.Array:
    if not table.details:
        return detail
    known = detail.to_pylist()
    return pa.array([table.details.get(int(row), text) for row, text in zip(rows, known, strict=True)], pa.string())


def _dictionary(numbers: NDArray[np.int64], values: Sequence[str | None]) -> pa.Array:
    """Return names for numbers; a negative number, or a name that is None, is null."""
    valid = np.array([value is not None for value in values] or [False], np.bool_)
    ok = (numbers >= 0) & valid[np.maximum(numbers, 0)]
    indices = pa.array(numbers.astype(np.int32), mask=~ok)
    return pa.DictionaryArray.from_arrays(indices, pa.array([value or "" for value in values], pa.string()))


def _kept_instead(kept: NDArray[np.uint64], head: NDArray[np.int64]) -> pa.Array:
    return pa.compute.if_else(pa.array(head >= 0), hex_ids(id_array(kept)), None)


def _reasons(step: NDArray[np.int16], value: NDArray[np.float64], detail: pa.Array, names: Names) -> pa.Array:
    """Return why each document was removed, in words that name the setting."""
    reasons = np.full(len(step), -1, np.int64)
    known: list[str | None] = []
    for number in np.unique(step[step >= 0]):
        low, high = _setting_names(names.steps[int(number)])
        mine = step == number
        bounds = names.steps[int(number)].step
        limit = bounds.bounds()[0] if isinstance(bounds, Filter) else -np.inf
        reasons[mine] = np.where(value[mine] < limit, len(known), len(known) + 1)
        known += [low, high]
    generic = _dictionary(reasons, known).cast(pa.string())
    return pa.compute.coalesce(detail, generic).dictionary_encode()


def _setting_names(placed: Placed) -> tuple[str, str]:
    """Return the reasons for a value below and above the bounds (or the one reason, twice)."""
    if isinstance(placed.step, Filter):
        bounds = {
            name: getattr(placed.step, name) for name, info in type(placed.step).model_fields.items() if is_bound(info)
        }
        low = next((f"below {name} {value}" for name, value in bounds.items() if name.startswith("min_")), "")
        high = next((f"above {name} {value}" for name, value in bounds.items() if not name.startswith("min_")), "")
        return low, high
    if isinstance(placed.step, Deduplicator):
        return "duplicate", "duplicate"
    if isinstance(placed.step, Selector):
        return "over the budget", "over the budget"
    return "removed", "removed"
