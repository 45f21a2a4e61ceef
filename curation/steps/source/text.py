"""Text files, plain or compressed, cut into documents at files, headers, blank lines or line counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from curation.core.errors import SourceError
from curation.core.schema import text_array
from curation.kernels.texts import gather
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import BLANK_ENDS, HEADER_ENDS, Ends, Limits, cut, line_ends, no_ends, too_long
from curation.steps.source._files import InputPath, find_files, is_utf8

_LINES = re.compile(r"([1-9]\d*) lines")
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(r"= = = (.*?)(?: = = =)?\s*")


def _a_way_to_cut(value: str) -> str:
    if value not in {"file", "header", "blank_line", "line"} and not _LINES.fullmatch(value):
        raise ValueError("allowed: file, header, blank_line, line, or a number of lines such as '20 lines'")
    return value


class Text(Source):
    """Read text files: `.txt`, `.train` and the like, also `.gz`, `.zst`, `.xz`, `.bz2`.

    `documents: header` reads the BabyLM challenge's form, in which a line `= = = title = = =` opens a document.
    Header lines stay in the text, because the challenge counts them as words.
    """

    cites: ClassVar[str] = "BabyLM file form: github.com/babylm/babylm_data_preprocessing"

    path: InputPath
    """File, glob, URL or `package://name/path`; relative to the manifest; `${VARIABLE}` is replaced."""
    documents: Annotated[str, AfterValidator(_a_way_to_cut)] = "file"
    """Where a document ends: `file`, `header`, `blank_line`, `line`, or every so many lines: `20 lines`."""
    headers: bool = True
    """Keep `= = = title = = =` lines in the text (only for `documents: header`)."""
    encoding: str = "utf-8"
    """Encoding of the files."""
    max_document_bytes: int = Field(default=64 << 20, ge=1024)
    """Longest document, in bytes: a bound on memory."""

    def files(self, base: Path) -> list[File]:
        """Return the files that ``path`` names."""
        return find_files(self.path, base)

    def chunks(self, file: File) -> Iterator[Chunk]:
        """Cut where a document ends."""
        return cut(file, self._ends(), self._limits())

    def _limits(self) -> Limits:
        return Limits(self.max_document_bytes, self.on_error == "skip", self.encoding)

    def _ends(self) -> Ends:
        if match := _LINES.fullmatch(self.documents):
            return line_ends(int(match[1]))
        return {"line": line_ends(1), "header": HEADER_ENDS, "blank_line": BLANK_ENDS, "file": no_ends}[self.documents]

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Cut a chunk into documents."""
        raw = chunk.data.removeprefix(_BOM) if chunk.number == 0 else chunk.data
        data = np.frombuffer(raw, dtype=np.uint8)
        newlines = np.flatnonzero(data == 10)
        line_starts = np.concatenate([np.zeros(1, np.int64), newlines + 1])
        opens = self._openings(data, line_starts)
        starts = line_starts[opens]
        stops = np.concatenate([starts[1:], [len(data)]])
        bare = starts.copy() if self.headers else self._after_headers(data, starts, stops, newlines)
        texts, bad = self._texts(data, bare, stops)
        long = stops - starts > self.max_document_bytes
        found = np.flatnonzero(~bad & ~long)
        rejects = []
        for row in np.flatnonzero(bad | long):
            place = chunk.first + int(opens[row])
            if long[row]:
                rejects.append((place, too_long(file, place, self._limits())))
            else:
                rejects.append((place, self._not_unicode(data[starts[row] : stops[row]].tobytes(), file, place)))
        titles = self._titles(data, starts, stops)
        return Parsed(
            texts=texts.take(pa.array(found)) if len(found) < len(texts) else texts,
            positions=chunk.first + opens[found],
            meta={} if titles is None else {"title": pa.array([titles[row] for row in found], pa.string())},
            rejects=rejects,
        )

    def _openings(self, data: NDArray[np.uint8], line_starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the lines (from 0) at which documents open."""
        if self.documents == "file":
            return np.zeros(1, np.int64)
        if match := _LINES.fullmatch(self.documents):
            return np.arange(0, len(line_starts), int(match[1]))
        if self.documents == "line":
            return np.arange(len(line_starts))
        padded = np.concatenate([data, np.zeros(6, np.uint8)])
        if self.documents == "header":
            opens = np.ones(len(line_starts), np.bool_)
            for place, byte in enumerate(b"= = = "):
                opens &= padded[line_starts + place] == byte
        else:
            ends = np.concatenate([line_starts[1:], [len(data)]])
            visible = np.concatenate([np.zeros(1, np.int64), np.cumsum(data > 32)])
            blank = visible[ends] == visible[line_starts]
            opens = ~blank & np.concatenate([[True], blank[:-1]])
        opens[0] = True
        return np.flatnonzero(opens)

    def _after_headers(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], newlines: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        if self.documents != "header":
            return starts.copy()
        ends = np.concatenate([newlines + 1, [len(data)]])
        headed = np.array([data[start : start + 6].tobytes() == b"= = = " for start in starts], np.bool_)
        return np.where(headed, np.minimum(ends[np.searchsorted(ends, starts, side="right")], stops), starts)

    def _texts(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> tuple[pa.Array, NDArray[np.bool_]]:
        """Return the texts without line ends at their ends, and which of them are not UTF-8."""
        lengths = stops - starts
        rows = np.flatnonzero(lengths > 0)
        while len(rows):  # line ends at the end of a document, few or many
            last = data[starts[rows] + lengths[rows] - 1]
            rows = rows[(last == 10) | (last == 13)]
            lengths[rows] -= 1
            rows = rows[lengths[rows] > 0]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        out = np.empty(int(offsets[-1]), np.uint8)
        gather(data, starts, lengths, out, offsets[:-1])
        texts = text_array(out, offsets)
        bad = np.zeros(len(texts), np.bool_)
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            for row in range(len(texts)):
                bad[row] = not is_utf8(out[offsets[row] : offsets[row + 1]].tobytes())
            texts = pa.array(
                [
                    "" if bad[row] else out[offsets[row] : offsets[row + 1]].tobytes().decode()
                    for row in range(len(texts))
                ],
                pa.large_string(),
            )
        return texts, bad

    def _not_unicode(self, raw: bytes, file: File, line: int) -> str:
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            where = line + raw.count(b"\n", 0, error.start)
            column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
            reason = f"byte {column} of line {where} ({raw[error.start]:#04x}) is not UTF-8"
            if self.on_error == "skip":
                return reason
            raise SourceError(
                reason,
                where=f"{file.name}:{where}",
                hint="set `encoding:` (latin-1, cp1252, …), or drop the document with on_error: skip",
            ) from error
        raise AssertionError("called for valid UTF-8")

    def _titles(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> list[str | None] | None:
        if self.documents != "header":
            return None
        titles: list[str | None] = []
        for start, stop in zip(starts, stops, strict=True):
            line = data[start : min(stop, start + 400)].tobytes().split(b"\n", 1)[0].decode(errors="replace")
            match = _HEADER.fullmatch(line)
            titles.append(match[1] if match else None)
        return titles
