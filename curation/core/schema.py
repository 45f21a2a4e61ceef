"""The document: one Arrow schema from the reader to the corpus.

Documents travel as record batches, columns and not objects. A batch never loses a row inside a stage: a document
that a step removes stays as a row whose ``step`` says which one, so that the ledger is a fact about the data and
not a side effect, and a stage is a pure function from batch to batch that can run anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

T = TypeVar("T")

#: ``step`` of a document that is still in the corpus, and of an input that could not be read.
ALIVE = -1
UNREADABLE = -2
#: What the ledger calls the latter.
UNREADABLE_NAME = "unreadable"
#: ``born`` of a document that a source brought.
FROM_SOURCE = -1

META = pa.struct(
    [
        pa.field("title", pa.string()),
        pa.field("speaker", pa.string()),
        pa.field("age", pa.string()),
        pa.field("licence", pa.string()),
        pa.field("domain", pa.string()),
    ]
)
IMAGE = pa.struct([pa.field("uri", pa.string()), pa.field("sha256", pa.string())])
ID = pa.binary(16)

#: What every step sees.
DOCUMENT = pa.schema(
    [
        pa.field("id", ID, nullable=False),  # 128 bits, from source, file digest and position (or key)
        pa.field("source", pa.int16(), nullable=False),  # index into the manifest's sources
        pa.field("file", pa.int32(), nullable=False),  # index into the source's files
        pa.field("position", pa.int64(), nullable=False),  # line, row or document number in the file, from 1
        pa.field("key", pa.string()),  # the input's own identifier, when the manifest names its field
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("words_read", pa.int32(), nullable=False),  # words when it entered (0 for a derived document)
        pa.field("words", pa.int32(), nullable=False),  # words now, or when it was removed
        pa.field("parent", ID),  # the document that this one was derived from
        pa.field("born", pa.int16(), nullable=False),  # the step that made it, FROM_SOURCE otherwise
        pa.field("origin", pa.string(), nullable=False),  # human, rule:<step> or model:<generator>
        pa.field("meta", META),
        pa.field("image", IMAGE),
        pa.field("step", pa.int16(), nullable=False),  # the step that removed it, ALIVE or UNREADABLE
        pa.field("value", pa.float64()),  # the measure for which it was removed
        pa.field("detail", pa.string()),  # why, where a number does not say it
    ]
)


class Documents:
    """A record batch with numpy views of its columns and a cache of what was computed from it.

    ``data`` is the batch's UTF-8 buffer, ``offsets`` (n + 1) the byte where each text starts. Two filters that need the
    same counts share them through ``cached``, for as long as no step rewrites the text.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        """Wrap a batch whose schema starts with ``DOCUMENT``."""
        self.batch = batch
        self._cache: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        """Return the number of rows, removed documents included."""
        return int(self.batch.num_rows)

    def column(self, name: str) -> NDArray[Any]:
        """Return a numeric column as a numpy view (nulls are not allowed)."""
        return self.batch.column(name).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    @property
    def text(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return ``(data, offsets)``: bytes and the n + 1 boundaries of the texts."""
        return self.cached("text", lambda: text_buffers(self.batch.column("text")))

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Return which documents no step has removed yet."""
        return self.cached("alive", lambda: self.column("step") == ALIVE)

    @property
    def words(self) -> NDArray[np.int32]:
        """Return the words of each document."""
        return self.column("words")

    def texts(self) -> list[str]:
        """Return the texts as Python strings: for steps that cannot work on bytes."""
        return self.batch.column("text").to_pylist()  # type: ignore[no-any-return]

    def cached(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return ``compute()``, computed once for this batch."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]  # type: ignore[no-any-return]

    def replace(self, **columns: pa.Array | NDArray[Any]) -> Documents:
        """Return documents with some columns replaced or added; what was computed from the text is kept if it is."""
        batch = self.batch
        for name, values in columns.items():
            array = values if isinstance(values, pa.Array) else pa.array(values)
            index = batch.schema.get_field_index(name)
            if index < 0:
                batch = batch.append_column(name, array)
            else:
                field = batch.schema.field(index)
                batch = batch.set_column(index, field, array.cast(field.type))
        fresh = Documents(batch)
        if "text" not in columns:
            fresh._cache = {key: value for key, value in self._cache.items() if key != "alive" or "step" not in columns}
        return fresh


def text_buffers(array: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the UTF-8 bytes and the n + 1 offsets of a ``large_string`` array, without a copy."""
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    return data, offsets


def text_array(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> pa.Array:
    """Return a ``large_string`` array over bytes and offsets, without a copy. The bytes must be valid UTF-8."""
    return pa.LargeStringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(np.ascontiguousarray(offsets, np.int64)), pa.py_buffer(data)
    )


def id_array(ids: NDArray[np.uint64]) -> pa.Array:
    """Return 16-byte ids from an (n, 2) array of big-endian halves."""
    return pa.Array.from_buffers(ID, len(ids), [None, pa.py_buffer(np.ascontiguousarray(ids).astype(">u8"))])


def id_halves(array: pa.Array) -> NDArray[np.uint64]:
    """Return ids as an (n, 2) array of unsigned halves, so that they sort as the bytes do."""
    raw = np.frombuffer(array.buffers()[1], dtype=">u8")[2 * array.offset : 2 * (array.offset + len(array))]
    return raw.reshape(-1, 2).astype(np.uint64)
