"""Word n-grams as 64-bit hashes, MinHash over them, and the exact Jaccard index of two documents.

MinHash: Broder 1997, "On the resemblance and containment of documents". A permutation is x -> a x + b mod 2^32
(Carter and Wegman 1979) of n-gram hashes that are already well mixed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import inlined, kernel
from curation.kernels.hash_set import holds, insert, longest, slots_for
from curation.kernels.hashing import mix

_BASE = np.uint64(0x9E3779B97F4A7C15)
_U32 = np.uint32
_EMPTY = np.uint32(0xFFFFFFFF)


@inlined
def ngram_hashes(words: NDArray[np.uint64], start: int, end: int, n: int, out: NDArray[np.uint64]) -> int:
    """Write the hash of each run of ``n`` of ``words[start:end]`` to ``out`` and return how many there are."""
    count = max(end - start - n + 1, 0)
    for i in range(count):
        h = np.uint64(0)
        for k in range(n):
            h = h * _BASE + words[start + i + k]
        out[i] = mix(h)
    return count


@kernel
def band_keys(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    n: int,
    factors: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
    bands: int,
    rows: int,
) -> NDArray[np.uint32]:
    """Return (documents, bands) LSH keys: a hash of ``rows`` MinHash values each; 0 where a text has no n-gram."""
    documents = len(offsets) - 1
    keys = np.zeros((documents, bands), dtype=np.uint32)
    grams = np.empty(longest(offsets), dtype=np.uint64)
    permutations = len(factors)
    least = np.empty(permutations, dtype=np.uint32)
    for d in range(documents):
        count = ngram_hashes(words, offsets[d], offsets[d + 1], n, grams)
        if count == 0:
            continue
        least[:] = _EMPTY
        for g in range(count):
            shingle = _U32(grams[g] >> np.uint64(32))
            for p in range(permutations):
                least[p] = min(least[p], _U32(shingle * factors[p] + shifts[p]))
        for b in range(bands):
            h = np.uint64(b + 1)
            for r in range(rows):
                h = mix(h * _BASE + np.uint64(least[b * rows + r]))
            keys[d, b] = max(_U32(h >> np.uint64(32)), _U32(1))
    return keys


@kernel
def unique_ngrams(
    words: NDArray[np.uint64], offsets: NDArray[np.int64], n: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the set of n-gram hashes of each text, end to end, and the n + 1 offsets of the sets."""
    documents = len(offsets) - 1
    sets = np.empty(len(words), dtype=np.uint64)
    set_offsets = np.zeros(documents + 1, dtype=np.int64)
    largest = longest(offsets)
    grams = np.empty(largest, dtype=np.uint64)
    table = np.zeros(slots_for(largest), dtype=np.uint64)
    place = 0
    for d in range(documents):
        count = ngram_hashes(words, offsets[d], offsets[d + 1], n, grams)
        slots = slots_for(count)
        table[:slots] = 0
        for g in range(count):
            if insert(table, slots, grams[g]):
                sets[place] = grams[g]
                place += 1
        set_offsets[d + 1] = place
    return sets[:place].copy(), set_offsets


@kernel
def verify_pairs(
    sets: NDArray[np.uint64],
    set_offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    threshold: float,
    parents: NDArray[np.int64],
    members: NDArray[np.int64],
    similarity: NDArray[np.float64],
) -> int:
    """Join the pairs whose exact Jaccard index reaches the threshold; return how many pairs were compared.

    ``pairs`` (m, 2) hold places in ``members``, sorted by the first; ``members`` are the documents of the sets;
    ``parents`` is the union-find forest over all documents. Pairs already joined need no proof and are skipped.
    ``similarity`` keeps, for both documents of a joined pair, the index that joined them.
    """
    table = np.zeros(slots_for(longest(set_offsets)), dtype=np.uint64)
    slots = 0
    loaded = np.int64(-1)
    compared = 0
    for p in range(len(pairs)):
        left, right = pairs[p, 0], pairs[p, 1]
        a, b = find_root(parents, members[left]), find_root(parents, members[right])
        if a == b:
            continue
        left_size = set_offsets[left + 1] - set_offsets[left]
        right_size = set_offsets[right + 1] - set_offsets[right]
        if left_size == 0 or right_size == 0:
            continue
        compared += 1
        if min(left_size, right_size) / max(left_size, right_size) < threshold:
            continue  # the sizes alone rule it out
        if loaded != left:
            slots = slots_for(left_size)
            table[:slots] = 0
            for g in range(set_offsets[left], set_offsets[left + 1]):
                insert(table, slots, sets[g])
            loaded = left
        shared = 0
        for g in range(set_offsets[right], set_offsets[right + 1]):
            shared += holds(table, slots, sets[g])
        jaccard = shared / (left_size + right_size - shared)
        if jaccard >= threshold:
            parents[max(a, b)] = min(a, b)
            similarity[members[left]] = jaccard
            similarity[members[right]] = jaccard
    return compared


@kernel
def find_root(parents: NDArray[np.int64], i: int) -> int:
    """Return the root of ``i``, halving the path on the way."""
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@kernel
def find_roots(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the root of every document."""
    roots = np.empty(len(parents), dtype=np.int64)
    for i in range(len(parents)):
        roots[i] = find_root(parents, i)
    return roots
