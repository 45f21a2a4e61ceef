"""CSV and TSV files: a header row, then one row a document."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.core.errors import SourceError, WrongSetting, did_you_mean
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import CHUNK_BYTES
from curation.steps.source._files import InputPath, blocks_as_utf8, find_files

_DELIMITERS = {".tsv": "\t", ".tab": "\t"}


class Csv(Source):
    """Read CSV (or, by suffix, TSV) files with a header row, also compressed. Quoted fields may hold line ends."""

    cites: ClassVar[str] = "RFC 4180"

    path: InputPath
    """File, glob, URL or `package://name/path`; relative to the manifest; `${VARIABLE}` is replaced."""
    text_field: str = "text"
    """The column that holds the text."""
    id_field: str | None = None
    """A column that identifies the document."""
    meta_fields: dict[str, str] = Field(default_factory=dict)
    """Which columns hold title, speaker, age, licence or domain."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """Field separator; by default a comma, or a tab for `.tsv`."""
    encoding: str = "utf-8"
    """Encoding of the files."""
    max_document_bytes: int = Field(default=64 << 20, ge=1024)
    """Longest field, in characters: a bound on memory."""

    def files(self, base: Path) -> list[File]:
        """Return the files that ``path`` names."""
        return find_files(self.path, base)

    def chunks(self, file: File) -> Iterator[Chunk]:
        """Parse rows in order (a quoted field may hold line ends, so no cut can be made beforehand)."""
        rejects: list[tuple[int, str]] = []
        with closing(self._lines(file, rejects)) as lines:
            yield from self._chunks(csv.reader(lines, delimiter=self._delimiter(file), strict=True), file, rejects)

    def _chunks(self, reader: Any, file: File, rejects: list[tuple[int, str]]) -> Iterator[Chunk]:
        header = self._row(reader, file, rejects)
        if header is None:
            raise SourceError(f"holds no document: no header row with {self.text_field!r}", where=file.name)
        for field in filter(None, [self.text_field, self.id_field, *self.meta_fields.values()]):
            if field not in header:
                hint = did_you_mean(field, header) or "set text_field or delimiter"
                names = ", ".join(header[:12])
                raise WrongSetting(f"no column {field!r} (its columns: {names})", where=f"{file.name}:1", hint=hint)
        held: list[tuple[int, list[str]]] = []
        number = size = 0
        while True:
            row = self._row(reader, file, rejects)
            if row is None:
                break
            if row:
                line = reader.line_num - sum(field.count("\n") for field in row)  # where it begins
                held.append((line, row))
                size += sum(map(len, row))
            if size >= CHUNK_BYTES:
                yield Chunk(number, (header, held), held[0][0], size, tuple(rejects))
                number, size, held = number + 1, 0, []
                rejects.clear()
        if held or rejects:
            yield Chunk(number, (header, held), held[0][0] if held else 1, size, tuple(rejects))

    def _row(self, reader: Any, file: File, rejects: list[tuple[int, str]]) -> list[str] | None:
        """Return the next row, None at the end; rows that are not CSV are passed over with ``on_error: skip``."""
        while True:
            usual = csv.field_size_limit(self.max_document_bytes)
            try:
                return next(reader, None)
            except csv.Error as error:
                reason = f"not valid CSV: {error}"
                if self.on_error == "fail":
                    hint = "mend the row, or drop it with on_error: skip"
                    raise SourceError(reason, where=f"{file.name}:{reader.line_num}", hint=hint) from error
                rejects.append((reader.line_num, reason))
            finally:
                csv.field_size_limit(usual)  # it is one for the whole process

    def _delimiter(self, file: File) -> str:
        suffixes = [suffix for suffix in Path(file.name).suffixes if suffix in _DELIMITERS]
        return self.delimiter or (_DELIMITERS[suffixes[0]] if suffixes else ",")

    def _lines(self, file: File, rejects: list[tuple[int, str]]) -> Generator[str]:
        """Yield the lines of a file with their ends, as the csv module wants them."""
        pending: list[bytes] = []
        held = number = 0
        for block, _ in itertools.chain(blocks_as_utf8(file, self.encoding), [(b"", 0)]):
            if block and b"\n" not in block:
                if held <= self.max_document_bytes:  # beyond that, what is held is enough to be too long
                    pending.append(block)
                    held += len(block)
                continue
            *lines, rest = b"".join([*pending, block]).split(b"\n")
            pending, held = [rest], len(rest)
            ends = [b"\n"] * len(lines)
            if not block and rest:
                lines, ends = [*lines, rest], [*ends, b""]
            for line, end in zip(lines, ends, strict=True):
                number += 1
                try:
                    text = (line + end).decode()
                except UnicodeDecodeError as error:
                    reason = f"byte {error.start + 1} of the line ({line[error.start]:#04x}) is not utf-8"
                    if self.on_error == "fail":
                        hint = "set `encoding:`, or drop the line with on_error: skip"
                        raise SourceError(reason, where=f"{file.name}:{number}", hint=hint) from error
                    rejects.append((number, reason))
                    text = "\n"  # a blank line in its place keeps the count of lines
                yield text.removeprefix("\ufeff") if number == 1 else text

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Pick the columns out of the rows."""
        header, rows = chunk.data
        rejects: list[tuple[int, str]] = []
        good: list[tuple[int, list[str]]] = []
        for line, row in rows:
            if len(row) != len(header):
                reason = f"{len(row)} fields where the header has {len(header)}"
                if self.on_error == "fail":
                    hint = "mend the row, or drop it with on_error: skip"
                    raise SourceError(reason, where=f"{file.name}:{line}", hint=hint)
                rejects.append((line, reason))
            else:
                good.append((line, row))

        def column(field: str) -> pa.Array:
            place = header.index(field)
            return pa.array([row[place] for _, row in good], pa.string())

        return Parsed(
            texts=column(self.text_field).cast(pa.large_string()),
            positions=np.array([line for line, _ in good], dtype=np.int64),
            keys=column(self.id_field) if self.id_field else None,
            meta={name: column(field) for name, field in self.meta_fields.items()},
            rejects=rejects,
        )
