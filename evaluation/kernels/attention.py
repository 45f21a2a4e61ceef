"""Attention along the branches of a tree, or within texts of any lengths, for float32 on a CPU.

Tokens come one after the other, a tree's in depth-first order: the keys and values of the branch at hand are a stack,
and a token's place in its text is where it goes on the stack. No mask is built, nothing is padded, and a token costs as
much as it sees: a fifth of a masked square of 192 tokens (torch's scaled_dot_product_attention).

Tokens come in groups. A group is pushed whole, then each of its tokens looks at the stack up to the group's last token:
groups of one are causal, a group of a whole text sees both sides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import float32, int32, njit

_LANES = 16
_COMPILE: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": True, "error_model": "numpy"}
_LOG2_E = np.float32(1.44269504088896341)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_LOWEST = np.float32(-87.0)


@njit(inline="always", **_COMPILE)
def _exponentials(values, bits, powers, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Exponentiate numbers of at most 0 in place (the polynomial of Cephes' ``expf``); ``powers`` views ``bits``."""
    for j in range(count):
        x = max(values[j], _LOWEST)
        n = float32(math.floor(x * _LOG2_E + float32(0.5)))
        bits[j] = (int32(n) + int32(127)) << int32(23)
        r = x - n * _LN2_HIGH - n * _LN2_LOW
        p = float32(1.9875691500e-4)
        p = p * r + float32(1.3981999507e-3)
        p = p * r + float32(8.3334519073e-3)
        p = p * r + float32(4.1665795894e-2)
        p = p * r + float32(1.6666665459e-1)
        p = p * r + float32(5.0000001201e-1)
        values[j] = p * r * r + r + float32(1)
    for j in range(count):
        values[j] *= powers[j]


@njit(inline="always", **_COMPILE)
def _dots(query, keys, scores, blocks, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Multiply a query ``[size]`` with keys ``[blocks, size, lanes]``; eight at once keeps the sums in registers."""
    for block in range(blocks):
        key = keys[block]
        out = scores[block * _LANES : block * _LANES + _LANES]
        for j in range(_LANES):
            out[j] = float32(0)
        for e in range(0, size, 8):
            q0, q1, q2, q3 = query[e], query[e + 1], query[e + 2], query[e + 3]
            q4, q5, q6, q7 = query[e + 4], query[e + 5], query[e + 6], query[e + 7]
            for j in range(_LANES):
                out[j] += (
                    (q0 * key[e, j] + q1 * key[e + 1, j])
                    + (q2 * key[e + 2, j] + q3 * key[e + 3, j])
                    + (q4 * key[e + 4, j] + q5 * key[e + 5, j])
                    + (q6 * key[e + 6, j] + q7 * key[e + 7, j])
                )


@njit(inline="always", **_COMPILE)
def _mean(scores, bits, powers, values, count, blocks, size, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Put the mean of ``values`` ``[places, size]``, weighted by the softmax of ``count`` scores, into ``out``."""
    highest = scores[0]
    for j in range(count):
        highest = max(highest, scores[j])
    for j in range(count):
        scores[j] -= highest
    for j in range(count, blocks * _LANES):
        scores[j] = _LOWEST
    _exponentials(scores, bits, powers, blocks * _LANES)
    total = float32(0)
    for j in range(count):
        total += scores[j]
    share = float32(1) / total
    for j in range(count, blocks * _LANES):
        scores[j] = float32(0)
    for e in range(size):
        out[e] = float32(0)
    for j in range(0, count, 4):
        p0, p1, p2, p3 = scores[j] * share, scores[j + 1] * share, scores[j + 2] * share, scores[j + 3] * share
        for e in range(size):
            out[e] += (p0 * values[j, e] + p1 * values[j + 1, e]) + (p2 * values[j + 2, e] + p3 * values[j + 3, e])


@njit(**_COMPILE)
def attend(query, key, value, places, groups, slots, scale, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, C901
    """Attend by content.

    Args:
        query: float32 ``[H, N, d]``.
        key: ``[G, N, d]``; G divides H.
        value: ``[G, N, d]``.
        places: int64 ``[N]``, where each token stands in its text.
        groups: int64 ``[groups + 1]``, where the groups begin.
        slots: int64 ``[N]``, the row of ``out`` for each token; below 0 for none.
        scale: scores are multiplied by it.
        out: ``[M, H, d]``, overwritten.
    """
    heads, count, size = query.shape
    shared = heads // key.shape[0]
    deepest = 0
    for n in range(count):
        deepest = max(deepest, places[n])
    most = deepest // _LANES + 1
    width = (size + 7) // 8 * 8
    keys = np.zeros((key.shape[0], most, width, _LANES), np.float32)
    values = np.zeros((key.shape[0], most * _LANES, width), np.float32)
    scores, bits = np.zeros(most * _LANES, np.float32), np.empty(most * _LANES, np.int32)
    powers = bits.view(np.float32)
    here, mean = np.zeros(width, np.float32), np.empty(width, np.float32)
    for group in range(len(groups) - 1):
        for n in range(groups[group], groups[group + 1]):
            place = places[n]
            block, lane = place // _LANES, place % _LANES
            for g in range(key.shape[0]):
                for e in range(size):
                    keys[g, block, e, lane] = key[g, n, e]
                    values[g, place, e] = value[g, n, e]
        seen = places[groups[group + 1] - 1] + 1
        blocks = (seen + _LANES - 1) // _LANES
        for n in range(groups[group], groups[group + 1]):
            slot = slots[n]
            if slot < 0:
                continue
            for h in range(heads):
                for e in range(size):
                    here[e] = query[h, n, e] * scale
                _dots(here, keys[h // shared], scores, blocks, width)
                _mean(scores, bits, powers, values[h // shared], seen, blocks, width, mean)
                for e in range(size):
                    out[slot, h, e] = mean[e]


@njit(**_COMPILE)
def attend_relative(  # type: ignore[no-untyped-def]  # noqa: ANN201, C901
    query,  # noqa: ANN001
    key,  # noqa: ANN001
    value,  # noqa: ANN001
    to_position,  # noqa: ANN001
    from_position,  # noqa: ANN001
    bucket,  # noqa: ANN001
    places,  # noqa: ANN001
    groups,  # noqa: ANN001
    slots,  # noqa: ANN001
    out,  # noqa: ANN001
):
    """Attend by content and relative position (``training/models/layers/relative_attention.py``).

    Args:
        query: scaled, float32 ``[H, N, d]``.
        key: ``[H, N, d]``.
        value: ``[H, N, d]``.
        to_position: queries against the key table ``[H, N, buckets]``.
        from_position: keys against the query table ``[H, N, buckets]``.
        bucket: int64 ``[2 L - 1]``, by i - j + L - 1.
        places: as in ``attend``.
        groups: as in ``attend``.
        slots: as in ``attend``.
        out: ``[M, H, d]``, overwritten.
    """
    heads, count, size = query.shape
    buckets = to_position.shape[2]
    middle = len(bucket) // 2
    deepest = 0
    for n in range(count):
        deepest = max(deepest, places[n])
    most = deepest // _LANES + 1
    width = (size + 7) // 8 * 8
    keys = np.zeros((heads, most, width, _LANES), np.float32)
    values = np.zeros((heads, most * _LANES, width), np.float32)
    turned = np.zeros((heads, most * _LANES, buckets), np.float32)
    scores, bits = np.zeros(most * _LANES, np.float32), np.empty(most * _LANES, np.int32)
    powers = bits.view(np.float32)
    here, mean = np.zeros(width, np.float32), np.empty(width, np.float32)
    for group in range(len(groups) - 1):
        for n in range(groups[group], groups[group + 1]):
            place = places[n]
            block, lane = place // _LANES, place % _LANES
            for h in range(heads):
                for e in range(size):
                    keys[h, block, e, lane] = key[h, n, e]
                    values[h, place, e] = value[h, n, e]
                for b in range(buckets):
                    turned[h, place, b] = from_position[h, n, b]
        seen = places[groups[group + 1] - 1] + 1
        blocks = (seen + _LANES - 1) // _LANES
        for n in range(groups[group], groups[group + 1]):
            slot = slots[n]
            if slot < 0:
                continue
            for h in range(heads):
                for e in range(size):
                    here[e] = query[h, n, e]
                _dots(here, keys[h], scores, blocks, width)
                to = to_position[h, n]
                for j in range(seen):
                    b = bucket[places[n] - j + middle]
                    scores[j] += to[b] + turned[h, j, b]
                _mean(scores, bits, powers, values[h], seen, blocks, width, mean)
                for e in range(size):
                    out[slot, h, e] = mean[e]
