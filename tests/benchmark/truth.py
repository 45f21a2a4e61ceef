"""Exact near-duplicate pairs: every pair of documents with Jaccard >= 4/5 over word 5-grams.

Independent of any sketch. An inverted index over the hashed 5-grams of document frequency
>= 2, with prefix filtering: in one global order (rarest first) two sets of Jaccard >= t
share an element among the first |S| - ceil(t |S|) + 1 of each, so only those are indexed.
That is complete, so no frequent 5-gram has to be capped. Candidates are then counted
exactly. 5-grams are 64-bit hashes of exact words: a false match has odds below 1e-3 a run.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import count

import numpy as np

SHINGLE = 5
SEED = 20_240_501


def shingle_sets(texts: Iterable[str]) -> list[np.ndarray]:
    """For each text its set of hashed word 5-grams, sorted."""
    ids: defaultdict[str, int] = defaultdict(count().__next__)
    rng = np.random.default_rng(SEED)
    tables = rng.integers(0, 2**64, size=(SHINGLE, 1 << 20), dtype=np.uint64)
    sets = []
    for text in texts:
        word_ids = np.fromiter(map(ids.__getitem__, text.split()), dtype=np.int64)
        if len(ids) > tables.shape[1]:
            more = rng.integers(0, 2**64, size=tables.shape, dtype=np.uint64)
            tables = np.concatenate([tables, more], axis=1)
        size = max(len(word_ids) - SHINGLE + 1, 0)
        hashes = np.zeros(size, dtype=np.uint64)
        for place, table in enumerate(tables):
            hashes += table[word_ids[place : place + size]]
        sets.append(np.unique(hashes))
    return sets


def duplicate_pairs(sets: list[np.ndarray]) -> list[tuple[int, int, float]]:
    """All pairs (a < b) with exact Jaccard >= 4/5, and that Jaccard."""
    sizes = np.array([len(s) for s in sets], dtype=np.int64)
    pairs = []
    for a, b in _candidates(sets, sizes):
        small, large = sorted((int(sizes[a]), int(sizes[b])))
        if 5 * small < 4 * large:
            continue
        both = len(np.intersect1d(sets[a], sets[b], assume_unique=True))
        either = small + large - both
        if 5 * both >= 4 * either:
            pairs.append((int(a), int(b), both / either))
    return pairs


def components(size: int, pairs: Iterable[tuple[int, int, float]]) -> np.ndarray:
    """The component of each document (its lowest member), or -1 for one without a pair."""
    parent = np.arange(size)
    paired = np.zeros(size, dtype=bool)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = int(parent[node])
        return node

    for a, b, _ in pairs:
        paired[a] = paired[b] = True
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(i) if paired[i] else -1 for i in range(size)], dtype=np.int64)


def _candidates(sets: list[np.ndarray], sizes: np.ndarray) -> np.ndarray:
    """Pairs that share a 5-gram of both prefixes, as rows (a < b)."""
    if not sizes.sum():
        return np.empty((0, 2), dtype=np.int64)
    hashes = np.concatenate(sets)
    docs = np.repeat(np.arange(len(sets), dtype=np.int32), sizes)
    frequency = _document_frequency(hashes)

    shared = frequency >= 2
    alone = sizes - np.bincount(docs[shared], minlength=len(sets))
    # What is left of each prefix once the document's own unique 5-grams have used it up.
    room = sizes - (4 * sizes + 4) // 5 + 1 - alone
    shared &= (room > 0)[docs]
    hashes, docs, frequency = hashes[shared], docs[shared], frequency[shared]

    order = np.lexsort((hashes, frequency, docs))
    hashes, docs = hashes[order], docs[order]
    starts = np.searchsorted(docs, np.arange(len(sets)))
    in_prefix = np.arange(len(docs)) - starts[docs] < room[docs]
    hashes, docs = hashes[in_prefix], docs[in_prefix].astype(np.int64)

    order = np.lexsort((docs, hashes))
    hashes, docs = hashes[order], docs[order]
    found: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
    # Within a group of equal hashes, pair each member with the one `step` places on.
    for step in range(1, len(hashes)):
        same = np.flatnonzero(hashes[:-step] == hashes[step:])
        if not len(same):
            break
        found.append(np.unique(docs[same] * len(sets) + docs[same + step]))
    codes = np.unique(np.concatenate(found))
    return np.stack(np.divmod(codes, len(sets)), axis=1)


def _document_frequency(hashes: np.ndarray) -> np.ndarray:
    """How often each element's value occurs, by slices of the hash range to save memory."""
    frequency = np.empty(len(hashes), dtype=np.int32)
    part = (hashes >> np.uint64(60)).astype(np.uint8)
    for number in range(16):
        index = np.flatnonzero(part == number)
        _, inverse, counts = np.unique(hashes[index], return_inverse=True, return_counts=True)
        frequency[index] = counts[inverse]
    return frequency
