"""The kind that reads: sources, and what they hand to the engine."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, WithJsonSchema

from curation.core.schema import ALIVE, DOCUMENT, FROM_SOURCE, UNREADABLE, id_array, text_buffers
from curation.kernels.hashing import key_ids, position_ids
from curation.kernels.words import count_words
from curation.steps.component import Component

_QUOTA_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            {"type": "string", "pattern": r"^\s*[0-9.]+%\s*$"},
            {"type": "null"},
        ]
    }
)


def as_quota(value: Any) -> Any:
    """Read a quota: an integer is words, `29%` or a fraction is a share of the budget."""
    if isinstance(value, str) and value.strip().endswith("%"):
        value = float(value.strip()[:-1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError("allowed: a number of words such as 2_900_000, or a share such as 29% or 0.29")  # noqa: TRY004
    if isinstance(value, float) and not 0 < value <= 1:
        raise ValueError("a share lies above 0 and at most at 1 (or 100%)")
    if isinstance(value, int) and value < 1:
        raise ValueError("at least one word")
    return value


@dataclass(frozen=True)
class File:
    """One input: the name to show, where it is, and what identifies its content once it has been hashed."""

    name: str
    path: Path | None
    size: int
    sha256: str = ""
    mtime_ns: int = 0
    state: str = ""  # of a remote file: what its server says that changes when the file does
    occurrence: int = 0  # 1 for the second file of the source with the same content, and so on


@dataclass(frozen=True)
class Chunk:
    """A piece of a file cut between documents. ``first`` is the position of its first record, counted from 1.

    ``size`` is what it took of the stored file, in bytes: it moves the progress display.

    ``data`` is what the source's ``parse`` understands, or None where there are only rejects.
    """

    number: int
    data: Any
    first: int
    size: int
    rejects: tuple[tuple[int, str], ...] = ()


@dataclass
class Parsed:
    """Documents of a chunk: texts (``large_string``), positions, keys, metadata; and what could not be read."""

    texts: pa.Array
    positions: NDArray[np.int64]
    keys: pa.Array | None = None
    meta: Mapping[str, pa.Array] = field(default_factory=dict)
    image: pa.Array | None = None
    rejects: Sequence[tuple[int, str]] = ()

    def only(self, keep: NDArray[np.bool_]) -> Parsed:
        """Return some of the documents, and all rejects."""
        mask = pa.array(keep)
        return Parsed(
            texts=self.texts.filter(mask),
            positions=self.positions[keep],
            keys=None if self.keys is None else self.keys.filter(mask),
            meta={name: values.filter(mask) for name, values in self.meta.items()},
            image=None if self.image is None else self.image.filter(mask),
            rejects=self.rejects,
        )


class Source(Component):
    """Reads documents. ``chunks`` is sequential and cheap; ``parse`` is pure and runs in the workers."""

    kind: ClassVar[str] = "source"

    licence: str = ""
    """Licence of the text, recorded in the lock and the dataset card."""
    domain: str = ""
    """What kind of text it is, such as `child-directed speech`."""
    url: str = ""
    """Where the text came from."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Expected SHA-256 of the file (only for a source of one file)."""
    words: int | None = Field(default=None, ge=0)
    """Expected number of words as read."""
    quota: Annotated[int | float | None, BeforeValidator(as_quota), _QUOTA_SCHEMA] = None
    """Words that the corpus takes of this source: `2_900_000`, or a share of the budget: `29%` or `0.29`."""
    on_error: Literal["fail", "skip"] = "fail"
    """What to do with an input that cannot be read: stop, or drop it with a row in the ledger."""

    @abstractmethod
    def files(self, base: Path) -> list[File]:
        """Return the inputs in a fixed order; ``base`` is the manifest's folder."""

    @abstractmethod
    def chunks(self, file: File) -> Iterator[Chunk]:
        """Cut one input into pieces of a few MB, at the same places each time."""

    @abstractmethod
    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Turn a chunk into documents."""

    def read_settings(self) -> dict[str, Any]:
        """Return the settings that change what is read (and not what is said about it, or asked of it)."""
        said = {"licence", "domain", "url", "sha256", "words", "quota"}
        return {name: value for name, value in self.settings().items() if name not in said}

    def read_chunk(self, name: str, index: int, file_index: int, file: File, chunk: Chunk) -> pa.RecordBatch:
        """Return a chunk as a batch of the document schema, unreadable inputs as rows of their own."""
        parsed = (
            Parsed(pa.array([], pa.large_string()), np.zeros(0, np.int64))
            if chunk.data is None
            else self.parse(file, chunk)
        )
        words = count_words(*text_buffers(parsed.texts)) if len(parsed.texts) else np.zeros(0, np.int32)
        if (words == 0).any():  # a text of white space only is no document
            parsed, words = parsed.only(words > 0), words[words > 0]
        rejects = [*chunk.rejects, *parsed.rejects]
        n, m = len(parsed.texts), len(rejects)
        positions = np.concatenate([parsed.positions, np.array([place for place, _ in rejects], dtype=np.int64)])
        ids = position_ids(*_file_seed(name, file), positions)
        if parsed.keys is not None:
            ids[:n] = key_ids(*seed_halves(name, "key"), *text_buffers(parsed.keys.cast(pa.large_string())))
        meta_type = DOCUMENT.field("meta").type
        meta = (
            pa.StructArray.from_arrays(
                [
                    parsed.meta[child.name].cast(child.type) if child.name in parsed.meta else pa.nulls(n, child.type)
                    for child in meta_type
                ],
                fields=list(meta_type),
            )
            if parsed.meta
            else pa.nulls(n, meta_type)
        )
        columns = {
            "id": id_array(ids),
            "source": np.full(n + m, index, np.int16),
            "file": np.full(n + m, file_index, np.int32),
            "position": positions,
            "key": _with_nulls(parsed.keys, n, m, pa.string()),
            "text": pa.concat_arrays([parsed.texts, pa.array([""] * m, pa.large_string())]) if m else parsed.texts,
            "words_read": np.concatenate([words, np.zeros(m, np.int32)]),
            "words": np.concatenate([words, np.zeros(m, np.int32)]),
            "parent": pa.nulls(n + m, DOCUMENT.field("parent").type),
            "born": np.full(n + m, FROM_SOURCE, np.int16),
            "origin": pa.array(["human"]).take(pa.array(np.zeros(n + m, np.int8))),
            "meta": _with_nulls(meta, n, m, meta_type),
            "image": _with_nulls(parsed.image, n, m, DOCUMENT.field("image").type),
            "step": np.repeat(np.array([ALIVE, UNREADABLE], np.int16), [n, m]),
            "value": pa.nulls(n + m, pa.float64()),
            "detail": pa.array([None] * n + [reason for _, reason in rejects], pa.string()),
        }
        arrays = [pa.array(columns[column.name], type=column.type) for column in DOCUMENT]
        return pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT)


def seed_halves(*parts: str) -> tuple[np.uint64, np.uint64]:
    """Return a 128-bit seed, in halves, that names what ids are made for."""
    digest = hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).digest()
    return np.uint64(int.from_bytes(digest[:8], "big")), np.uint64(int.from_bytes(digest[8:], "big"))


def _file_seed(name: str, file: File) -> tuple[np.uint64, np.uint64]:
    return seed_halves(name, file.sha256, str(file.occurrence))


def _with_nulls(array: pa.Array | None, n: int, m: int, kind: pa.DataType) -> pa.Array:
    if array is None:
        return pa.nulls(n + m, kind)
    return pa.concat_arrays([array.cast(kind), pa.nulls(m, kind)]) if m else array.cast(kind)
