"""GELU, GEGLU and SwiGLU (arXiv 1606.08415, 2002.05202): torch's expressions, or a compiled loop that equals them."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor

try:
    from training.kernels import gated as compiled
except ImportError:  # an export, away from curate, does without
    compiled = None


def gelu(x: Tensor) -> Tensor:
    """Return GELU in its tanh form, of any shape."""
    if compiled is not None and compiled.applies(x):
        return compiled.gelu(x)
    return F.gelu(x, approximate="tanh")


def geglu(x: Tensor) -> Tensor:
    """Return value times tanh-GELU of the gate, which are the halves of the last axis: [..., 2I] to [..., I]."""
    if compiled is not None and compiled.applies(x):
        return compiled.geglu(x)
    value, gate = x.chunk(2, dim=-1)
    return value * F.gelu(gate, approximate="tanh")


def swiglu(x: Tensor) -> Tensor:
    """Return SiLU of the gate times value, which are the halves of the last axis: [..., 2I] to [..., I]."""
    if compiled is not None and compiled.applies(x):
        return compiled.swiglu(x)
    gate, value = x.chunk(2, dim=-1)
    return F.silu(gate) * value
