"""What a document says more than once: its lines, its paragraphs and its runs of n words.

Lines and paragraphs are compared by a 64-bit hash of their bytes. Runs of words grow a word at a time, as in the prefix
doubling of Karp, Miller and Rosenberg 1972: a run of n words is the pair of its first and its last n - 1 words, and
can only be repeated where both of them are. So each n looks at no more than n - 1 left over, which soon is little.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.compile import inlined, kernel
from curation.kernels.hash_set import longest
from curation.kernels.hashing import mix
from curation.kernels.scan import L_END, L_START, scan
from curation.kernels.utf8 import ASK, SPACES, wide_space_at
from curation.kernels.words import word_hashes

# Columns of the counts of pieces.
PIECES, REPEATED, REPEATED_CHARACTERS = range(3)
# Columns of the counts of runs of words.
TOP_CHARACTERS, DUPLICATE_CHARACTERS, RUNS = range(3)

_PRIME = np.uint64(0x100000001B3)
_START = np.uint64(0xCBF29CE484222325)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)
_NEWLINE = 0x0A


# Lines and paragraphs -----------------------------------------------------------------------------------------------


def repeated_lines(docs: Documents) -> NDArray[np.int64]:
    """Return (documents, 3): lines, lines that occurred before in the document, and the code points of those."""
    found = scan(docs)
    return docs.cached("repeated_lines", lambda: _repeated(*docs.text, *_line_pieces(found.lines, found.line_offsets)))


def repeated_paragraphs(docs: Documents) -> NDArray[np.int64]:
    """Return what ``repeated_lines`` does, for paragraphs: lines with no blank line between them."""
    found = scan(docs)
    return docs.cached(
        "repeated_paragraphs", lambda: _repeated(*docs.text, *_paragraphs(*docs.text, found.lines, found.line_offsets))
    )


def _line_pieces(
    lines: NDArray[np.int32], line_offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    return lines[:, L_START].copy(), lines[:, L_END].copy(), line_offsets


@kernel
def _paragraphs(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], lines: NDArray[np.int32], line_offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return where paragraphs start and end in their document, and the offsets of the documents."""
    starts = np.empty(len(lines), dtype=np.int32)
    ends = np.empty(len(lines), dtype=np.int32)
    paragraph_offsets = np.zeros(len(offsets), dtype=np.int64)
    place = 0
    for row in range(len(offsets) - 1):
        for line in range(line_offsets[row], line_offsets[row + 1]):
            breaks = 2
            if line > line_offsets[row]:
                breaks = 0
                for i in range(offsets[row] + lines[line - 1, L_END], offsets[row] + lines[line, L_START]):
                    breaks += data[i] == _NEWLINE
            if breaks > 1:
                starts[place] = lines[line, L_START]
                place += 1
            ends[place - 1] = lines[line, L_END]
        paragraph_offsets[row + 1] = place
    return starts[:place].copy(), ends[:place].copy(), paragraph_offsets


@kernel
def _repeated(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    piece_offsets: NDArray[np.int64],
) -> NDArray[np.int64]:
    n = len(offsets) - 1
    counts = np.zeros((n, 3), dtype=np.int64)
    table = np.zeros(1 << _bits(longest(piece_offsets)), dtype=np.uint64)
    for row in range(n):
        pieces = piece_offsets[row + 1] - piece_offsets[row]
        counts[row, PIECES] = pieces
        if pieces < 2:
            continue
        bits = _bits(pieces)
        table[: 1 << bits] = 0
        for piece in range(piece_offsets[row], piece_offsets[row + 1]):
            start, end = offsets[row] + starts[piece], offsets[row] + ends[piece]
            h = _START
            for i in range(start, end):
                h = (h ^ np.uint64(data[i])) * _PRIME
            key = max(mix(h), np.uint64(1))
            place = _slot(key, bits)
            while table[place] != 0 and table[place] != key:
                place = (place + 1) & ((1 << bits) - 1)
            if table[place] == 0:
                table[place] = key
                continue
            characters = 0
            for i in range(start, end):
                characters += (data[i] & 0xC0) != 0x80
            counts[row, REPEATED] += 1
            counts[row, REPEATED_CHARACTERS] += characters
    return counts


# Runs of words ------------------------------------------------------------------------------------------------------


def run_counts(docs: Documents, n: int) -> NDArray[np.int64]:
    """Return (documents, 3) counts of the runs of ``n`` words, two or more.

    They are the code points of the run that occurs most often (of two that occur equally often the one that comes
    first; one space between words) times its occurrences; the code points, without spaces, that a walk meets again: at
    a run seen before it counts and jumps over it, at any other it steps one word on; and the number of runs.
    """
    return docs.cached("runs", lambda: _Runs(docs)).counts(n)


class _Runs:
    """Runs of 2, 3, 4… words of a batch: counts of every n so far, and where the longest so far occurred first."""

    def __init__(self, docs: Documents) -> None:
        self._words, self._offsets = word_hashes(docs)
        self._ends = _word_ends(*docs.text, self._offsets)
        self._first = np.zeros(0, np.int32)
        self._counts: dict[Hashable, NDArray[np.int64]] = {}

    def counts(self, n: int) -> NDArray[np.int64]:
        for size in range(len(self._counts) + 2, n + 1):
            self._first, self._counts[size] = _grow(self._words, self._offsets, self._ends, size, self._first)
        return self._counts[n]


@kernel
def _word_ends(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], word_offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the code points of all words up to each word: 0, then n sums. Texts without hashes are passed over."""
    ends = np.zeros(word_offsets[-1] + 1, dtype=np.int64)
    characters = 0
    for row in range(len(offsets) - 1):
        word = word_offsets[row]
        if word_offsets[row + 1] == word:
            continue
        before = 1
        i = offsets[row]
        while i < offsets[row + 1]:
            space = np.int64(SPACES[data[i]])
            width = 1
            if space == ASK:
                width = wide_space_at(data, i)
                space = 1 if width > 0 else 0
                width = max(width, 1)
            visible = space ^ 1
            word += before & visible
            characters += visible & np.int64((data[i] & 0xC0) != 0x80)
            ends[word] = characters
            before = space
            i += width
    return ends


@kernel
def _grow(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    ends: NDArray[np.int64],
    n: int,
    shorter: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the repeated runs of ``n`` words, given those of n - 1 (``shorter``; not looked at for n = 2).

    The first result holds for each word the place, in its document, where the run that starts with it occurs first, or
    -1 if it occurs only there. The second is that of ``run_counts``.
    """
    documents = len(offsets) - 1
    first = np.full(len(words), -1, dtype=np.int32)
    counts = np.zeros((documents, 3), dtype=np.int64)
    largest = longest(offsets)
    keys = np.zeros(1 << _bits(largest), dtype=np.uint64)
    seen = np.empty((len(keys), 2), dtype=np.int32)  # occurrences, and the place of the first
    met = np.zeros(largest, dtype=np.bool_)
    for d in range(documents):
        start = offsets[d]
        runs = max(offsets[d + 1] - start - n + 1, 0)
        counts[d, RUNS] = runs
        if runs == 0:
            continue
        candidates = runs
        if n > 2:
            candidates = 0
            for i in range(start, start + runs):
                candidates += (shorter[i] >= 0) & (shorter[i + 1] >= 0)
        bits = _bits(candidates)
        keys[: 1 << bits] = 0
        most, top = 1, 0
        for i in range(start, start + runs):
            if n == 2:
                key = words[i] * _GOLDEN + words[i + 1]
            elif shorter[i] >= 0 and shorter[i + 1] >= 0:
                key = (np.uint64(shorter[i]) << _32 | np.uint64(shorter[i + 1])) + np.uint64(1)
            else:
                continue
            key = max(key, np.uint64(1))
            place = _slot(key, bits)
            while keys[place] != 0 and keys[place] != key:
                place = (place + 1) & ((1 << bits) - 1)
            if keys[place] == 0:
                keys[place] = key
                seen[place, 0] = 1
                seen[place, 1] = i - start
                continue
            seen[place, 0] += 1
            times, origin = seen[place, 0], seen[place, 1]
            first[start + origin] = origin
            first[i] = origin
            if times > most or (times == most and origin < top):
                most, top = times, origin
        counts[d, TOP_CHARACTERS] = most * (ends[start + top + n] - ends[start + top] + n - 1)
        if most > 1:
            counts[d, DUPLICATE_CHARACTERS] = _walk(first[start : start + runs], ends[start:], n, met)
    return first, counts


@inlined
def _walk(first: NDArray[np.int32], ends: NDArray[np.int64], n: int, met: NDArray[np.bool_]) -> int:
    met[: len(first)] = False
    characters = 0
    i = 0
    while i < len(first):
        origin = first[i]
        if origin >= 0 and met[origin]:
            characters += ends[i + n] - ends[i]
            i += n
            continue
        if origin >= 0:
            met[origin] = True
        i += 1
    return characters


# Open addressing: a table of 2 ** bits slots, at most half full -------------------------------------------------------


@inlined
def _bits(count: int) -> int:
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    return bits


@inlined
def _slot(key: np.uint64, bits: int) -> int:
    return np.int64(((key ^ (key >> _32)) * _GOLDEN) >> np.uint64(64 - bits))
