"""Which texts need Unicode work at all: a screen, so that ``unicodedata`` sees only the few that do.

The table is built from this Python's ``unicodedata``: a character is suspect when NFC might change it or something
next to it (Unicode Standard Annex 15, quick check No or Maybe), or when the step's own rules act on it.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import inlined, kernel
from curation.kernels.utf8 import code_point_at, length_at

# No character from here on has a decomposition or combines (checked by a unit test on every supported Python).
_LAST_KNOWN = 0x33480


@cache
def nfc_suspects() -> NDArray[np.bool_]:
    """Return a table over all code points: true where text with that character may not be in NFC."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    table[0x1161:0x1176] = table[0x11A8:0x11C3] = True  # Hangul vowels and finals compose by rule, not by table
    for point in range(0x80, _LAST_KNOWN):
        character = chr(point)
        if unicodedata.combining(character):
            table[point] = True
        elif parts := unicodedata.decomposition(character):
            if parts[0] == "<":
                continue
            table[point] |= not unicodedata.is_normalized("NFC", character)
            pair = parts.split()
            if len(pair) == 2:
                table[int(pair[1], 16)] = True  # the second half of a pair may compose with what stands before it
    return table


@kernel
def suspicious(data: NDArray[np.uint8], offsets: NDArray[np.int64], suspect: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which texts hold a suspect character. Printable ASCII, tabs and newlines never are."""
    n = len(offsets) - 1
    found = np.zeros(n, dtype=np.bool_)
    for row in range(n):
        if _plain(data[offsets[row] : offsets[row + 1]]):
            continue
        i, end = offsets[row], offsets[row + 1]
        while i < end:
            b = data[i]
            if b < 0x80:
                if suspect[b]:
                    found[row] = True
                    break
                i += 1
            else:
                if suspect[code_point_at(data, i)]:
                    found[row] = True
                    break
                i += length_at(b)
    return found


@inlined
def _plain(text: NDArray[np.uint8]) -> bool:
    """Return whether a text is printable ASCII, tabs and newlines: the quick look that settles most texts."""
    odd = np.uint8(0)
    for i in range(len(text)):
        b = text[i]
        odd |= np.uint8((b >= 0x7F) | ((b < 32) & (b != 10) & (b != 9)))
    return odd == 0
