"""The feed-forward sublayer of the LTG family: GEGLU (arXiv 2002.05202) with a layer norm inside."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.activations import geglu
from training.models.layers.dropout import Dropout
from training.models.layers.linear import Linear


class FeedForward(nn.Module):
    """Layer norm, D to 2I, GEGLU, layer norm, I to D; the norms have no parameters and the matrices no bias."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.eps = config.layer_norm_eps
        self.dropout = Dropout(config.hidden_dropout_prob)
        self.up = Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down = Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, T, D] to [B, T, D]."""
        x = F.layer_norm(x, x.shape[-1:], eps=self.eps)
        inner = geglu(self.up(x))
        inner = F.layer_norm(inner, inner.shape[-1:], eps=self.eps)
        return self.dropout(self.down(inner))
