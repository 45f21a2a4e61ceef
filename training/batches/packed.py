"""A begin token and a piece of a document, then further random pieces until the row is full.

GPT-BERT (arXiv 2410.24159; ``pretraining/dataset.py`` of its code): documents are cut every T - 2 tokens and pieces of
one token are left out. An epoch has each piece once as the leader of a row; the pieces that fill up a row are extra
exposure, which is why words are counted from the tokens that go out. Where the published code takes the window of a
filling piece that was seen least so far, a table that depends on arrival order, ours is drawn at random.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.batches.draws import uniform
from training.batches.rows import Rows, Tokens
from training.batches.settings import Packed
from training.errors import RecipeError


class Layout:
    """Pieces of documents, packed."""

    separate = True

    def __init__(self, tokens: Tokens, settings: Packed, seed: int) -> None:
        """Keep views; the pieces of a row length are found when it is first asked for."""
        if tokens.begin is None:
            raise RecipeError(
                "the packed layout starts each piece with the tokenizer's begin token, and it has none",
                where="data.layout",
                hint="give the tokenizer a `begin` special, or use the stream layout",
            )
        self._tokens = tokens
        self._begin = tokens.begin
        self._pieces = lru_cache(maxsize=4)(self._find)

    def _find(self, stride: int) -> NDArray[np.int64]:
        if stride < 3:
            raise RecipeError("rows are too short for a piece of two tokens", where="schedule.length", hint="raise it")
        found: NDArray[np.int64] = _pieces(self._tokens.documents, max(stride - 2, 2))
        return found

    def count(self, stride: int) -> int:
        """Return the pieces of an epoch: each leads one row."""
        return len(self._pieces(stride))

    def fill(self, rows: Rows, numbers: NDArray[np.int64], stride: int, epoch: int, keys: NDArray[np.uint64]) -> None:
        """Write the rows of these numbers."""
        _fill(rows.ids, rows.segments, rows.origins, self._pieces(stride), numbers, self._tokens.ids, self._begin, keys)


@njit(cache=True)
def _pieces(documents, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    count = 0
    for document in range(len(documents) - 1):
        length = documents[document + 1] - documents[document]
        count += length // size + (length % size > 1)
    found = np.empty((count, 2), np.int64)
    number = 0
    for document in range(len(documents) - 1):
        start = documents[document]
        while documents[document + 1] - start > 1:
            found[number, 0] = start
            found[number, 1] = min(start + size, documents[document + 1])
            start = found[number, 1]
            number += 1
    return found


@njit(cache=True)
def _fill(ids, segments, origins, pieces, numbers, tokens, begin, keys):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(ids.shape[0]):
        start, stop = pieces[numbers[row]]
        column, segment, draw = 0, 1, 0
        while True:
            ids[row, column] = begin
            segments[row, column] = segment
            column += 1
            for origin in range(start, stop):
                ids[row, column] = tokens[origin]
                origins[row, column] = origin
                segments[row, column] = segment
                column += 1
            room = ids.shape[1] - column - 1
            if room < 1:
                break
            piece = np.int64(uniform(keys[row], draw) * len(pieces))
            start, stop = pieces[piece]
            start += np.int64(uniform(keys[row], draw + 1) * (max(stop - start - room, 0) + 1))
            stop = min(stop, start + room)
            segment += 1
            draw += 2
