"""What readability counts of a text: its running words, their syllables, its sentences, in one visit to each document.

The definitions of the audit's report (``audit/readability.py``, held to this file by a property test), compiled:

- a running word is a white-space separated word that holds a letter or a digit;
- its syllables are its groups of vowels, less a silent ``e`` or ``ed`` at its end, and at least one;
- a sentence ends at a word that ends in a mark of ``ENDS``, ``CLOSERS`` behind it not counted, unless the word is one
  of ``ABBREVIATIONS`` or an initial; and at the end of a line that has text behind the last such mark.

Classes of characters are a table over all code points, built from this Python's ``str``: so letters, digits, white
space and lower case are Python's for any text, not for ASCII alone.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.core.words import WHITE_SPACE
from curation.kernels.compile import inlined, kernel
from curation.kernels.utf8 import code_point_at, length_at

#: One number, or an array with one a document.
Numbers = TypeVar("Numbers", float, NDArray[Any])

#: Marks that may stand behind the end of a sentence, and before an abbreviation.
CLOSERS = "\"'\u201d\u2019\u00bb)]}*_"
OPENERS = "\"'\u201c\u2018\u00ab([{*_"
#: Marks that end a sentence.
ENDS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")
_TITLES = ("mr", "mrs", "ms", "dr", "st", "prof", "rev", "capt", "col", "gen", "jr", "sr")
ABBREVIATIONS = frozenset(f"{word}." for word in (*_TITLES, "vs", "etc", "e.g", "i.e", "no", "vol"))
#: Vowels, in lower case.
VOWELS = "aeiouyáàâäéèêëíìîïóòôöúùûü"

# Columns of the counts.
RUNNING, SYLLABLES, SENTENCES = range(3)

# Bits of the class of a character.
_SPACE, _ALNUM, _VOWEL, _CLOSES, _OPENS, _ENDS, _INITIAL, _BREAKS = (1 << bit for bit in range(8))
_NEWLINE = 0x0A
_LAST_KNOWN = 0x33480  # the planes above hold no letters and no digits
_LONGEST = max(map(len, ABBREVIATIONS))


def _packed(word: bytes) -> int:
    return int.from_bytes(word, "big")


_PACKED = np.array(sorted(_packed(word.encode()) for word in ABBREVIATIONS), dtype=np.int64)


@cache
def classes() -> NDArray[np.uint8]:
    """Return the class of every code point: uint8, one bit a property."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    for point in range(_LAST_KNOWN):
        character = chr(point)
        if character.isalnum():
            lower = character.lower()
            table[point] = _ALNUM
            if lower[0] in VOWELS:
                table[point] |= _VOWEL
            if len(lower) > 1:  # only of U+0130: the dot that it leaves parts it from a vowel behind it
                table[point] |= _BREAKS
            elif character.isalpha() and lower not in "ai":  # as words, these two end sentences: `So do I.`
                table[point] |= _INITIAL
    for bit, points in ((_SPACE, WHITE_SPACE), (_CLOSES, CLOSERS), (_OPENS, OPENERS), (_ENDS, ENDS)):
        table[[point if isinstance(point, int) else ord(point) for point in points]] |= bit
    return table


def reading_counts(docs: Documents) -> NDArray[np.int32]:
    """Return (n, 3): the running words, the syllables and the sentences of each document; computed once for a batch."""
    return docs.cached("reading_counts", lambda: count_reading(*docs.text, classes()))


@kernel
def count_reading(data: NDArray[np.uint8], offsets: NDArray[np.int64], table: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return what ``reading_counts`` does, for bare buffers of valid UTF-8; ``table`` is ``classes()``."""
    counts = np.zeros((len(offsets) - 1, 3), dtype=np.int32)
    for row in range(len(offsets) - 1):
        running = syllables = sentences = 0
        i = line = offsets[row]
        end = offsets[row + 1]
        unfinished = 0  # 1 where the line has text that no mark ends yet
        while i < end:
            start = i
            seen = groups = within = 0
            while i < end:
                b = data[i]
                kind = np.int64(table[b]) if b < 0x80 else np.int64(table[code_point_at(data, i)])
                if kind & _SPACE:
                    break
                seen |= kind
                vowel = (kind & _VOWEL) // _VOWEL
                groups += vowel & (within ^ 1)
                within = vowel & ((kind & _BREAKS) == 0)
                i += length_at(b)
            if i > start:
                if seen & _ALNUM:
                    running += 1
                    syllables += max(groups - _silent(data, start, i, table), 1)
                stop = _without_closers(data, start, i, table)
                if stop == start:
                    # Closing marks alone: behind a space they are text of their own, at the start of a line nothing.
                    unfinished = 1 if start > line else unfinished
                elif table[code_point_at(data, _before(data, stop))] & _ENDS:
                    sentences += 0 if _abbreviated(data, start, stop, table) else 1
                    unfinished = 0
                else:
                    unfinished = 1
            if i < end:
                if data[i] == _NEWLINE:
                    sentences += unfinished
                    unfinished = 0
                    line = i + 1
                i += length_at(data[i])
        counts[row, RUNNING] = running
        counts[row, SYLLABLES] = syllables
        counts[row, SENTENCES] = sentences + unfinished
    return counts


@inlined
def _before(data: NDArray[np.uint8], stop: int) -> int:
    """Return where the character starts that ends just before ``stop``."""
    i = stop - 1
    while data[i] & 0xC0 == 0x80:
        i -= 1
    return i


@inlined
def _silent(data: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint8]) -> int:
    """Return 1 if a word, with a letter or a digit in it, ends in an ``e`` or ``ed`` that is not spoken."""
    i = _before(data, stop)
    while not table[code_point_at(data, i)] & _ALNUM:
        i = _before(data, i)
    # The last three letters, 0 before the start. Upper case of ASCII differs from lower case by one bit.
    last = data[i] | 0x20
    second = data[i - 1] | 0x20 if i > start else 0
    third = data[i - 2] | 0x20 if i > start + 1 else 0
    if last == 0x65:  # e, but not in `table`
        plain = third == 0x61 or third == 0x65 or third == 0x69 or third == 0x6F or third == 0x75 or third == 0x79
        return 1 if second != 0x6C or plain else 0
    # `ed`, but not in `wanted` and `added`
    return 1 if last == 0x64 and second == 0x65 and third != 0x74 and third != 0x64 else 0


@inlined
def _without_closers(data: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint8]) -> int:
    """Return where a word ends without the closing marks behind it; ``start`` if it is nothing else."""
    while stop > start:
        i = _before(data, stop)
        if not table[code_point_at(data, i)] & _CLOSES:
            break
        stop = i
    return stop


@inlined
def _abbreviated(data: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint8]) -> bool:
    """Return whether a word that ends in a mark of ``ENDS`` is an abbreviation or an initial."""
    while table[code_point_at(data, start)] & _OPENS:  # no mark of ENDS is one of OPENERS: this ends before `stop`
        start += length_at(data[start])
    behind = start + length_at(data[start])
    if behind < stop and behind + length_at(data[behind]) == stop:
        return (table[code_point_at(data, start)] & _INITIAL) != 0
    if stop - start > _LONGEST:
        return False
    packed = np.int64(0)
    for i in range(start, stop):
        b = np.int64(data[i])
        packed = (packed << 8) | (b + 32 if 0x41 <= b <= 0x5A else b)
    found = False
    for one in _PACKED:
        found |= one == packed
    return found


def grade_level(running: Numbers, syllables: Numbers, sentences: Numbers) -> Numbers:
    """Return the Flesch-Kincaid grade level (US school years) of counts that are not 0, single or in arrays.

    Kincaid, Fishburne, Rogers and Chissom 1975, "Derivation of new readability formulas for Navy enlisted personnel".
    """
    return 0.39 * running / sentences + 11.8 * syllables / running - 15.59
