"""Cutting a stream of bytes into chunks that end where a record ends, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.core.errors import SourceError
from curation.steps.kinds import Chunk, File
from curation.steps.source._files import blocks_as_utf8

CHUNK_BYTES = 4 << 20
_HEADER = re.compile(rb"\n(?== = = )")
_BLANK = re.compile(rb"\n[ \t\r]*\n")

#: (buffer, lines of the record that were already dropped) -> where records end in the buffer.
Ends = Callable[[bytearray, int], NDArray[np.int64]]


def line_ends(every: int) -> Ends:
    """Return the finder for records of ``every`` lines."""

    def ends(buffer: bytearray, dropped: int) -> NDArray[np.int64]:
        if every == 1:  # only the first and the last are ever used
            return np.array([end + 1 for end in (buffer.find(b"\n"), buffer.rfind(b"\n")) if end >= 0], dtype=np.int64)
        newlines = np.flatnonzero(np.frombuffer(bytes(buffer), np.uint8) == 10) + 1
        return newlines[(every - 1 - dropped) % every :: every]

    return ends


def pattern_ends(pattern: re.Pattern[bytes]) -> Ends:
    """Return the finder for records that end where a pattern does."""

    def ends(buffer: bytearray, dropped: int) -> NDArray[np.int64]:  # noqa: ARG001
        return np.array([match.end() for match in pattern.finditer(buffer)], dtype=np.int64)

    return ends


def no_ends(buffer: bytearray, dropped: int) -> NDArray[np.int64]:  # noqa: ARG001
    """Find nothing: the whole file is one record."""
    return np.zeros(0, np.int64)


HEADER_ENDS = pattern_ends(_HEADER)
BLANK_ENDS = pattern_ends(_BLANK)


@dataclass
class Limits:
    """The longest record, and whether to pass over a longer one (and report it) instead of stopping."""

    largest: int
    skip: bool
    encoding: str = "utf-8"


def cut(file: File, find_ends: Ends, limits: Limits) -> Iterator[Chunk]:  # noqa: C901, PLR0912, PLR0915  (one stream)
    """Yield the chunks of a file; their ``first`` is the number of their first line.

    Raises:
        SourceError: a record is longer than the limit, and it is not to be skipped; or the file is damaged.
    """
    buffer = bytearray()
    line, number, dropped = 1, 0, 0
    read = told = 0  # of the stored file: what a chunk costs is shown as progress
    skipping = False
    wait = CHUNK_BYTES  # look for an end again only when the buffer has doubled: a long record costs linear time
    rejects: list[tuple[int, str]] = []
    stream = blocks_as_utf8(file, limits.encoding)
    damage = ""
    while True:
        try:
            block, read = next(stream)
        except StopIteration:
            break
        except SourceError as error:
            if not limits.skip:
                raise
            damage = error.message
            break
        buffer += block
        if len(buffer) < wait and not skipping and len(buffer) <= limits.largest:
            continue
        ends = find_ends(buffer, dropped)
        if skipping or (len(ends) == 0 and len(buffer) > limits.largest):
            if not skipping:
                rejects.append((line, too_long(file, line, limits)))
                skipping = True
            stop = int(ends[0]) if len(ends) else _last_start(buffer)
            lines = buffer.count(b"\n", 0, stop)
            line, dropped = line + lines, dropped + lines
            del buffer[:stop]
            if len(ends):
                skipping, dropped, wait = False, 0, CHUNK_BYTES
        elif len(ends) == 0:
            wait = 2 * len(buffer)
        else:
            stop = int(ends[-1])
            piece = bytes(buffer[:stop])
            del buffer[:stop]
            yield Chunk(number, piece, line, read - told, tuple(rejects))
            number, wait, rejects, told = number + 1, CHUNK_BYTES, [], read
            line += piece.count(b"\n")
    if damage:  # what stands before the last whole record can be used, the rest cannot
        ends = find_ends(buffer, dropped)
        stop = int(ends[-1]) if len(ends) and not skipping else 0
        rejects.append((line + buffer.count(b"\n", 0, stop), damage))
        del buffer[stop:]
    elif len(buffer) > limits.largest and not skipping and len(find_ends(buffer, 0)) == 0:
        rejects.append((line, too_long(file, line, limits)))
        skipping = True
    if number == 0 and not rejects and not buffer.removeprefix(b"\xef\xbb\xbf").strip():
        return  # a file of white space holds no document, as an empty one
    if buffer or rejects:
        data = None if skipping or not buffer else bytes(buffer)
        yield Chunk(number, data, line, read - told, tuple(rejects))


def _last_start(buffer: bytearray) -> int:
    """Return from where a buffer must be kept: a boundary that began at its last line end may end in the next block."""
    start = buffer.rfind(b"\n")
    return start if start >= 0 and len(buffer) - start < CHUNK_BYTES else max(len(buffer) - 1, 0)


def too_long(file: File, line: int, limits: Limits) -> str:
    """Return the reason why a document is dropped, or raise where that is an error."""
    reason = f"longer than {limits.largest:,} bytes (max_document_bytes)"
    if limits.skip:
        return reason
    raise SourceError(
        f"the document that starts at line {line} is {reason}",
        where=f"{file.name}:{line}",
        hint="raise max_document_bytes, cut the file with `documents:`, or drop it with on_error: skip",
    )
