"""Words of a batch of texts: the compiled form of ``core/words.py``, equal to ``text.split()``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.compile import inlined, kernel
from curation.kernels.utf8 import ASK, SPACE, SPACES, may_hold_wide_space, wide_space_at

_PRIME = np.uint64(0x100000001B3)
_START = np.uint64(0xCBF29CE484222325)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_32 = np.uint64(32)


@kernel
def count_words(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the number of words of each text."""
    n = len(offsets) - 1
    counts = np.zeros(n, dtype=np.int32)
    for row in range(n):
        counts[row] = words_between(data, offsets[row], offsets[row + 1])
    return counts


@inlined
def words_between(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return the number of words in ``data[start:end]``."""
    text = data[start:end]
    n = len(text)
    if n == 0:
        return 0
    # Only ASCII white space, as nearly always: words start where a visible byte follows a space. The loop has no
    # branch, compares bytes as bytes and counts from 0, so that the compiler uses vector instructions.
    words = np.uint32(0)
    for i in range(n - 1):
        b, c = text[i], text[i + 1]
        space = (b == 32) | ((b >= 9) & (b <= 13)) | ((b >= 28) & (b <= 31))
        visible = (c > 32) | (c < 9) | ((c > 13) & (c < 28))
        words += np.uint32(space & visible)
    if may_hold_wide_space(text):
        return _words_with_wide_spaces(text)
    return np.int64(words) + (1 if SPACES[text[0]] != SPACE else 0)


@inlined
def _words_with_wide_spaces(text: NDArray[np.uint8]) -> int:
    words = 0
    before = 1
    i = 0
    while i < len(text):
        space = np.int64(SPACES[text[i]])
        if space == ASK:
            width = wide_space_at(text, i)
            if width > 0:
                before = 1
                i += width
                continue
            space = 0
        words += before & (space ^ 1)
        before = space
        i += 1
    return words


@kernel
def cut_words(data: NDArray[np.uint8], offsets: NDArray[np.int64], take: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return for each text the byte length of its first ``take`` words (the whole length if it has no more)."""
    n = len(offsets) - 1
    lengths = np.empty(n, dtype=np.int64)
    for row in range(n):
        start, end = offsets[row], offsets[row + 1]
        i = stop = start
        words = 0
        before = 1
        more = False
        while i < end:
            space = np.int64(SPACES[data[i]])
            width = 1
            if space == ASK:
                width = wide_space_at(data, i)
                space = 1 if width > 0 else 0
                width = max(width, 1)
            if space == 0:
                if before == 1:
                    if words == take[row]:
                        more = True
                        break
                    words += 1
                stop = i + 1
            before = space
            i += width
        lengths[row] = (stop if more else end) - start
    return lengths


def word_hashes(docs: Documents) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return a hash of every word, end to end, and the n + 1 offsets by document: computed once for a batch."""
    return docs.cached("word_hashes", lambda: hash_words(*docs.text, np.where(docs.alive, docs.words, 0)))


def hash_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], words: NDArray[np.int32] | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return what ``word_hashes`` does, for bare buffers; texts whose ``words`` are 0 are passed over."""
    counts = count_words(data, offsets) if words is None else words
    word_offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    return _hash_words(data, offsets, word_offsets), word_offsets


def hash_word(word: str) -> int:
    """Return the hash that a single word has in ``word_hashes``."""
    data = np.frombuffer(word.encode(), dtype=np.uint8)
    return int(_hash_words(data, np.array([0, len(data)]), np.array([0, 1]))[0])


@kernel
def _hash_words(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], word_offsets: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Hash every word: FNV-1a (Fowler, Noll, Vo 1991) over its bytes, then a multiply to spread the high bits.

    Each byte writes the hash so far to the place of the word; the place moves on behind a word's end. So no branch
    depends on where words end, which no processor can predict.
    """
    hashes = np.empty(word_offsets[-1] + 1, dtype=np.uint64)
    for row in range(len(offsets) - 1):
        place = word_offsets[row]
        if word_offsets[row + 1] == place:
            continue
        i, end = offsets[row], offsets[row + 1]
        h = _START
        before = 1
        while i < end:
            b = data[i]
            space = np.int64(SPACES[b])
            width = 1
            if space == ASK:
                wide = wide_space_at(data, i)
                space = 1 if wide > 0 else 0
                width = max(wide, 1)
            place += space & (before ^ 1)
            h = _START if space == 1 else (h ^ np.uint64(b)) * _PRIME
            mixed = h * _MIX
            # A space writes what the next word's first byte overwrites, at most one place behind the last word.
            hashes[place] = mixed ^ (mixed >> _32)
            before = space
            i += width
    return hashes[: word_offsets[-1]]
