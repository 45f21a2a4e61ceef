"""Which position may look at which: one definition for causal, masked, hybrid and packed rows."""

from __future__ import annotations

import torch
from torch import Tensor


def visible(inputs: Tensor, segments: Tensor | None, causal: bool | Tensor) -> Tensor | None:
    """Return where position i (third axis) may look at position j (fourth), or None if every i sees every j.

    Args:
        inputs: token ids [B, T]; only the shape and device are used.
        segments: [B, T] integers, equal within one document of a packed row, 0 for padding; None for one segment.
        causal: for all rows, or a boolean for each row [B].

    Returns:
        Booleans [B or 1, 1, T, T].
    """
    length = inputs.shape[1]
    rows: Tensor | None = None
    if isinstance(causal, Tensor) or causal:
        rows = torch.ones(length, length, dtype=torch.bool, device=inputs.device).tril()[None, None]
        if isinstance(causal, Tensor):
            rows = rows | ~causal[:, None, None, None]
    if segments is None:
        return rows
    same = (segments[:, None, :, None] == segments[:, None, None, :]) & (segments != 0)[:, None, None, :]
    return same if rows is None else same & rows
