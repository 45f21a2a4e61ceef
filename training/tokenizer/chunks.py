"""Compiled loops of the encoder: texts to numbered chunks, and numbered chunks to tokens.

A chunk is a run of white space and the word after it. The table of all chunks seen is an open-addressing hash table
over their bytes, which are kept in one buffer (``arena``), so that no Python object is made for the millions of chunks
that were seen before. With ``NUMBA_DISABLE_JIT=1`` the same source runs as plain Python.
"""

# numba has its own types: mypy sees the signatures only.
# mypy: disable-error-code="no-any-return,return-value,operator"
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
#: FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_32 = np.uint64(32)
_ONE = np.uint64(1)
#: Most words that a token can be said to begin.
MOST = 255


def _compiled(function: F) -> F:
    """Compile a function when it is first called, and keep the result on disk."""
    return numba.njit(nogil=True, cache=True, boundscheck=False)(function)


@_compiled
def _space_before(data: NDArray[np.uint8], start: int, at: int) -> bool:
    """Return whether the character that ends before ``at`` is white space, as ``str.isspace`` has it."""
    last = data[at - 1]
    if last < 0x80:
        return last == 32 or 9 <= last <= 13 or 28 <= last <= 31
    if at - 2 >= start and data[at - 2] == 0xC2:
        return last in {0x85, 0xA0}
    if at - 3 < start:
        return False
    lead, middle = data[at - 3], data[at - 2]
    if lead == 0xE2 and middle == 0x80:
        return last <= 0x8A or last in {0xA8, 0xA9, 0xAF}
    if lead == 0xE2 and middle == 0x81:
        return last == 0x9F
    return (lead == 0xE3 and middle == 0x80 and last == 0x80) or (lead == 0xE1 and middle == 0x9A and last == 0x80)


@_compiled
def _enter(
    chunk: NDArray[np.uint8],
    hashed: np.uint64,
    is_first: bool,  # noqa: FBT001
    slots: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    places: NDArray[np.int64],
    arena: NDArray[np.uint8],
    known: int,
) -> int:
    """Return the number of a chunk; ``known``, and the chunk is in the table now, if it was not."""
    mask = np.uint64(len(slots) - 1)
    hashed ^= hashed >> _32
    hashed = (hashed | _ONE) if is_first else (hashed & ~_ONE)
    slot = (hashed >> _ONE) & mask  # the lowest bit is taken
    while True:
        number = slots[slot]
        if number < 0:
            break
        if hashes[number] == hashed and places[number + 1] - places[number] == len(chunk):
            place = places[number]
            same = True
            for j in range(len(chunk)):
                same &= arena[place + j] == chunk[j]
            if same:
                return number
        slot = (slot + _ONE) & mask
    slots[slot] = known
    hashes[known] = hashed
    place = places[known]
    arena[place : place + len(chunk)] = chunk
    places[known + 1] = place + len(chunk)
    return known


@_compiled
def number_chunks(
    data: NDArray[np.uint8],
    pieces: NDArray[np.int64],
    slots: NDArray[np.int32],
    hashes: NDArray[np.uint64],
    places: NDArray[np.int64],
    arena: NDArray[np.uint8],
    known: int,
    numbers: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> tuple[int, int]:
    """Cut pieces of text into chunks and number them, new ones in the order in which they come.

    A chunk ends where a space, tab, newline or carriage return follows a character that is no white space (not at other
    white space: BERT's and Nmt's normalisers drop form feeds and vertical tabs, and join what stands around them). The
    first chunk of a piece is another chunk than the same bytes further on.

    Args:
        data: UTF-8 of all pieces, one after the other.
        pieces: [P + 1] where each piece starts, and the end.
        slots: the hash table, a power of two: chunk numbers, or -1. Room for all of ``data``'s chunks.
        hashes: [N] hash of each known chunk; the lowest bit tells first chunks.
        places: [N + 1] where each known chunk starts in ``arena``.
        arena: bytes of the known chunks, with room for ``data``.
        known: how many chunks are known.
        numbers: [C] filled with the number of each chunk of ``data``.
        counts: [P] filled with the chunks of each piece.

    Returns:
        How many chunks are known now, and how many of ``numbers`` were filled.
    """
    filled = 0
    for piece in range(len(pieces) - 1):
        start, end = pieces[piece], pieces[piece + 1]
        before = filled
        begin = start
        hashed = _BASIS
        for i in range(start, end):
            b = data[i]
            if (b == 32 or 9 <= b <= 10 or b == 13) and i > begin and not _space_before(data, begin, i):
                number = _enter(data[begin:i], hashed, begin == start, slots, hashes, places, arena, known)
                known = max(known, number + 1)
                numbers[filled] = number
                filled += 1
                begin = i
                hashed = _BASIS
            hashed = (hashed ^ np.uint64(b)) * _PRIME
        if end > begin:
            number = _enter(data[begin:end], hashed, begin == start, slots, hashes, places, arena, known)
            known = max(known, number + 1)
            numbers[filled] = number
            filled += 1
        counts[piece] = filled - before
    return known, filled


@_compiled
def fill_slots(slots: NDArray[np.int32], hashes: NDArray[np.uint64], known: int) -> None:
    """Enter all known chunks in an empty table that was made larger."""
    mask = np.uint64(len(slots) - 1)
    for number in range(known):
        slot = (hashes[number] >> _ONE) & mask
        while slots[slot] >= 0:
            slot = (slot + _ONE) & mask
        slots[slot] = number


@_compiled
def emit(
    numbers: NDArray[np.int32],
    counts: NDArray[np.int64],
    marked: NDArray[np.bool_],
    mark: int,
    pieces: NDArray[np.int64],
    begins: NDArray[np.int64],
    ids: NDArray[np.uint32],
    words: NDArray[np.int64],
    extra: NDArray[np.int64],
    out: NDArray[np.uint32],
    counted: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    sentences: NDArray[np.int64],
) -> tuple[int, int]:
    """Write the tokens of numbered chunks and the words that begin in each.

    Words of a chunk that has no token, because a normaliser dropped it, go to the text's next token, else to its last.

    Args:
        numbers: [C] chunks of all pieces in order.
        counts: [P] chunks of each piece.
        marked: [P] whether ``mark`` follows a piece.
        mark: id of the paragraph mark.
        pieces: [T] pieces of each text.
        begins: [N + 1] where each chunk's tokens start in ``ids``.
        ids: tokens of all known chunks.
        words: words that begin in each of ``ids``.
        extra: [N] words of each chunk that are in none of its tokens.
        out: filled with tokens.
        counted: filled with the words of each token, at most 255.
        lengths: [T] filled with the tokens of each text.
        sentences: [P] filled with where each piece starts that has a token.

    Returns:
        How many of ``sentences`` were filled, and how many words no token could take.
    """
    at = chunk = piece = found = lost = 0
    for text in range(len(pieces)):
        first = at
        waiting = 0
        for _ in range(pieces[text]):
            before = at
            for _ in range(counts[piece]):
                number = numbers[chunk]
                chunk += 1
                waiting += extra[number]
                for place in range(begins[number], begins[number + 1]):
                    out[at] = ids[place]
                    waiting += words[place]
                    here = min(waiting, MOST)
                    counted[at] = here
                    waiting -= here
                    at += 1
            if marked[piece]:
                out[at] = mark
                counted[at] = 0
                at += 1
            if at > before:
                sentences[found] = before
                found += 1
            piece += 1
        back = at - 1
        while waiting > 0 and back >= first:
            here = min(waiting, MOST - np.int64(counted[back]))
            counted[back] += here
            waiting -= here
            back -= 1
        lost += waiting
        lengths[text] = at - first
    return found, lost
