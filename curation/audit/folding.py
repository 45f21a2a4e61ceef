"""Folded words and their n-grams as hashes: what contamination compares, without case, punctuation and accents.

A word is folded by taking the letters and digits of it, in lower case and without accents; what is left of
free-standing punctuation is nothing. So ``Don't`` and ``dont``, ``Mount Fuji --`` and ``mount fuji`` are the same.
The search over word n-grams that evaluation and training text share is that of Brown et al. 2020, "Language Models are
Few-Shot Learners", appendix C.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import kernel
from curation.kernels.hash_set import holds, insert, slots_for
from curation.kernels.hashing import mix
from curation.kernels.utf8 import code_point_at, length_at, space_at
from curation.kernels.words import count_words

_START = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_BASE = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_38 = np.uint64(38)
#: A bit for each of 2^26 hash prefixes: 8 MB, which stay near the processor, rule most words of a corpus out.
_BITS = 26


@cache
def folds() -> NDArray[np.uint32]:
    """Return for each code point the one it is folded to; 0 where it is neither letter nor digit."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint32)
    for point in range(0x33480):  # the planes above hold no letters
        if chr(point).isalnum():
            table[point] = ord(unicodedata.normalize("NFKD", chr(point).casefold())[0])
    return table


def folded_words(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of the folded words of each text, end to end, and the n + 1 offsets by text."""
    room = int(count_words(data, offsets).sum())
    words, word_offsets = _fold(data, offsets, folds(), room)
    return words, word_offsets


@kernel
def _fold(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint32], room: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash each folded word: FNV-1a (Fowler, Noll, Vo 1991) over its code points."""
    words = np.empty(room, dtype=np.uint64)
    word_offsets = np.zeros(len(offsets), dtype=np.int64)
    place = 0
    for row in range(len(offsets) - 1):
        i, end = offsets[row], offsets[row + 1]
        h = _START
        while i < end:
            b = data[i]
            width = space_at(data, i)
            if width > 0:
                if h != _START:
                    words[place] = mix(h)
                    place += 1
                    h = _START
                i += width
                continue
            folded = table[b] if b < 128 else table[code_point_at(data, i)]
            if folded != 0:
                h = (h ^ np.uint64(folded)) * _PRIME
            i += length_at(b)
        if h != _START:
            words[place] = mix(h)
            place += 1
        word_offsets[row + 1] = place
    return words[:place], word_offsets


@kernel
def grams_of(
    words: NDArray[np.uint64], offsets: NDArray[np.int64], n: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the keys of the n-grams of each text, one after another, and the offsets by text.

    A text of fewer than ``n`` words has one key, that of the whole text; one without words has none. Gaps between
    texts never lie inside an n-gram.
    """
    texts = len(offsets) - 1
    keys = np.empty(len(words), dtype=np.uint64)
    key_offsets = np.zeros(texts + 1, dtype=np.int64)
    place = 0
    for row in range(texts):
        start, end = offsets[row], offsets[row + 1]
        size = min(n, end - start)
        if size > 0:
            for first in range(start, end - size + 1):
                h = np.uint64(size)
                for k in range(size):
                    h = h * _BASE + words[first + k]
                keys[place] = mix(h)
                place += 1
        key_offsets[row + 1] = place
    return keys[:place], key_offsets


@kernel
def searchable(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Return keys as a hash set, and a bit for each prefix that occurs."""
    slots = slots_for(len(keys))
    table = np.zeros(slots, dtype=np.uint64)
    bits = np.zeros((1 << _BITS) >> 3, dtype=np.uint8)
    for key in keys:
        insert(table, slots, key)
        prefix = key >> _38
        bits[np.int64(prefix >> np.uint64(3))] |= np.uint8(1) << np.uint8(prefix & np.uint64(7))
    return table, bits


@kernel
def find_grams(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int64],
    table: NDArray[np.uint64],
    bits: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return (rows, keys) of every n-gram of the texts that is in the set; ``sizes`` are the lengths to look for."""
    slots = len(table)
    room = 1024
    rows = np.empty(room, dtype=np.int64)
    keys = np.empty(room, dtype=np.uint64)
    found = 0
    for size in sizes:
        power = _ONE
        for _ in range(size):
            power *= _BASE
        # The key of a run is a polynomial in _BASE with the size as its leading digit: a word enters, one leaves.
        lead = np.uint64(size) * power
        for row in range(len(offsets) - 1):
            start, end = offsets[row], offsets[row + 1]
            h = np.uint64(0)
            for i in range(start, end):
                h = h * _BASE + words[i]
                if i - start >= size:
                    h -= power * words[i - size]
                if i - start < size - 1:
                    continue
                key = mix(h + lead)
                prefix = key >> _38
                if bits[np.int64(prefix >> np.uint64(3))] & (np.uint8(1) << np.uint8(prefix & np.uint64(7))) == 0:
                    continue
                if holds(table, slots, key):
                    if found == room:
                        room *= 2
                        more_rows, more_keys = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.uint64)
                        more_rows[:found], more_keys[:found] = rows, keys
                        rows, keys = more_rows, more_keys
                    rows[found], keys[found] = row, key
                    found += 1
    return rows[:found].copy(), keys[:found].copy()
