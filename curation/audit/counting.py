"""The second count: words, digest and origins of written documents, by plain Python and hashlib.

Nothing here is shared with the code that wrote the corpus: words are ``len(text.split())``, the canonical digest is
SHA-256 over id (16 bytes), words and byte length (8 bytes each, little-endian) and text, as ``curation/corpus.py``
defines it. Documents are streamed; what stays in memory is two 64-bit hashes a document.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.audit.hashes import hash64, raw_ids, row_hashes

#: Rows read at once: documents may be long.
BATCH_ROWS = 1024
#: Documents that are kept by name when something is wrong with them.
KEPT = 1000
#: What a file raises that cannot be read as what it should be.
DAMAGED = (pa.ArrowException, OSError, KeyError, ValueError, TypeError)
COLUMNS = ("id", "source", "text", "words", "parent", "origin", "image")
HEADER = re.compile(r"^= = = .*$", re.MULTILINE)
TAG = re.compile(r"^(?:\*[A-Z0-9]{2,4}:|[A-Z]:)(?=\s)", re.MULTILINE)


@dataclass
class Group:
    """What was counted of one source and origin."""

    words: int = 0
    documents: int = 0
    size: int = 0
    """UTF-8 bytes."""
    captions: int = 0
    """Words of documents that belong to an image."""
    headers: int = 0
    """Words of header lines; only counted when asked for."""
    tags: int = 0
    """Speaker tags; only counted when asked for."""


@dataclass
class Counted:
    """What was counted of a folder of Parquet files."""

    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    digest: str = ""
    words: int = 0
    documents: int = 0
    words_column: int = 0
    """What the `words` column adds up to."""
    wrong_words: list[tuple[str, int, int]] = field(default_factory=list)
    """Documents whose `words` column is not what was counted: id, said, counted (the first of them)."""
    wrong_total: int = 0
    rows: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Hash of (id, words, source, origin, parent) of each document, sorted."""
    texts: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Hash of each text, in order."""
    exports: dict[str, str] = field(default_factory=dict)
    """SHA-256 of what `text/<source>.train` must hold."""

    def by_source(self) -> dict[str, int]:
        """Return the words of each source."""
        words: dict[str, int] = {}
        for (source, _), group in self.groups.items():
            words[source] = words.get(source, 0) + group.words
        return words


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files of a folder, in order."""
    return sorted(folder.glob("*.parquet"))


def stream(files: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of some columns, file by file.

    Raises:
        pyarrow.ArrowException, OSError: a file is damaged.
        KeyError: a column is missing.
    """
    for file in files:
        with pq.ParquetFile(file, memory_map=False, pre_buffer=False) as reader:
            missing = set(columns) - set(reader.schema_arrow.names)
            if missing:
                raise KeyError(f"{file.name} lacks the columns {', '.join(sorted(missing))}")
            yield from reader.iter_batches(batch_size=BATCH_ROWS, columns=list(columns), use_threads=False)


def count(files: Sequence[Path], *, exports: bool = False, form: bool = False) -> Counted:
    """Count the documents of Parquet files.

    Args:
        files: The files, in the order of the corpus.
        exports: Also digest what the text files must hold.
        form: Also count header lines and speaker tags.
    """
    result = Counted()
    digest = hashlib.sha256()
    export: dict[str, Any] = {}
    rows, texts = [], []
    for batch in stream(files, COLUMNS):
        columns = {name: batch.column(name).to_pylist() for name in COLUMNS if name not in {"image", "text"}}
        found = [text or "" for text in batch.column("text").to_pylist()]
        raws = [text.encode() for text in found]
        counted = [len(text.split()) for text in found]
        has_image = batch.column("image").is_valid().to_pylist()
        ids = raw_ids(columns["id"])
        record: list[bytes] = []
        hashes = []
        for row, (raw, words, source, origin, image) in enumerate(
            zip(raws, counted, columns["source"], columns["origin"], has_image, strict=True)
        ):
            record += (ids[16 * row : 16 * row + 16], struct.pack("<qq", words, len(raw)), raw)
            hashes.append(hash64(raw))
            group = result.groups.get((source or "", origin or ""))
            if group is None:
                group = result.groups[source or "", origin or ""] = Group()
            group.words += words
            group.documents += 1
            group.size += len(raw)
            if image:
                group.captions += words
            if form:
                text = found[row]
                group.headers += sum(len(line.split()) for line in HEADER.findall(text))
                group.tags += len(TAG.findall(text))
            if exports:
                part = export.get(source or "")
                if part is None:
                    part = export[source or ""] = hashlib.sha256()
                part.update(raw + (b"\n\n" if b"\n" in raw else b"\n"))
        digest.update(b"".join(record))
        _compare_words(result, columns, counted)
        rows.append(row_hashes(columns["id"], counted, columns["source"], columns["origin"], columns["parent"]))
        texts.append(np.array(hashes, np.uint64))
        result.words += sum(counted)
        result.documents += len(counted)
    result.digest = digest.hexdigest()
    result.rows = np.sort(np.concatenate([*rows, np.zeros(0, np.uint64)]))
    result.texts = np.concatenate([*texts, np.zeros(0, np.uint64)])
    result.exports = {source: part.hexdigest() for source, part in export.items()}
    return result


def _compare_words(result: Counted, columns: dict[str, list[Any]], counted: list[int]) -> None:
    said = [words or 0 for words in columns["words"]]
    result.words_column += sum(said)
    if said != counted:
        wrong = [row for row, words in enumerate(counted) if words != said[row]]
        result.wrong_total += len(wrong)
        room = KEPT - len(result.wrong_words)
        result.wrong_words += [(str(columns["id"][row]), said[row], counted[row]) for row in wrong[:room]]


def repeated(files: Sequence[Path], texts: NDArray[np.uint64]) -> list[tuple[str, str, int]]:
    """Return documents whose text an earlier document has too: id, id of the first with it, words.

    Args:
        files: The files that were counted.
        texts: The hash of each text, in order.
    """
    order = np.argsort(texts, kind="stable")
    same = texts[order][1:] == texts[order][:-1]
    if not same.any():
        return []
    suspects = set(texts[order][1:][same].tolist())
    first: dict[str, str] = {}
    found = []
    place = 0
    for batch in stream(files, ("id", "text")):
        here = texts[place : place + len(batch)].tolist()
        place += len(batch)
        rows = [row for row, value in enumerate(here) if value in suspects]
        if not rows:
            continue
        part = batch.take(pa.array(rows))
        for name, text in zip(part.column("id").to_pylist(), part.column("text").to_pylist(), strict=True):
            key = hashlib.sha256((text or "").encode()).hexdigest()
            if key in first:
                found.append((str(name), first[key], len((text or "").split())))
            else:
                first[key] = str(name)
    return found
