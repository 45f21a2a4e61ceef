"""One segment of whole sentences a row, between the begin and end tokens, then padding.

LTG-BERT (arXiv 2303.09859): sentences of a document are joined until the row is over-full; the segment is cut there
and the next one starts with the whole sentence that did not fit. A tenth of the rows is cut to a random shorter length.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.batches.draws import uniform
from training.batches.rows import Rows, Tokens
from training.batches.settings import Padded
from training.errors import RecipeError


class Layout:
    """Segments of whole sentences."""

    separate = True

    def __init__(self, tokens: Tokens, settings: Padded, seed: int) -> None:
        """Keep views; the segments of a row length are found when it is first asked for."""
        self._tokens = tokens
        self._short = settings.short
        sentences = tokens.documents[:-1] if tokens.sentences is None else tokens.sentences
        self._cuts = np.unique(np.concatenate([sentences, tokens.documents]))
        self._segments = lru_cache(maxsize=4)(self._find)

    def _room(self, length: int) -> int:
        return length - (self._tokens.begin is not None) - (self._tokens.end is not None)

    def _find(self, room: int) -> NDArray[np.int64]:
        if room < 1:
            raise RecipeError(
                "rows are too short for one token between begin and end", where="schedule.length", hint="raise it"
            )
        found: NDArray[np.int64] = _segments(self._cuts, self._tokens.documents, room)
        return found

    def count(self, stride: int) -> int:
        """Return the segments of an epoch."""
        return len(self._segments(self._room(stride)))

    def fill(self, rows: Rows, numbers: NDArray[np.int64], stride: int, epoch: int, keys: NDArray[np.uint64]) -> None:
        """Write the rows of these numbers."""
        begin = -1 if self._tokens.begin is None else self._tokens.begin
        end = -1 if self._tokens.end is None else self._tokens.end
        spans = self._segments(self._room(stride))[numbers]
        _fill(rows.ids, rows.segments, rows.origins, spans, self._tokens.ids, begin, end, keys, self._short)


@njit(cache=True)
def _segments(cuts, documents, room):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = []
    for document in range(len(documents) - 1):
        start, stop = documents[document], documents[document + 1]
        while start < stop:
            full = min(start + room, stop)
            out.append((start, full))
            # The next segment starts with the sentence that was cut, or goes on inside one longer than a row.
            after = cuts[np.searchsorted(cuts, full, side="right") - 1]
            start = after if after > start else full
    found = np.empty((len(out), 2), np.int64)
    for number in range(len(out)):
        found[number, 0], found[number, 1] = out[number]
    return found


@njit(cache=True)
def _fill(ids, segments, origins, spans, tokens, begin, end, keys, short):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(ids.shape[0]):
        start, stop = spans[row]
        if uniform(keys[row], 0) < short:
            stop = start + max(np.int64(uniform(keys[row], 1) * (stop - start + 1)), 1)
        column = 0
        if begin >= 0:
            ids[row, 0] = begin
            segments[row, 0] = 1
            column = 1
        for origin in range(start, stop):
            ids[row, column] = tokens[origin]
            origins[row, column] = origin
            segments[row, column] = 1
            column += 1
        if end >= 0 and column < ids.shape[1]:
            ids[row, column] = end
            segments[row, column] = 1
