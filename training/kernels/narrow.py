"""Matrix products with bf16 inputs on a CPU that has them, everything else in float32.

torch.autocast also narrows attention and casts back and forth around every operation, which costs a small model what
the products gain (measured: 1.03x on a Llama of a million parameters). Here only the inputs of linear layers and of the
vocabulary projection are rounded to bf16; sums, activations, weights and gradients stay float32 (1.4x to 1.5x there).
Off unless a run asks for ``precision: bf16``, because another CPU would give other weights.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_STATE = {"on": False}


def switch(*, on: bool) -> None:
    """Say for this process whether products are narrowed; ``hardware.py`` does, from a run's precision."""
    _STATE["on"] = on


def applies(x: Tensor) -> bool:
    """Return whether the products of an input are to be narrowed."""
    return _STATE["on"] and x.device.type == "cpu" and x.dtype == torch.float32


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        inputs, matrix = x.reshape(-1, x.shape[-1]).bfloat16(), weight.bfloat16()
        ctx.save_for_backward(inputs, matrix)
        ctx.shape, ctx.has_bias = x.shape, bias is not None
        out = (inputs @ matrix.T).float()
        if bias is not None:
            out += bias
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        inputs, matrix = ctx.saved_tensors
        flat = grads[0].reshape(-1, grads[0].shape[-1])
        narrow = flat.bfloat16()
        bias_grad = flat.sum(0) if ctx.has_bias else None
        return (narrow @ matrix).float().view(ctx.shape), (narrow.T @ inputs).float(), bias_grad


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``x @ weight.T + bias`` of inputs rounded to bf16, in float32."""
    out: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return out
