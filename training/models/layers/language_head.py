"""The output layer of the LTG family: a transform, then the tied embedding with a bias."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.dropout import Dropout
from training.models.layers.linear import Linear


class LanguageHead(nn.Module):
    """Layer norm, D to D, GELU, layer norm, dropout; ``bias`` belongs to the vocabulary projection."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.eps = config.layer_norm_eps
        self.transform = Linear(config.hidden_size, config.hidden_size)
        self.dropout = Dropout(config.hidden_dropout_prob)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the features that the vocabulary projection reads: [..., D] to [..., D]."""
        x = F.layer_norm(hidden, hidden.shape[-1:], eps=self.eps)
        x = F.gelu(self.transform(x))
        return self.dropout(F.layer_norm(x, x.shape[-1:], eps=self.eps))
