"""CSV and TSV files: a header row, then one row a document."""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.core.errors import SourceError, WrongSetting, did_you_mean
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import CHUNK_BYTES
from curation.steps.source._files import InputPath, blocks, find_files

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
        csv.field_size_limit(self.max_document_bytes)
        reader = csv.reader(_lines(file, self.encoding), delimiter=self._delimiter(file), strict=True)
        held: list[tuple[int, list[str]]] = []
        number = size = 0
        try:
            header = next(reader, [])
            for field in filter(None, [self.text_field, self.id_field, *self.meta_fields.values()]):
                if field not in header:
                    hint = did_you_mean(field, header) or "set text_field or delimiter"
                    names = ", ".join(header[:12])
                    raise WrongSetting(f"no column {field!r} (its columns: {names})", where=f"{file.name}:1", hint=hint)
            while True:
                line = reader.line_num + 1
                row = next(reader, None)
                if row is None:
                    break
                if row:
                    held.append((line, row))
                    size += sum(map(len, row))
                if size >= CHUNK_BYTES:
                    yield Chunk(number, (header, held), held[0][0], size)
                    number, size, held = number + 1, 0, []
        except csv.Error as error:
            raise SourceError(f"not valid CSV: {error}", where=f"{file.name}:{reader.line_num}") from error
        if held:
            yield Chunk(number, (header, held), held[0][0], size)

    def _delimiter(self, file: File) -> str:
        suffixes = [suffix for suffix in Path(file.name).suffixes if suffix in _DELIMITERS]
        return self.delimiter or (_DELIMITERS[suffixes[0]] if suffixes else ",")

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


def _lines(file: File, encoding: str) -> Iterator[str]:
    """Decode a file and yield its lines with their ends, as the csv module wants them."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise WrongSetting(f"there is no encoding {encoding!r}", where=file.name) from None
    rest = ""
    number = 0
    for block, _ in itertools.chain(blocks(file), [(b"", 0)]):
        try:
            rest += decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line = number + rest.count("\n") + 1
            raise SourceError(
                f"not {encoding} near line {line}: {error.reason}", where=f"{file.name}:{line}", hint="set `encoding:`"
            ) from error
        if number == 0:
            rest = rest.removeprefix("\ufeff")
        *lines, rest = rest.split("\n")
        for line_text in lines:
            number += 1
            yield line_text + "\n"
    if rest:
        yield rest
