"""Dropout in one pass without a stored mask, for float32 on a CPU.

torch draws its masks there one number after the other, which costs a small model with dropout 0.1 a quarter of its
step. Here the fate of element i is a hash of (seed, i), lowbias32 by Chris Wellons (nullprogram.com/blog/2018/07/31),
which compiles to vector arithmetic; the backward pass hashes again. The seed of a call comes from torch's generator,
so the masks are a function of its seed and of the order of calls, as torch's are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import float32, njit, uint32
from torch import Tensor


@njit(inline="always", cache=True)
def _hash(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # Every step is cast back: numba would go on in 64 bits, which do not fill a vector as well.
    x = uint32(x ^ (x >> uint32(16)))
    x = uint32(x * uint32(0x7FEB352D))
    x = uint32(x ^ (x >> uint32(15)))
    x = uint32(x * uint32(0x846CA68B))
    return uint32(x ^ (x >> uint32(16)))


@njit(cache=True, nogil=True, fastmath=True)
def _drop(x, out, seed, limit, scale):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(x.size):
        kept = _hash(uint32(uint32(i) ^ seed)) >= limit
        out[i] = x[i] * scale if kept else float32(0)


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, share: float) -> Tensor:
        ctx.share = share
        ctx.seed = int(torch.randint(1 << 32, ()))
        return _dropped(x, ctx.seed, share)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return _dropped(grads[0], ctx.seed, ctx.share), None


def _dropped(x: Tensor, seed: int, share: float) -> Tensor:
    x = x.detach().contiguous()
    out = torch.empty_like(x)
    # The hash of the seed, so that neighbouring seeds do not give masks that are each other's, moved.
    scrambled = np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    limit = np.uint32(min(round(share * 2**32), 2**32 - 1))
    _drop(x.view(-1).numpy(), out.view(-1).numpy(), scrambled, limit, np.float32(1 / (1 - share)))
    return out


def applies(x: Tensor) -> bool:
    """Return whether the loop applies: plain float32 on a CPU, not inside a graph that torch.compile makes."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.compiler.is_compiling()


def dropout(x: Tensor, share: float) -> Tensor:
    """Return ``x`` with a share of its elements 0 and the others scaled up: same shape, same mean."""
    out: Tensor = _Dropout.apply(x, share)  # type: ignore[no-untyped-call]
    return out
