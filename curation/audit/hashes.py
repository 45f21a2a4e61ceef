"""Hashes of the audit, by hashlib and numpy: a separate implementation of how ids are made, and hashes to compare rows.

Ids are 128 bits of (source, digest of the file, position in it), or of (source, the input's own key): see
``curation/steps/intake.py`` and ``curation/kernels/hashing.py``, whose mixing is the finaliser of MurmurHash3 (Appleby
2008). So an id proves that a document stands where the ledger says, in the file whose SHA-256 the lock has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX1 = 0xFF51AFD7ED558CCD
_MIX2 = 0xC4CEB9FE1A85EC53
_33 = np.uint64(33)
#: Hexadecimal digits of an id.
_DIGITS = 32
Array = NDArray[np.uint64]


def _u(value: int) -> np.uint64:
    return np.uint64(value & _MASK)


def hash64(raw: bytes) -> int:
    """Return 64 bits of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")


@lru_cache(maxsize=4096)
def _name_hash(name: str | None) -> int:
    return 0 if name is None else hash64(name.encode())


def mix(x: Array) -> Array:
    """Return values every bit of which depends on every bit of ``x`` (MurmurHash3's finaliser)."""
    x = x ^ (x >> _33)
    x = x * _u(_MIX1)
    x = x ^ (x >> _33)
    x = x * _u(_MIX2)
    return x ^ (x >> _33)


def halves(ids: Sequence[str | None]) -> Array:
    """Return hexadecimal ids as an (n, 2) array; what is no id becomes zero."""
    return np.frombuffer(raw_ids(ids), ">u8").reshape(-1, 2).astype(np.uint64)


def raw_ids(ids: Sequence[str | None]) -> bytes:
    """Return the 16 bytes of each id, one after the other; of what is no id, zeros, which fit no digest."""
    if all(name is not None and len(name) == _DIGITS for name in ids):
        try:
            whole = bytes.fromhex("".join(cast("Sequence[str]", ids)))
        except ValueError:
            whole = b""
        if len(whole) == 16 * len(ids):
            return whole
    return b"".join(_raw_id(name) for name in ids)


def _raw_id(name: str | None) -> bytes:
    try:
        raw = bytes.fromhex(name or "")
    except ValueError:
        raw = b""
    return raw if len(raw) == 16 else bytes(16)


def row_hashes(
    ids: Sequence[str | None],
    words: Sequence[int],
    sources: Sequence[str | None],
    origins: Sequence[str | None],
    parents: Sequence[str | None],
) -> Array:
    """Return a hash of (id, words, source, origin, parent) for each document."""
    pair = halves(ids)
    names = [np.fromiter((_name_hash(name) for name in column), np.uint64, len(ids)) for column in (sources, origins)]
    result = mix(pair[:, 0] ^ mix(pair[:, 1] + _u(_GOLDEN)))
    result = mix(result + np.asarray(words, np.int64).astype(np.uint64))
    result = mix(result ^ names[0])
    result = mix(result + names[1])
    if any(parent is not None for parent in parents):
        above = np.fromiter((0 if one is None else hash64(one.encode()) for one in parents), np.uint64, len(ids))
        result = mix(result ^ above)
    else:
        result = mix(result)
    return result


def _seed(*parts: str) -> tuple[int, int]:
    digest = hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def ids_at(source: str, sha256: str, occurrence: int, positions: NDArray[np.int64]) -> Array:
    """Return the (n, 2) ids of documents at positions of a file."""
    high, low = _seed(source, sha256, str(occurrence))
    place = positions.astype(np.uint64)
    x = mix(place * _u(_GOLDEN) + _u(high))
    return np.stack([mix(x + _u(low)), mix(x ^ _u(low * _GOLDEN) ^ place)], axis=1)


def ids_of_keys(source: str, keys: Sequence[str]) -> Array:
    """Return the (n, 2) ids of documents that have a key of their own."""
    high, low = _seed(source, "key")
    raw = [key.encode() for key in keys]
    lengths = np.array([len(one) for one in raw], np.int64)
    a, b = np.full(len(raw), high, np.uint64), np.full(len(raw), low, np.uint64)
    width = int(lengths.max(initial=0))
    table = np.frombuffer(b"".join(one.ljust(width, b"\0") for one in raw), np.uint8).reshape(len(raw), width)
    for place in range(width):
        on = lengths > place
        c = table[on, place].astype(np.uint64) + np.uint64(1)
        x = (a[on] ^ c) * _u(_MIX1)
        a[on] = x ^ (x >> np.uint64(32))
        y = (b[on] + c) * _u(_MIX2)
        b[on] = y ^ (y >> np.uint64(29))
    return np.stack([mix(a ^ (b * _u(_GOLDEN))), mix(b + mix(a))], axis=1)
