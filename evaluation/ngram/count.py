"""Counts of all n-grams of a text up to an order, by sorting: no hash table, and memory that the text does not decide.

An n-gram is a 64-bit key: the rank of its first n - 1 words among the (n - 1)-grams, and its last word behind it. So a
level is one sorted array, n-grams with the same context lie side by side, and any order and vocabulary fit. The text is
read in pieces; the distinct keys of each are merged with those before (Heafield et al. 2013, ``lmplz``, does it so on
disk).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Words sorted at once: about 100 MB of keys and orders.
PIECE = 1 << 22

Run = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Counts:
    """How often each n-gram of a text occurs.

    Attributes:
        size: words in the vocabulary, the begin mark among them.
        begin: id of the mark that opens each sentence; n-grams do not reach over it.
        keys: for each order, int64 ``[n-grams]`` ascending; order 1 has every id of the vocabulary.
        counts: for each order, int64 ``[n-grams]``.
    """

    size: int
    begin: int
    keys: tuple[NDArray[np.int64], ...]
    counts: tuple[NDArray[np.int64], ...]

    @property
    def bits(self) -> int:
        """Bits of a key that hold its last word."""
        return bits_for(self.size)


def bits_for(size: int) -> int:
    """Return the bits that ids below ``size`` need."""
    return max(int(size - 1).bit_length(), 1)


def find(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the rank of each wanted key among sorted keys, int32 as ``wanted``; -1 where it is not there."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int32)
    ranks = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1).astype(np.int32)
    ranks[keys[ranks] != wanted] = -1
    return ranks


def count(ids: NDArray[np.int32], size: int, begin: int, order: int, *, piece: int = PIECE) -> Counts:
    """Count the n-grams of a text.

    Args:
        ids: int32 ``[N]``, sentences one after the other, each opened by ``begin``.
        size: ids are below it.
        begin: the mark's id.
        order: longest n-gram.
        piece: words sorted at once; the result is the same for any.
    """
    keys = [np.arange(size, dtype=np.int64)]
    counts = [np.bincount(ids, minlength=size).astype(np.int64)]
    bits = bits_for(size)
    ranks = ids  # of the n-gram that starts at each word
    for n in range(2, order + 1):
        runs: list[Run] = []
        starts = max(len(ids) - n + 1, 0)
        for start in range(0, starts, piece):
            found = _keys(ids, ranks, begin, bits, n, start, min(start + piece, starts))
            _push(runs, np.unique(found[found >= 0], return_counts=True))
        while len(runs) > 1:
            runs.append(_merge(runs.pop(), runs.pop()))
        level, of_level = runs[0] if runs else (np.empty(0, np.int64), np.empty(0, np.int64))
        if n < order:
            ranks = _ranks(ids, ranks, begin, bits, n, starts, piece, level)
        keys.append(level)
        counts.append(of_level)
    return Counts(size, begin, tuple(keys), tuple(counts))


def _keys(
    ids: NDArray[np.int32], ranks: NDArray[np.int32], begin: int, bits: int, n: int, start: int, stop: int
) -> NDArray[np.int64]:
    """Return the keys of the n-grams that start at ``start:stop``; -1 where one would reach into the next sentence."""
    context, last = ranks[start:stop].astype(np.int64), ids[start + n - 1 : stop + n - 1]
    return np.where((context >= 0) & (last != begin), context << bits | last, -1)


def _ranks(
    ids: NDArray[np.int32],
    ranks: NDArray[np.int32],
    begin: int,
    bits: int,
    n: int,
    starts: int,
    piece: int,
    level: NDArray[np.int64],
) -> NDArray[np.int32]:
    result = np.full(len(ids), -1, np.int32)
    for start in range(0, starts, piece):
        stop = min(start + piece, starts)
        wanted = _keys(ids, ranks, begin, bits, n, start, stop)
        order = np.argsort(wanted)  # in order, the search walks through the level and stays in cache
        result[start:stop][order] = find(level, wanted[order])
    return result


def _push(runs: list[Run], run: Run) -> None:
    """Add a run, and merge while the last two are of like size: each key is moved a logarithm of times."""
    runs.append(run)
    while len(runs) > 1 and len(runs[-2][0]) <= 2 * len(runs[-1][0]):
        runs.append(_merge(runs.pop(), runs.pop()))


def _merge(one: Run, two: Run) -> Run:
    keys = np.concatenate([one[0], two[0]])
    if not len(keys):
        return one
    order = np.argsort(keys, kind="stable")  # finds the two sorted runs and merges them
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.add.reduceat(np.concatenate([one[1], two[1]])[order], first)
