"""JSON lines: one object a line, the text in one of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa
from pydantic import Field

from curation.core.errors import SourceError, did_you_mean
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import Limits, cut, line_ends, too_long
from curation.steps.source._files import InputPath, find_files


class Jsonl(Source):
    """Read JSON lines, also compressed. Lines end at newline characters alone: U+2028 inside a string is text."""

    cites: ClassVar[str] = "jsonlines.org"

    path: InputPath
    """File, glob, URL or `package://name/path`; relative to the manifest; `${VARIABLE}` is replaced."""
    text_field: str = "text"
    """The field that holds the text."""
    id_field: str | None = None
    """A field that identifies the document: ids then survive a reordering of the file."""
    meta_fields: dict[str, str] = Field(default_factory=dict)
    """Which fields hold title, speaker, age, licence or domain, such as `{title: book_title}`."""
    max_document_bytes: int = Field(default=64 << 20, ge=1024)
    """Longest line, in bytes: a bound on memory."""

    def files(self, base: Path) -> list[File]:
        """Return the files that ``path`` names."""
        return find_files(self.path, base)

    def chunks(self, file: File) -> Iterator[Chunk]:
        """Cut at line ends."""
        return cut(file, line_ends(1), self._limits())

    def _limits(self) -> Limits:
        return Limits(self.max_document_bytes, self.on_error == "skip")

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Parse each line; blank lines are none."""
        raw = chunk.data.removeprefix(b"\xef\xbb\xbf") if chunk.number == 0 else chunk.data
        lines = raw.split(b"\n")
        try:
            return self._parse_clean(lines if lines[-1] else lines[:-1], chunk.first)
        except (orjson.JSONDecodeError, KeyError, TypeError, IndexError, AttributeError, pa.ArrowException):
            return self._parse_line_by_line(lines, file, chunk)

    def _parse_clean(self, lines: list[bytes], first: int) -> Parsed:
        """Parse lines that are all as they should be; anything else raises, and is then looked at line by line."""
        if max(map(len, lines), default=0) > self.max_document_bytes:
            raise TypeError
        rows = [orjson.loads(line) for line in lines]
        field = self.text_field
        texts = pa.array([row[field] for row in rows], pa.large_string())
        keys = None if self.id_field is None else pa.array([row[self.id_field] for row in rows], pa.string())
        if texts.null_count or (keys is not None and keys.null_count):
            raise TypeError
        meta = {
            name: pa.array([None if (value := row.get(key)) is None else str(value) for row in rows], pa.string())
            for name, key in self.meta_fields.items()
        }
        return Parsed(texts, np.arange(first, first + len(rows)), keys, meta)

    def _parse_line_by_line(self, lines: list[bytes], file: File, chunk: Chunk) -> Parsed:
        texts: list[str] = []
        positions: list[int] = []
        keys: list[str] = []
        meta: dict[str, list[str | None]] = {name: [] for name in self.meta_fields}
        rejects: list[tuple[int, str]] = []
        for number, line in enumerate(lines, start=chunk.first):
            if not line or line.isspace():
                continue
            if len(line) > self.max_document_bytes:
                rejects.append((number, too_long(file, number, self._limits())))
                continue
            try:
                row = orjson.loads(line)
                text = row[self.text_field]
                if type(text) is not str:
                    raise TypeError
                key = row[self.id_field] if self.id_field else ""
                if key is None:
                    raise TypeError
            except (orjson.JSONDecodeError, KeyError, TypeError, IndexError) as error:
                rejects.append((number, self._reject(line, error, file, number)))
                continue
            texts.append(text)
            positions.append(number)
            keys.append(str(key))
            for name, field in self.meta_fields.items():
                value = row.get(field)
                meta[name].append(None if value is None else str(value))
        return Parsed(
            texts=pa.array(texts, pa.large_string()),
            positions=np.array(positions, dtype=np.int64),
            keys=pa.array(keys, pa.string()) if self.id_field else None,
            meta={name: pa.array(values, pa.string()) for name, values in meta.items()},
            rejects=rejects,
        )

    def _reject(self, line: bytes, error: Exception, file: File, number: int) -> str:
        reason, hint = self._explain(line, error)
        if self.on_error == "skip":
            return reason
        raise SourceError(
            reason, where=f"{file.name}:{number}", hint=hint or "mend the line, or drop it with on_error: skip"
        ) from error

    def _explain(self, line: bytes, error: Exception) -> tuple[str, str]:
        if isinstance(error, orjson.JSONDecodeError):
            return f"not JSON: {error.msg} (column {error.colno})", ""
        row: Any = orjson.loads(line)
        if not isinstance(row, dict):
            return f"a JSON object is expected, this is a {type(row).__name__}", ""
        for field in filter(None, (self.text_field, self.id_field)):
            if field not in row:
                fields = ", ".join(list(row)[:12]) or "none"
                return f"no field {field!r} (its fields: {fields})", did_you_mean(field, row)
        if self.id_field and row[self.id_field] is None:
            return f"field {self.id_field!r} is null", ""
        value = row[self.text_field]
        return f"field {self.text_field!r} must be a string, this is a {type(value).__name__}: {str(value)[:40]!r}", ""
