"""Everything the rules count, in one visit to each document: short loops over bytes that lie in the cache.

A line is what stands between newline characters, without the white space around it; blank lines are not lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.compile import inlined, kernel
from curation.kernels.utf8 import (
    ASK,
    SPACES,
    code_point_at,
    code_point_before,
    length_at,
    letters,
    space_at,
    wide_space_at,
)
from curation.kernels.words import words_between

# Columns of the per-document counts.
CHARACTERS, WORD_CHARACTERS, ALPHA_WORDS, HASHES, ELLIPSES, NEWLINES = range(6)
# Columns of the line table. Start and end are byte positions in the document.
L_START, L_END, L_CHARACTERS, L_FIRST, L_LAST, L_ELLIPSIS = range(6)

_DOT, _HASH, _NEWLINE = 0x2E, 0x23, 0x0A
#: Bits of the class of a byte: letter, end of a sentence, closing mark, part of a wide character; then its space kind.
_LETTER, _STOPS, _CLOSES, _WIDE = np.uint32(1), np.uint32(2), np.uint32(4), np.uint32(8)
_SPACE = np.uint32(16)
_1, _2, _4 = np.uint32(1), np.uint32(2), np.uint32(4)


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    table[ord("a") : ord("z") + 1] = table[ord("A") : ord("Z") + 1] = _LETTER
    table[[ord(mark) for mark in ".!?"]] = _STOPS
    table[[ord(mark) for mark in "\"')]"]] = _CLOSES
    table[0x80:] = _WIDE
    return table | SPACES << 4


_CLASSES = _classes()


@dataclass(frozen=True)
class Scan:
    """Counts of a batch. ``lines`` has one row a non-blank line; ``line_offsets`` (n + 1) cuts it by document."""

    counts: NDArray[np.int32]
    lines: NDArray[np.int32]
    line_offsets: NDArray[np.int64]

    def count(self, column: int) -> NDArray[np.float64]:
        """Return one per-document count."""
        return self.counts[:, column].astype(np.float64)

    @property
    def line_count(self) -> NDArray[np.float64]:
        """Return the number of non-blank lines of each document."""
        return np.diff(self.line_offsets).astype(np.float64)

    def line_share(self, matches: Callable[[NDArray[np.int32]], NDArray[np.bool_]]) -> NDArray[np.float64]:
        """Return the share of each document's lines for which ``matches(lines)`` holds; NaN where it has no line."""
        hits = np.concatenate([np.zeros(1, np.int64), np.cumsum(matches(self.lines), dtype=np.int64)])
        return ratio(hits[self.line_offsets[1:]] - hits[self.line_offsets[:-1]], self.line_count)


def scan(docs: Documents) -> Scan:
    """Return the counts of a batch, computed once."""
    return docs.cached("scan", lambda: Scan(*_scan(*docs.text, letters())))


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return ``part / whole`` with NaN where ``whole`` is 0: a document without words has no ratio."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.asarray(part, np.float64) / whole, np.nan)


@kernel
def _scan(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], letter: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    n = len(offsets) - 1
    counts = np.zeros((n, 6), dtype=np.int32)
    line_offsets = np.zeros(n + 1, dtype=np.int64)
    newlines = 0
    for i in range(offsets[0], offsets[n]):
        newlines += data[i] == _NEWLINE
    lines = np.empty((newlines + n, 6), dtype=np.int32)
    line = 0
    for row in range(n):
        start, end = offsets[row], offsets[row + 1]
        text = data[start:end]  # indices from 0 on let the compiler use vector instructions
        characters = 0
        hashes = 0
        breaks = 0
        for i in range(len(text)):
            b = text[i]
            characters += (b & 0xC0) != 0x80
            hashes += b == _HASH
            breaks += b == _NEWLINE
        counts[row, CHARACTERS] = characters
        counts[row, HASHES] = hashes
        counts[row, NEWLINES] = breaks
        counts[row, ELLIPSES] = _ellipses(text)
        spaces, counts[row, ALPHA_WORDS] = _alpha_words(text, letter)
        counts[row, WORD_CHARACTERS] = characters - spaces
        begin = 0
        for stop in range(len(text)):
            if text[stop] == _NEWLINE:
                line += _line(text, begin, stop, lines[line])
                begin = stop + 1
        line += _line(text, begin, len(text), lines[line])
        line_offsets[row + 1] = line
    return counts, lines[:line].copy(), line_offsets


@inlined
def _ellipses(text: NDArray[np.uint8]) -> int:
    """Return how often ``...`` (not overlapping) or ``…`` occurs."""
    near = np.uint8(0)
    for i in range(len(text) - 2):  # no branch in it: a quick look whether there is any
        b, c, d = text[i], text[i + 1], text[i + 2]
        near |= np.uint8(((b == _DOT) & (c == _DOT)) | ((b == 0xE2) & (d == 0xA6)))
    if near == 0:
        return 0
    found = 0
    i = 0
    while i < len(text) - 2:
        if _ellipsis_at(text, i):
            found += 1
            i += 3
        else:
            i += 1
    return found


@inlined
def _ellipsis_at(data: NDArray[np.uint8], i: int) -> bool:
    dots = data[i] == _DOT and data[i + 1] == _DOT and data[i + 2] == _DOT
    return dots or (data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0xA6)


@inlined
def _alpha_words(data: NDArray[np.uint8], letter: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the white-space characters, and the words that hold a letter."""
    spaces = words = 0
    alpha = np.uint32(0)
    i = 0
    while i < len(data):
        kind = np.uint32(_CLASSES[data[i]])
        if kind & _WIDE:
            kind = _wide_class(data, i, kind, letter)
            i += length_at(data[i])
        else:
            i += 1
        # At a space the word before it is counted. All arithmetic: no branch has to guess where words end.
        space = kind >> _4
        spaces += space
        words += space & alpha
        alpha = (alpha | kind) & (space ^ _1)
    return spaces, words + (alpha & _1)


@inlined
def _wide_class(data: NDArray[np.uint8], i: int, kind: np.uint32, letter: NDArray[np.bool_]) -> np.uint32:
    """Return the class of the character that starts at ``i`` and takes more than one byte."""
    if (kind >> _4) == ASK and wide_space_at(data, i) > 0:
        return _SPACE
    point = code_point_at(data, i)
    if point == 0x2026:
        return _STOPS
    if point == 0x201D or point == 0x2019:
        return _CLOSES
    return _LETTER if letter[point] else np.uint32(0)


def sentence_counts(docs: Documents) -> NDArray[np.int32]:
    """Return the sentences of each document: words that end in . ! ? or an ellipsis (closing marks may follow).

    Text after the last such word is one more sentence.
    """
    return docs.cached("sentences", lambda: _sentences(*docs.text, letters()))


@kernel
def _sentences(data: NDArray[np.uint8], offsets: NDArray[np.int64], letter: NDArray[np.bool_]) -> NDArray[np.int32]:
    counts = np.zeros(len(offsets) - 1, dtype=np.int32)
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        while end > start:  # without white space at its end, a text ends with a word, and with it the last sentence
            wide = _space_before(data, end)
            if wide == 0:
                break
            end -= wide
        sentences = 0
        stops = np.uint32(0)
        i = start
        while i < end:
            kind = np.uint32(_CLASSES[data[i]])
            if kind & _WIDE:
                kind = _wide_class(data, i, kind, letter)
                i += length_at(data[i])
            else:
                i += 1
            space = kind >> _4
            sentences += space & stops
            stops = ((stops & (kind >> _2)) | (kind >> _1)) & (space ^ _1)
        counts[row] = sentences + (1 if end > start else 0)
    return counts


@inlined
def _line(data: NDArray[np.uint8], start: int, stop: int, line: NDArray[np.int32]) -> int:
    """Fill one row of the line table and return 1, or return 0 if the line is blank."""
    while start < stop:
        width = space_at(data, start)
        if width == 0:
            break
        start += width
    if start >= stop:
        return 0
    while True:
        width = _space_before(data, stop)
        if width == 0:
            break
        stop -= width
    characters = 0
    text = data[start:stop]
    for i in range(len(text)):
        characters += (text[i] & 0xC0) != 0x80
    line[L_START] = start
    line[L_END] = stop
    line[L_CHARACTERS] = characters
    line[L_FIRST] = code_point_at(data, start)
    line[L_LAST] = code_point_before(data, stop)
    line[L_ELLIPSIS] = 1 if stop - start >= 3 and _ellipsis_at(data, stop - 3) else 0
    return 1


@inlined
def _space_before(data: NDArray[np.uint8], stop: int) -> int:
    i = stop - 1
    while data[i] & 0xC0 == 0x80:
        i -= 1
    return space_at(data, i)


def line_words(docs: Documents) -> NDArray[np.int32]:
    """Return (lines, 2): the words of every line of ``scan`` and the code points of its longest word."""
    found = scan(docs)
    return docs.cached("line_words", lambda: _line_words(docs.text[0], docs.text[1], found.lines, found.line_offsets))


@kernel
def _line_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], lines: NDArray[np.int32], line_offsets: NDArray[np.int64]
) -> NDArray[np.int32]:
    out = np.zeros((len(lines), 2), dtype=np.int32)
    for row in range(len(offsets) - 1):
        for line in range(line_offsets[row], line_offsets[row + 1]):
            start, stop = offsets[row] + lines[line, L_START], offsets[row] + lines[line, L_END]
            out[line, 0] = words_between(data, start, stop)
            longest = 0
            run = 0
            for i in range(start, stop):
                run = 0 if space_at(data, i) > 0 else run + (1 if data[i] & 0xC0 != 0x80 else 0)
                longest = max(longest, run)
            out[line, 1] = longest
    return out
