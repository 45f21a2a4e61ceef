"""Random numbers as a pure function of what they are for: SplitMix64 (Steele, Lea and Flood 2014) on counters.

A draw is ``uniform(key, n)``: the n-th number of the stream that ``key`` names. No generator is carried along, so a
batch can be made again by any process in any order.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for


@njit(cache=True, inline="always")
def mix(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Scramble 64 bits, one to one."""
    x = uint64(x) + uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    return x ^ (x >> uint64(31))


@njit(cache=True, inline="always")
def uniform(key, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the number at place ``counter`` of the stream ``key``: a float64 in [0, 1)."""
    return float(mix(uint64(key) ^ mix(uint64(counter))) >> uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def hashes(key, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return a scrambled value for each number below ``count``."""
    out = np.empty(count, np.uint64)
    for number in range(count):
        out[number] = mix(uint64(key) ^ mix(uint64(number)))
    return out


def key_for(*parts: object) -> np.uint64:
    """Return the key of a stream named by, say, (seed, "order", epoch)."""
    return np.uint64(seed_for(*parts))


def shuffled(key: np.uint64, count: int) -> NDArray[np.int64]:
    """Return the numbers below ``count`` in the order of their hashes."""
    return np.argsort(hashes(key, count), kind="stable")
