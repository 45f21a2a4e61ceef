"""A back-off n-gram model in memory, and the log-probabilities that it gives to texts.

Each level is a sorted array of keys (``count.py``) with a log-probability and a back-off weight for each, base 10 and
fp32 as in ARPA files. A word's probability is that of the longest n-gram that the model holds and that ends in it, less
the back-off weights of the longer contexts that it holds (Katz 1987). All words of many texts are looked up together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.ngram.count import bits_for, find

#: Log10-probability of the begin mark, which is never predicted; ARPA's way to write zero.
NEVER = -99.0
#: Stands between texts that are not opened by the begin mark: no n-gram reaches over it.
BORDER = -1
#: Nats of a factor of ten.
LN10 = float(np.log(10.0))


@dataclass(frozen=True)
class Level:
    """The n-grams of one order.

    Attributes:
        keys: int64 ``[n-grams]``, ascending.
        logprobs: float32 ``[n-grams]``, base 10.
        backoffs: float32 ``[n-grams]``, base 10; zeros at the highest order.
    """

    keys: NDArray[np.int64]
    logprobs: NDArray[np.float32]
    backoffs: NDArray[np.float32]


@dataclass(frozen=True)
class NgramModel:
    """A model over a vocabulary.

    Attributes:
        names: the vocabulary; a word's id is its place.
        begin: id of the mark that opens a sentence.
        end: id of the mark that closes it, or None if the model does not predict ends.
        unknown: id that stands for words out of vocabulary, or None.
        levels: by order, from 1.
        facts: how it came about, JSON-able: discounts, words read, and the like.
    """

    names: tuple[str, ...]
    begin: int
    end: int | None
    unknown: int | None
    levels: tuple[Level, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> int:
        """Length of its longest n-grams."""
        return len(self.levels)

    @property
    def bits(self) -> int:
        """Bits of a key that hold its last word."""
        return bits_for(len(self.names))

    @cached_property
    def ids(self) -> dict[str, int]:
        """Ids by name."""
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that decides its numbers."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        digest.update(f"\n{self.begin} {self.end} {self.unknown}".encode())
        for level in self.levels:
            for array in (level.keys, level.logprobs, level.backoffs):
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def log10(self, ids: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
        """Return each word's log10-probability given the words before it, and the length of the n-gram it was found in.

        Args:
            ids: int32 ``[words]``, texts one after the other; each begins with ``begin`` or after a ``BORDER``.

        Returns:
            float32 ``[words]`` and int8 ``[words]``; what stands at a ``BORDER`` or a begin mark means nothing.
        """
        values = self.levels[0].logprobs[ids]
        length = np.ones(len(ids), np.int8)
        weights = []
        ranks = ids.astype(np.int32)  # of the n-gram that ends in each word
        for n, level in enumerate(self.levels[1:], 2):
            context = np.concatenate([[BORDER], ranks[:-1]]).astype(np.int64)
            known = context >= 0
            weight = np.zeros(len(ids), np.float32)
            weight[known] = self.levels[n - 2].backoffs[context[known]]
            weights.append(weight)
            inside = known & (ids >= 0) & (ids != self.begin)
            ranks = np.full(len(ids), -1, np.int32)
            ranks[inside] = find(level.keys, context[inside] << self.bits | ids[inside])
            hit = ranks >= 0
            values[hit] = level.logprobs[ranks[hit]]
            length[hit] = n
        for size, weight in enumerate(weights, 1):  # from the shortest context on, in fp32: kenlm's sums to the bit
            values = np.where(length <= size, values + weight, values)
        return values, length

    def ngrams(self, n: int, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the words of n-grams of order ``n`` by rank, int64 ``[ranks, n]``."""
        columns = []
        for level in reversed(self.levels[1:n]):
            keys = level.keys[ranks]
            columns.append(keys & ((1 << self.bits) - 1))
            ranks = keys >> self.bits
        return np.stack([ranks, *reversed(columns)], axis=1)
