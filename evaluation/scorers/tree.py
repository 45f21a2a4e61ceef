"""Prefix trees: texts in sorted order share what they begin with, and each shared token is run once.

Sorted token sequences are cut into trees of a bounded number of nodes. Within a tree nodes come in depth-first order,
so that a token sees the last node before it at each smaller depth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_COMPILE: dict[str, Any] = {"cache": True, "nogil": True}


class Forest(NamedTuple):
    """Trees, one after the other.

    Attributes:
        tokens: int32 ``[nodes]``, ids.
        depths: int64 ``[nodes]``; a root is 0.
        trees: int64 ``[trees + 1]``, where each tree begins.
        nodes: int64, the node of each token of the sequences, in the order given.
    """

    tokens: NDArray[np.int32]
    depths: NDArray[np.int64]
    trees: NDArray[np.int64]
    nodes: NDArray[np.int64]


def plant(ids: NDArray[np.int32], bounds: NDArray[np.int64], size: int) -> Forest:
    """Return the forest of sequences.

    Args:
        ids: int32, the sequences one after the other.
        bounds: int64 ``[sequences + 1]``, where each begins.
        size: nodes of a tree; a longer sequence is a tree of its own.
    """
    # Big-endian bytes sort as the ids do.
    text = ids.astype(">u4").tobytes()
    keys = [text[4 * start : 4 * end] for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    return Forest(*_plant(ids, bounds, order, size))


@njit(**_COMPILE)
def _plant(ids, bounds, order, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tokens, depths = np.empty(len(ids), np.int32), np.empty(len(ids), np.int64)
    nodes = np.empty(len(ids), np.int64)
    trees = np.zeros(len(bounds) + 1, np.int64)
    longest = 0
    for sequence in range(len(bounds) - 1):
        longest = max(longest, bounds[sequence + 1] - bounds[sequence])
    branch = np.empty(longest + 1, np.int64)  # the node at each depth of the sequence before
    deep, count, tree = 0, 0, 0
    for sequence in order:
        start, length = bounds[sequence], bounds[sequence + 1] - bounds[sequence]
        same = 0
        while same < deep and same < length and tokens[branch[same]] == ids[start + same]:
            same += 1
        if count > trees[tree] and count - trees[tree] + length - same > size:
            tree += 1
            trees[tree] = count
            same = 0
        for place in range(length):
            if place >= same:
                tokens[count], depths[count], branch[place] = ids[start + place], place, count
                count += 1
            nodes[start + place] = branch[place]
        deep = length
    trees[tree + 1] = count
    return tokens[:count].copy(), depths[:count].copy(), trees[: tree + 2].copy(), nodes
