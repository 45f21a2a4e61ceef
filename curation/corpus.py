"""The corpus on disk: a folder that says what it is.

::

    data/*.parquet      the documents, in order
    subsets/<words>/    smaller corpora that lie inside it, if asked for
    text/<source>.train plain text, if asked for
    ledger.parquet      every input document: where it ended and why
    audit.json          counts taken again from the files
    README.md           dataset card; ``datasets.load_dataset(folder)`` works
    corpus.lock         written last: its presence means that the corpus is whole
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.core.artifact import output_error, sync
from curation.core.errors import CorpusError
from curation.core.schema import IMAGE, META, text_buffers
from curation.kernels.texts import pack_records

LOCK = "corpus.lock"
LOCK_VERSION = 1
_LOCK_KEYS = {"name", "digest", "words", "documents", "sources", "steps", "subsets", "files", "manifest_fingerprint"}

DOCUMENTS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("text", pa.large_string()),
        pa.field("words", pa.int32()),
        pa.field("parent", pa.string()),
        pa.field("origin", pa.string()),
        pa.field("meta", META),
        pa.field("image", IMAGE),
    ]
)
_PLAIN_COLUMNS = ["source", "origin", "parent"]


class CorpusWriter:
    """Writes documents in order to Parquet shards (and text files), and digests them on the way."""

    def __init__(self, folder: Path, *, shard_words: int, compression: str, text_folder: Path | None = None) -> None:
        """Open nothing yet: shards and files are made when the first document arrives."""
        self._folder = folder
        self._shard_words = shard_words
        self._compression = compression
        self._text_folder = text_folder
        self._writer: pq.ParquetWriter | None = None
        self._in_shard = 0
        self._shards = 0
        self._texts: dict[str, IO[bytes]] = {}
        self._digest = hashlib.sha256()
        self.words = 0
        self.documents = 0

    def write(self, batch: pa.RecordBatch, ids: NDArray[np.uint8]) -> None:
        """Append documents of the ``DOCUMENTS`` schema; ``ids`` are their raw 16-byte ids."""
        data, offsets = text_buffers(batch.column("text"))
        words = batch.column("words").to_numpy()
        self._digest.update(pack_records(ids, words, data, offsets).data)
        try:
            self._write_parquet(batch, words)
            if self._text_folder is not None:
                self._write_text(batch)
        except OSError as error:
            raise output_error(error, self._folder) from error
        self.words += int(words.sum())
        self.documents += len(batch)

    def _write_parquet(self, batch: pa.RecordBatch, words: NDArray[np.int32]) -> None:
        start = 0
        while start < len(batch):
            # A shard ends with the document that fills it: where it ends depends on the documents alone.
            room = np.searchsorted(np.cumsum(words[start:]), self._shard_words - self._in_shard)
            stop = min(start + int(room) + 1, len(batch))
            if self._writer is None:
                self._writer = self._open_shard()
            self._writer.write_batch(batch.slice(start, stop - start))
            self._in_shard += int(words[start:stop].sum())
            if self._in_shard >= self._shard_words:
                self._close_shard()
            start = stop

    def _open_shard(self) -> pq.ParquetWriter:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(
            self._folder / f"corpus-{self._shards:05}.parquet",
            DOCUMENTS,
            compression=self._compression,
            compression_level=1 if self._compression == "zstd" else None,
            use_dictionary=_PLAIN_COLUMNS,
            write_statistics=["words"],
        )
        return self._writer

    def _close_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._shards += 1
            self._in_shard = 0

    def _write_text(self, batch: pa.RecordBatch) -> None:
        assert self._text_folder is not None
        self._text_folder.mkdir(parents=True, exist_ok=True)
        sources, texts = batch.column("source").to_pylist(), batch.column("text").to_pylist()
        for source, text in zip(sources, texts, strict=True):
            handle = self._texts.get(source)
            if handle is None:
                handle = self._texts[source] = (self._text_folder / f"{source}.train").open("wb")
            # Documents of several lines are set apart by a blank line; no header is added: it would add words.
            handle.write(text.encode() + (b"\n\n" if "\n" in text else b"\n"))

    def close(self) -> str:
        """Finish the files and return the canonical digest: SHA-256 over (id, words taken, text) in order."""
        try:
            if self._shards == 0 and self._writer is None:
                self._open_shard()  # a corpus without documents is still a table
            self._close_shard()
            for handle in self._texts.values():
                handle.close()
            for file in [*self._folder.glob("*.parquet"), *(self._text_folder or self._folder).glob("*.train")]:
                sync(file)
        except OSError as error:
            raise output_error(error, self._folder) from error
        return self._digest.hexdigest()


class Corpus:
    """A whole corpus, opened for reading."""

    def __init__(self, folder: Path, lock: dict[str, Any]) -> None:
        """Use ``Corpus.open``."""
        self.folder = folder
        self.lock = lock

    @classmethod
    def open(cls, folder: str | Path) -> Corpus:
        """Open a corpus folder.

        Raises:
            CorpusError: the folder holds no corpus, or one that was not finished.
        """
        folder = Path(folder)
        path = folder / LOCK
        if not path.is_file():
            hint = "`curate build` writes it last: build again" if folder.is_dir() else "no such folder"
            raise CorpusError(f"holds no {LOCK}: it is not a whole corpus", where=str(folder), hint=hint)
        try:
            lock = json.loads(path.read_text(encoding="utf-8"))
            version = lock["lock_version"]
            missing = _LOCK_KEYS - lock.keys()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorpusError(f"{LOCK} is damaged", where=str(path), hint="build the corpus again") from error
        if version != LOCK_VERSION:
            raise CorpusError(f"written by another version of curate (lock version {version})", where=str(path))
        if missing:
            where = str(path)
            raise CorpusError(f"{LOCK} lacks {', '.join(sorted(missing))}", where=where, hint="build the corpus again")
        return cls(folder, lock)

    @property
    def digest(self) -> str:
        """The canonical digest: SHA-256 over (id, words taken, text) in order."""
        return str(self.lock["digest"])

    @property
    def words(self) -> int:
        """Words of the corpus."""
        return int(self.lock["words"])

    def files(self, subset: int | None = None) -> list[Path]:
        """Return the Parquet files in order, of the corpus or of a nested subset."""
        folder = self.folder / ("data" if subset is None else f"subsets/{subset}")
        files = sorted(folder.glob("*.parquet"))
        if not files:
            known = ", ".join(self.lock.get("subsets", {})) or "none"
            raise CorpusError("no Parquet files", where=str(folder), hint=f"nested subsets of this corpus: {known}")
        return files

    def batches(self, columns: list[str] | None = None, subset: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the documents in order, in batches of some thousand rows."""
        for file in self.files(subset):
            with pq.ParquetFile(file) as reader:
                yield from reader.iter_batches(batch_size=8192, columns=columns)


def file_digests(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file below a folder, by relative path."""
    result = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        result[str(file.relative_to(folder))] = {"bytes": file.stat().st_size, "sha256": digest}
    return result
