"""Dropout (Srivastava et al. 2014): torch's, or a compiled loop that does the same faster on a CPU."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

try:
    from training.kernels import dropout as compiled
except ImportError:  # an export, away from curate, does without
    compiled = None


def dropout(x: Tensor, share: float) -> Tensor:
    """Return ``x`` with a share of its elements 0 and the others scaled up; a share of 0 returns ``x``."""
    if share == 0:
        return x
    if compiled is not None and compiled.applies(x):
        return compiled.dropout(x, share)
    return F.dropout(x, share)


class Dropout(nn.Module):
    """``dropout`` in training, nothing in evaluation."""

    def __init__(self, share: float) -> None:
        """Take the share of elements to drop."""
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        return dropout(x, self.share) if self.training else x
