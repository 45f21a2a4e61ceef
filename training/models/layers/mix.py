"""A learned weighted sum of earlier layers' states, without stacking or copying them.

Dense layer weighting is DenseFormer's DWA (arXiv 2402.02622), as GPT-BERT uses it; ELC-BERT (2311.02265) makes the
weights convex. The sum holds no state between calls, so it can be compiled, checkpointed and entered again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _WeightedSum(torch.autograd.Function):
    """One pass over each state in each direction; autograd's own sum would keep every product."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, *states: Tensor) -> Tensor:
        ctx.save_for_backward(weights, *states)
        total = states[0] * weights[0]
        for weight, state in zip(weights[1:], states[1:], strict=True):
            total.addcmul_(state, weight)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        (grad,) = grads
        weights, *states = ctx.saved_tensors
        flat = grad.reshape(-1)
        by_weight = torch.stack([torch.dot(flat, state.reshape(-1)) for state in states])
        return by_weight.to(weights.dtype), *(grad * weight for weight in weights)


def weighted_sum(weights: Tensor, states: list[Tensor]) -> Tensor:
    """Return sum_k weights[k] * states[k]; weights [K], each state of one shape."""
    if torch.compiler.is_compiling():
        return sum(
            (state * weight for weight, state in zip(weights[1:], states[1:], strict=True)), states[0] * weights[0]
        )
    result: Tensor = _WeightedSum.apply(weights, *states)
    return result
