"""Documents one after the other, cut into rows of equal length.

BabyLlama (arXiv 2308.02019) reads all text as one stream without separators, from a fresh random offset at each visit;
GPT-2 baselines put an end token between documents. With ``separate`` the rows know which document a token is from.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.batches.draws import key_for, shuffled, uniform
from training.batches.rows import Rows, Tokens
from training.batches.settings import Stream


class Layout:
    """The stream of one order of documents for each epoch."""

    def __init__(self, tokens: Tokens, settings: Stream, seed: int) -> None:
        """Keep views; an epoch's order is computed when it is first asked for."""
        self.separate = settings.separate
        self._tokens = tokens
        self._settings = settings
        self._seed = seed
        self._begin = tokens.begin if settings.begin and tokens.begin is not None else -1
        self._end = tokens.end if settings.end and tokens.end is not None else -1
        lengths = np.diff(tokens.documents)
        self._filled = np.flatnonzero(lengths)
        self._lengths = lengths[self._filled] + (self._begin >= 0) + (self._end >= 0)
        self.total = int(self._lengths.sum())
        self._of_epoch = lru_cache(maxsize=2)(self._order)

    def count(self, stride: int) -> int:
        """Return the rows of an epoch: what is left at the end of the stream makes no row."""
        return max((self.total - 1) // stride, 0)

    def _order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.arange(len(self._filled))
        if self._settings.shuffle == "documents":
            order = shuffled(key_for(self._seed, "documents", epoch), len(order))
        starts = np.zeros(len(order) + 1, np.int64)
        np.cumsum(self._lengths[order], out=starts[1:])
        return self._filled[order], starts

    def fill(self, rows: Rows, numbers: NDArray[np.int64], stride: int, epoch: int, keys: NDArray[np.uint64]) -> None:
        """Write the rows of these numbers."""
        documents, starts = self._of_epoch(epoch)
        first = numbers * stride
        if self._settings.random_offset:
            first = _shifted(first, keys, stride, self.total - rows.ids.shape[1])
        _fill(
            rows.ids,
            rows.segments,
            rows.origins,
            first,
            documents,
            starts,
            self._tokens.ids,
            self._tokens.documents,
            self._begin,
            self._end,
        )


@njit(cache=True)
def _shifted(first, keys, stride, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = np.empty_like(first)
    for row in range(len(first)):
        out[row] = max(min(first[row] + np.int64(uniform(keys[row], 0) * stride), last), 0)
    return out


@njit(cache=True)
def _fill(ids, segments, origins, first, documents, starts, tokens, offsets, begin, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(ids.shape[0]):
        place = first[row]
        document = np.searchsorted(starts, place, side="right") - 1
        segment = 1
        for column in range(ids.shape[1]):
            while document < len(documents) and place >= starts[document + 1]:
                document += 1
                segment += 1
            if document >= len(documents):
                break  # beyond the last token: padding
            inside = place - starts[document]
            segments[row, column] = segment
            if begin >= 0 and inside == 0:
                ids[row, column] = begin
            elif end >= 0 and place == starts[document + 1] - 1:
                ids[row, column] = end
            else:
                origin = offsets[documents[document]] + inside - (begin >= 0)
                ids[row, column] = tokens[origin]
                origins[row, column] = origin
            place += 1
