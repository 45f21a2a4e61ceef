"""Our own hashes, versioned by this file: the same on every machine, so ids and digests are too.

Mixing is the finaliser of MurmurHash3 (Appleby 2008, public domain) and SplitMix64 (Steele et al. 2014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import inlined, kernel

HASH_VERSION = 1

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX2 = np.uint64(0xC4CEB9FE1A85EC53)
_START = np.uint64(0xCBF29CE484222325)
_33 = np.uint64(33)


@inlined
def mix(x: np.uint64) -> np.uint64:
    """Return a 64-bit value every bit of which depends on every bit of ``x``."""
    x ^= x >> _33
    x *= _MIX1
    x ^= x >> _33
    x *= _MIX2
    x ^= x >> _33
    return x


@kernel
def position_ids(high: np.uint64, low: np.uint64, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return (n, 2) id halves for positions in the file whose 128-bit seed is (high, low)."""
    ids = np.empty((len(positions), 2), dtype=np.uint64)
    for i in range(len(positions)):
        x = mix(np.uint64(positions[i]) * _GOLDEN + high)
        ids[i, 0] = mix(x + low)
        ids[i, 1] = mix(x ^ (low * _GOLDEN) ^ np.uint64(positions[i]))
    return ids


@kernel
def key_ids(high: np.uint64, low: np.uint64, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return (n, 2) id halves for the bytes of each text, under the 128-bit seed (high, low)."""
    n = len(offsets) - 1
    ids = np.empty((n, 2), dtype=np.uint64)
    for row in range(n):
        a, b = high, low
        for i in range(offsets[row], offsets[row + 1]):
            c = np.uint64(data[i]) + np.uint64(1)
            a = (a ^ c) * _MIX1
            a ^= a >> np.uint64(32)
            b = (b + c) * _MIX2
            b ^= b >> np.uint64(29)
        ids[row, 0] = mix(a ^ (b * _GOLDEN))
        ids[row, 1] = mix(b + mix(a))
    return ids


@kernel
def order_keys(ids: NDArray[np.uint64], seed: np.uint64) -> NDArray[np.uint64]:
    """Return hash(seed, id): sorting by it is a seeded shuffle that does not depend on arrival order."""
    keys = np.empty(len(ids), dtype=np.uint64)
    for i in range(len(ids)):
        keys[i] = mix(ids[i, 1] + mix(ids[i, 0] ^ mix(seed + _GOLDEN)))
    return keys


@kernel
def sequence_digests(words: NDArray[np.uint64], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return (n, 2) digests of sequences of word hashes: how the white space is laid out does not matter."""
    n = len(offsets) - 1
    digests = np.empty((n, 2), dtype=np.uint64)
    for row in range(n):
        a, b = _START, _GOLDEN
        for i in range(offsets[row], offsets[row + 1]):
            a = (a ^ words[i]) * _MIX1
            a ^= a >> np.uint64(29)
            b = (b + words[i]) * _MIX2
            b ^= b >> np.uint64(31)
        digests[row, 0] = mix(a)
        digests[row, 1] = mix(b ^ (a * _GOLDEN))
    return digests


@kernel
def hex_digits(ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the lower-case hexadecimal digits (two a byte) of raw bytes."""
    out = np.empty(2 * len(ids), dtype=np.uint8)
    for i in range(len(ids)):
        for k in range(2):
            digit = (ids[i] >> 4) if k == 0 else (ids[i] & 15)
            out[2 * i + k] = digit + (48 if digit < 10 else 87)
    return out
