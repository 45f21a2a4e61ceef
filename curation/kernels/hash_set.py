"""A set of 64-bit hashes in an array: open addressing with linear probing, at most half full. 0 marks a free slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import inlined


@inlined
def longest(offsets: NDArray[np.int64]) -> int:
    """Return the size of the largest row, and at least 1: what a table for any of them must hold."""
    longest = np.int64(1)
    for d in range(len(offsets) - 1):
        longest = max(longest, offsets[d + 1] - offsets[d])
    return longest


@inlined
def slots_for(count: int) -> int:
    """Return a power of two of at least twice ``count``."""
    slots = 16
    while slots < 2 * count:
        slots *= 2
    return slots


@inlined
def insert(table: NDArray[np.uint64], slots: int, key: np.uint64) -> bool:
    """Add a key to an open-addressing table; return whether it was new. 0 marks a free slot."""
    key = max(key, np.uint64(1))
    place = key & np.uint64(slots - 1)
    while table[place] != 0:
        if table[place] == key:
            return False
        place = (place + np.uint64(1)) & np.uint64(slots - 1)
    table[place] = key
    return True


@inlined
def holds(table: NDArray[np.uint64], slots: int, key: np.uint64) -> bool:
    """Return whether a key is in the table."""
    key = max(key, np.uint64(1))
    place = key & np.uint64(slots - 1)
    while table[place] != 0:
        if table[place] == key:
            return True
        place = (place + np.uint64(1)) & np.uint64(slots - 1)
    return False
