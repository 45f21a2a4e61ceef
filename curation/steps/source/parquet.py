"""Parquet files: one row a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.core.errors import SourceError, WrongSetting, did_you_mean
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import CHUNK_BYTES
from curation.steps.source._files import InputPath, find_files, is_utf8, open_raw

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_ROWS = 4096


class Parquet(Source):
    """Read Parquet files; columns that are not named are not read."""

    cites: ClassVar[str] = "parquet.apache.org"

    path: InputPath
    """File, glob, URL or `package://name/path`; relative to the manifest; `${VARIABLE}` is replaced."""
    text_field: str = "text"
    """The column that holds the text."""
    id_field: str | None = None
    """A column that identifies the document: ids then survive a reordering of the file."""
    meta_fields: dict[str, str] = Field(default_factory=dict)
    """Which columns hold title, speaker, age, licence or domain, such as `{title: book_title}`."""

    def files(self, base: Path) -> list[File]:
        """Return the files that ``path`` names."""
        return find_files(self.path, base)

    def chunks(self, file: File) -> Iterator[Chunk]:
        """Read some thousand rows at a time, whatever the size of the row groups."""
        columns = list(dict.fromkeys(filter(None, [self.text_field, self.id_field, *self.meta_fields.values()])))
        number, row = 0, 1
        share = 0.0
        held: list[pa.RecordBatch] = []
        with open_raw(file) as raw:
            reader = self._open(raw, file, columns)
            share = file.size / max(reader.metadata.num_rows, 1)
            try:
                for batch in reader.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False):
                    held.append(batch)
                    if sum(one.nbytes for one in held) >= CHUNK_BYTES:
                        chunk = _chunk(held, number, row, share)
                        yield chunk
                        number, row, held = number + 1, row + chunk.data.num_rows, []
            except (OSError, pa.ArrowException) as error:
                raise SourceError(f"damaged after row {row - 1:,}: {error}", where=file.name) from error
        if held:
            yield _chunk(held, number, row, share)

    def _open(self, raw: object, file: File, columns: list[str]) -> pq.ParquetFile:
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            reader = pq.ParquetFile(raw)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"is not a whole Parquet file: {error}", where=file.name) from error
        names = reader.schema_arrow.names
        for column in columns:
            if column not in names:
                hint = did_you_mean(column, names) or "set text_field, id_field or meta_fields"
                raise WrongSetting(
                    f"no column {column!r} (its columns: {', '.join(names)})", where=file.name, hint=hint
                )
        kind = reader.schema_arrow.field(self.text_field).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise WrongSetting(f"column {self.text_field!r} must hold strings, it holds {kind}", where=file.name)
        return reader

    def _refuse(self, reason: str, file: File, row: int) -> None:
        if self.on_error == "fail":
            hint = "mend the file, or drop such rows with on_error: skip"
            raise SourceError(reason, where=f"{file.name}:{row}", hint=hint)

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Take the columns; rows without text are unreadable, rows of white space only are none."""
        batch: pa.RecordBatch = chunk.data
        texts = batch.column(self.text_field).cast(pa.large_string())
        positions = np.arange(chunk.first, chunk.first + len(batch), dtype=np.int64)
        rejects = []
        null = texts.is_null().to_numpy(zero_copy_only=False)
        if self.id_field:
            null |= batch.column(self.id_field).is_null().to_numpy(zero_copy_only=False)
        if null.any():
            first = int(positions[null][0])
            reason = f"row {first} has no text, or no id"
            self._refuse(reason, file, first)
            rejects = [(int(place), "the row has no text, or no id") for place in positions[null]]
        if null.any():
            mask = pa.array(~null)
            batch, texts, positions = batch.filter(mask), texts.filter(mask), positions[~null]
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            good = np.array([is_utf8(value) for value in texts.cast(pa.large_binary()).to_pylist()])
            self._refuse("the text is not valid UTF-8", file, int(positions[~good][0]))
            rejects += [(int(place), "the text is not valid UTF-8") for place in positions[~good]]
            mask = pa.array(good)
            batch, texts, positions = batch.filter(mask), texts.filter(mask), positions[good]
        return Parsed(
            texts=texts,
            positions=positions,
            keys=batch.column(self.id_field).cast(pa.string()) if self.id_field else None,
            meta={name: batch.column(field).cast(pa.string()) for name, field in self.meta_fields.items()},
            rejects=rejects,
        )


def _chunk(held: list[pa.RecordBatch], number: int, row: int, share: float) -> Chunk:
    """Join the batches; ``share`` is what a row costs of the stored file."""
    batch = pa.Table.from_batches(held).combine_chunks().to_batches()[0]
    return Chunk(number, batch, row, int(share * batch.num_rows))
