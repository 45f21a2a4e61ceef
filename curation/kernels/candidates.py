"""Pairs of documents that share an LSH key: sorted keys, no hash tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import kernel

#: Buckets up to this size give all their pairs. Larger ones (boilerplate) give each member's pair with the first and
#: with the next few, so that work stays linear; the union-find joins what the chain connects.
FULL_BUCKET = 128
CHAIN = 16


@kernel
def bucket_pairs(tagged: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], int]:
    """Return pairs ``(a << 32) | b``, a < b, from sorted ``(key << 32) | document`` values.

    Also returns how many documents sit in buckets too large to give all their pairs.
    """
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    total = 0
    chained = 0
    pairs = np.empty(0, dtype=np.uint64)
    for turn in range(2):
        if turn == 1:
            pairs = np.empty(total, dtype=np.uint64)
        total = 0
        chained = 0
        start = 0
        while start < len(tagged):
            stop = start + 1
            while stop < len(tagged) and tagged[stop] >> shift == tagged[start] >> shift:
                stop += 1
            size = stop - start
            chained += size if size > FULL_BUCKET else 0
            for i in range(start, stop - 1):
                reach = stop if size <= FULL_BUCKET or i == start else min(stop, i + 1 + CHAIN)
                if turn == 1:
                    for k in range(i + 1, reach):
                        pairs[total + k - i - 1] = ((tagged[i] & low) << shift) | (tagged[k] & low)
                total += reach - i - 1
            start = stop
    return pairs, chained
