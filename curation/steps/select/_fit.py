"""Meeting a number of words exactly without cutting inside a document (or a sentence): a small subset-sum."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_SENTENCE_END = re.compile(r"[.!?\u2026][\"')\]\u201d\u2019]*(?=\s)")
#: Documents looked at beyond the budget, and words handed back from the end of what fits.
_WINDOW = 400
_BACK = 3000


def sentence_sizes(texts: pa.Array) -> list[list[int]]:
    """Return for each text the numbers of words after which a sentence ends."""
    return [
        [len(text[: match.end()].split()) for match in _SENTENCE_END.finditer(text[:200_000])]
        for text in texts.to_pylist()
    ]


def fit_exactly(  # noqa: C901  (a subset-sum and its way back)
    available: NDArray[np.int64],
    whole: int,
    quota: int,
    rows: NDArray[np.int64],
    sizes: Callable[[NDArray[np.int64]], list[list[int]]],
) -> NDArray[np.int32] | None:
    """Return the words taken of each ranked document so that they add up to ``quota``, or None.

    The first documents are taken whole, as many as leave some thousand words open; those are then made up from the
    documents that follow, each taken at one of its allowed sizes or not at all, the earliest solution first.
    """
    taken = np.zeros(len(available), np.int32)
    keep = whole
    rest = quota - int(available[:whole].sum())
    while keep > 0 and rest < _BACK and whole - keep < _WINDOW // 2:
        keep -= 1
        rest += int(available[keep])
    taken[:keep] = available[:keep]
    if rest == 0:
        return taken
    window = np.arange(keep, min(keep + _WINDOW, len(available)))
    options = sizes(rows[window])
    # reach[i] has bit w set when documents up to i can give exactly w words: a subset-sum over big integers.
    reach = [1]
    mask = (1 << (rest + 1)) - 1
    for choices in options:
        now = reach[-1]
        for size in choices:
            now |= (reach[-1] << size) & mask
        reach.append(now)
        if now >> rest & 1:
            break
    if not reach[-1] >> rest & 1:
        return None
    left = rest
    for place in range(len(reach) - 2, -1, -1):
        if reach[place] >> left & 1:
            continue  # reached without this document
        for size in sorted(options[place], reverse=True):
            if size <= left and reach[place] >> (left - size) & 1:
                taken[window[place]] = size
                left -= size
                break
    return taken
