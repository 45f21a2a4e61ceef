"""Attention probabilities with relative positions, the scores put together in one pass, for float32 on a CPU.

Torch's way gathers two arrays of scores by bucket, adds them, masks, and takes a softmax: eight passes over
[B, H, T, T] forward and a scatter backward, half of a GPT-BERT step at T = 512. Here one loop adds both position scores
and the mask to the content scores in place, and one loop sums a gradient into both tables.
``models/layers/relative_attention.py`` holds the torch expression that this equals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import float32, njit
from torch import Tensor

_HIDDEN = np.float32(-3.0e38)


@njit(cache=True, nogil=True, fastmath=True)
def _combine(scores, to_position, from_position, bucket, seen):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add position scores to content scores [B, H, T, T] in place; ``bucket`` is by i - j + T - 1."""
    rows, heads, length, _ = scores.shape
    turned = np.empty((to_position.shape[3], length), np.float32)
    for row in range(rows):
        sight = seen[row if seen.shape[0] > 1 else 0]
        for head in range(heads):
            source = from_position[row, head]
            for j in range(length):
                for k in range(turned.shape[0]):
                    turned[k, j] = source[j, k]
            for i in range(length):
                out, to, may = scores[row, head, i], to_position[row, head, i], sight[i]
                for j in range(length):
                    k = bucket[i - j + length - 1]
                    out[j] = out[j] + to[k] + turned[k, j] if may[j] else _HIDDEN


@njit(cache=True, nogil=True, fastmath=True)
def _spread(grad, bucket, to_position, from_position):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Sum the gradient of scores [B, H, T, T] by bucket, into ``to_position`` (zeros) and ``from_position``."""
    rows, heads, length, _ = grad.shape
    turned = np.empty((to_position.shape[3], length), np.float32)
    for row in range(rows):
        for head in range(heads):
            turned[:] = float32(0)
            for i in range(length):
                here, to = grad[row, head, i], to_position[row, head, i]
                for j in range(length):
                    k = bucket[i - j + length - 1]
                    to[k] += here[j]
                    turned[k, j] += here[j]
            out = from_position[row, head]
            for j in range(length):
                for k in range(turned.shape[0]):
                    out[j, k] = turned[k, j]


class _Probabilities(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, query_table: Tensor, key_table: Tensor, index: Tensor, seen: Tensor | None
    ) -> Tensor:
        rows, heads, length, size = query.shape
        flat = (rows * heads, length, size)
        query, key = query.contiguous(), key.contiguous()
        scores = torch.bmm(query.view(flat), key.view(flat).transpose(1, 2)).view(rows, heads, length, length)
        to_position = query @ key_table.transpose(1, 2)
        from_position = key @ query_table.transpose(1, 2)
        # The table's row depends on i - j only: the first column from below, then the first row.
        bucket = torch.cat([index[0].flip(0), index[1:, 0]]).numpy()
        if seen is None:
            seen = torch.ones(1, 1, length, length, dtype=torch.bool)
        sight = seen[:, 0].contiguous().numpy().view(np.uint8)
        _combine(scores.numpy(), to_position.numpy(), from_position.numpy(), bucket, sight)
        probabilities = scores.softmax(-1)
        blind = ~seen.any(-1, keepdim=True)
        if blind.any():
            probabilities.masked_fill_(blind, 0.0)
        ctx.save_for_backward(query, key, query_table, key_table, probabilities)
        ctx.bucket = bucket
        return probabilities

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, query_table, key_table, probabilities = ctx.saved_tensors
        weighted = grads[0] * probabilities
        grad = torch.addcmul(weighted, probabilities, weighted.sum(-1, keepdim=True), value=-1)
        rows, heads, length, size = query.shape
        flat, square = (rows * heads, length, size), (rows * heads, length, length)
        to_position = query.new_zeros(rows, heads, length, query_table.shape[1])
        from_position = torch.empty_like(to_position)
        _spread(grad.numpy(), ctx.bucket, to_position.numpy(), from_position.numpy())
        grad = grad.view(square)
        to_query = torch.bmm(grad, key.view(flat)).view(query.shape) + to_position @ key_table
        to_key = torch.bmm(grad.transpose(1, 2), query.view(flat)).view(key.shape) + from_position @ query_table
        to_key_table = torch.einsum("bhtk,bhtd->hkd", to_position, query)
        to_query_table = torch.einsum("bhtk,bhtd->hkd", from_position, key)
        return to_query, to_key, to_query_table, to_key_table, None, None


def applies(query: Tensor) -> bool:
    """Return whether the loops apply: plain float32 on a CPU, not inside a graph that torch.compile makes."""
    return query.device.type == "cpu" and query.dtype == torch.float32 and not torch.compiler.is_compiling()


def probabilities(
    query: Tensor, key: Tensor, query_table: Tensor, key_table: Tensor, index: Tensor, seen: Tensor | None
) -> Tensor:
    """Return attention probabilities [B, H, T, T]; what sees nothing has none.

    Args:
        query: scaled queries [B, H, T, d].
        key: [B, H, T, d].
        query_table: the table of relative embeddings as scaled queries [H, buckets, d].
        key_table: the same as keys [H, buckets, d].
        index: the table's row for each pair of positions [T, T], a function of i - j.
        seen: booleans [B or 1, 1, T, T], or None for all.
    """
    out: Tensor = _Probabilities.apply(query, key, query_table, key_table, index, seen)  # type: ignore[no-untyped-call]
    return out
