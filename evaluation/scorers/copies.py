"""Masked copies of texts, each with one token hidden that is asked for; equal ones are found and run once.

A text longer than the model's limit is narrowed around the token asked for, and keeps its first and last token.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evaluation.scorers.tokens import TokenPlan

_COMPILE: dict[str, Any] = {"cache": True, "nogil": True}
_START, _FACTOR = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
_SPREAD = np.uint64(32)


class Copies(NamedTuple):
    """Copies in the order in which they are run: short ones first, equal ones folded.

    Attributes:
        numbers: int64 ``[n]``, scored tokens by their number in the plan, copy by copy.
        answered: int64 ``[copies + 1]``, where each copy's scored tokens begin in ``numbers``.
        sizes: int64 ``[copies]``, how many tokens each has.
        sources: int64 ``[copies, 4]``: the text's first token in the plan's ids, its length, the first token of the
            copy within the text, and the token asked for within the text.
    """

    numbers: NDArray[np.int64]
    answered: NDArray[np.int64]
    sizes: NDArray[np.int64]
    sources: NDArray[np.int64]


def copies_of(plan: TokenPlan, numbers: NDArray[np.int64], mask: int, limit: int | None) -> Copies:
    """Return the copies that answer for some scored tokens.

    Args:
        plan: has the tokens; with words, the rest of the hidden token's word is hidden too.
        numbers: int64, ascending.
        mask: the id that hides a token.
        limit: the most tokens of a copy, or None for any number.
    """
    query = plan.query_of(numbers)
    start = plan.rows[query]
    length = plan.rows[query + 1] - start
    place = plan.places[numbers] - start
    size = length if limit is None else np.minimum(length, limit)
    left = np.clip(place - size // 2, 0, length - size)
    sources = np.stack([start, length, left, place], axis=1)
    hashes = _hashes(plan.ids, plan.words, mask, sources, size)
    order = np.lexsort([hashes, size])
    new = _differs(plan.ids, plan.words, mask, sources[order], size[order])
    first = np.flatnonzero(new)
    return Copies(numbers[order], np.append(first, len(order)), size[order][first], sources[order][first])


def write(plan: TokenPlan, copies: Copies, chosen: slice, mask: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the ids of some copies one after the other, and where each begins."""
    sizes = copies.sizes[chosen]
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    ids = np.empty(bounds[-1], np.int32)
    _write(plan.ids, plan.words, mask, copies.sources[chosen], bounds, ids)
    return ids, bounds


@njit(inline="always", **_COMPILE)
def _token(ids, words, mask, source, size, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the id at a place of a copy."""
    start, length, left, place = source
    inside = left + at
    if inside == place:
        return mask
    if len(words) and inside > place and words[start + place] >= 0 and words[start + inside] == words[start + place]:
        return mask
    if at == 0:
        return ids[start]
    if at == size - 1:
        return ids[start + length - 1]
    return ids[start + inside]


@njit(**_COMPILE)
def _hashes(ids, words, mask, sources, sizes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = np.empty(len(sizes), np.uint64)
    for copy in range(len(sizes)):
        value = _START
        for at in range(sizes[copy]):
            value = (value ^ np.uint64(_token(ids, words, mask, sources[copy], sizes[copy], at))) * _FACTOR
            value ^= value >> _SPREAD
        out[copy] = value ^ np.uint64(sources[copy, 3] - sources[copy, 2])
    return out


@njit(**_COMPILE)
def _differs(ids, words, mask, sources, sizes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return whether each copy is another than the one before it, or asks at another place."""
    out = np.ones(len(sizes), np.bool_)
    for copy in range(1, len(sizes)):
        here, before = sources[copy], sources[copy - 1]
        same = sizes[copy] == sizes[copy - 1] and here[3] - here[2] == before[3] - before[2]
        at = 0
        while same and at < sizes[copy]:
            mine = _token(ids, words, mask, here, sizes[copy], at)
            same = mine == _token(ids, words, mask, before, sizes[copy], at)
            at += 1
        out[copy] = not same
    return out


@njit(**_COMPILE)
def _write(ids, words, mask, sources, bounds, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for copy in range(len(sources)):
        size = bounds[copy + 1] - bounds[copy]
        for at in range(size):
            out[bounds[copy] + at] = _token(ids, words, mask, sources[copy], size, at)
