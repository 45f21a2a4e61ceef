"""Reading UTF-8 by hand: white space, code points, letters. All inputs are valid UTF-8 (readers check).

A table lookup a byte, with one well-predicted branch for the rare lead bytes, is seven times faster here than
comparing ranges: the loops below stay free of branches that depend on where words end.
"""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
from numpy.typing import NDArray

from curation.core.words import WHITE_SPACE
from curation.kernels.compile import inlined

VISIBLE, SPACE, ASK = 0, 1, 2


def _space_table() -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    for point in WHITE_SPACE:
        encoded = chr(point).encode()
        table[encoded[0]] = SPACE if len(encoded) == 1 else ASK
    return table


#: For each byte: part of a visible character, ASCII white space, or the first byte of what may be white space.
SPACES = _space_table()


@inlined
def space_at(data: NDArray[np.uint8], i: int) -> int:
    """Return the length in bytes of the white-space character at ``i``, 0 if there is none (``str.isspace``)."""
    kind = SPACES[data[i]]
    return kind if kind != ASK else wide_space_at(data, i)


@inlined
def wide_space_at(data: NDArray[np.uint8], i: int) -> int:
    """Return what ``space_at`` does, for a byte whose entry in ``SPACES`` is ``ASK``."""
    b, c = data[i], data[i + 1]
    if b == 0xC2:
        return 2 if c == 0x85 or c == 0xA0 else 0
    d = data[i + 2]
    if b == 0xE2:
        if c == 0x80:
            return 3 if d <= 0x8A or d == 0xA8 or d == 0xA9 or d == 0xAF else 0
        return 3 if c == 0x81 and d == 0x9F else 0
    if b == 0xE1:
        return 3 if c == 0x9A and d == 0x80 else 0
    return 3 if c == 0x80 and d == 0x80 else 0


@inlined
def may_hold_wide_space(text: NDArray[np.uint8]) -> bool:
    """Return False if a text holds no white space beyond ASCII; True if it may, and needs a closer look.

    No branch, and indices from 0 on: the compiler turns the loop into vector instructions. Few comparisons: quotation
    marks, dashes and ellipses (U+2010 to U+2027), which are common, are told apart from spaces by one.
    """
    found = np.uint8(0)
    n = len(text)
    for i in range(n - 2):
        b, c, d = text[i], text[i + 1], text[i + 2]
        general = (c == 0x81) | ((c == 0x80) & ((d < 0x90) | (d >= 0xA8)))
        found |= np.uint8(((b == 0xE2) & general) | (b == 0xC2) | (b == 0xE1) | (b == 0xE3))
    return found != 0 or (n >= 2 and text[n - 2] == 0xC2)


@inlined
def length_at(b: int) -> int:
    """Return the length in bytes of the character whose first byte is ``b``."""
    return 1 if b < 0x80 else 2 if b < 0xE0 else 3 if b < 0xF0 else 4


@inlined
def code_point_at(data: NDArray[np.uint8], i: int) -> int:
    """Return the code point at ``i``."""
    b = np.int64(data[i])
    if b < 0x80:
        return b
    c = np.int64(data[i + 1]) & 0x3F
    if b < 0xE0:
        return ((b & 0x1F) << 6) | c
    d = np.int64(data[i + 2]) & 0x3F
    if b < 0xF0:
        return ((b & 0x0F) << 12) | (c << 6) | d
    return ((b & 0x07) << 18) | (c << 12) | (d << 6) | (np.int64(data[i + 3]) & 0x3F)


@inlined
def code_point_before(data: NDArray[np.uint8], i: int) -> int:
    """Return the code point that ends just before ``i``."""
    i -= 1
    while data[i] & 0xC0 == 0x80:
        i -= 1
    return code_point_at(data, i)


@cache
def letters() -> NDArray[np.bool_]:
    """Return a table over all code points: true where ``str.isalpha`` (of this Python's Unicode version)."""
    table = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    known = 0x33480  # the planes above hold no letters
    table[:known] = np.fromiter((chr(point).isalpha() for point in range(known)), dtype=np.bool_, count=known)
    return table
