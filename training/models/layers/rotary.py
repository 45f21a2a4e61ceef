"""Rotary position embeddings (RoFormer, arXiv 2104.09864), in the half-split layout of Llama."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=16)
def rotary_tables(
    length: int, size: int, theta: float, device: torch.device, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Return cosines and signed sines [T, d] for heads of ``size`` d."""
    frequencies = theta ** (-torch.arange(0, size, 2, device=device, dtype=torch.float32) / size)
    angles = torch.arange(length, device=device, dtype=torch.float32)[:, None] * frequencies
    cosines, sines = angles.cos(), angles.sin()
    return torch.cat([cosines, cosines], 1).to(dtype), torch.cat([-sines, sines], 1).to(dtype)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotate the pairs (k, k + d/2) of each head by the angles of its position: [..., T, d] to the same."""
    half = x.shape[-1] // 2
    return torch.addcmul(x * cosines, x.roll(half, -1), sines)
