"""Token embeddings and the shared table of relative embeddings of the LTG family (arXiv 2303.09859)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.dropout import Dropout
from training.models.layers.feed_forward import FeedForward


class RelativeEmbedding(nn.Module):
    """Embeds tokens (no absolute positions) and norms the table that every layer's attention projects."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.eps = config.layer_norm_eps
        self.word_embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.relative_embedding = nn.Parameter(torch.empty(2 * config.position_bucket_size - 1, config.hidden_size))
        self.relative_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Map ids [B, T] to embeddings [B, T, D], and return the normed table [2K - 1, D] beside them."""
        x = self.word_embedding(inputs)
        return self.dropout(F.layer_norm(x, x.shape[-1:], eps=self.eps)), self.relative_layer_norm(
            self.relative_embedding
        )


@torch.no_grad()
def initialise(model: nn.Module, width: int, generator: torch.Generator | None = None) -> None:
    """Set every weight of an LTG-family model, in this one place.

    ============================================  ==========================================
    matrices, embeddings, relative table          truncated normal, std sqrt(2 / 5D), cut at 2 std
    both feed-forward matrices of layer i (from 0)  the same, times sqrt(1 / (2 (1 + i)))
    biases                                        0
    layer norms                                   1 and 0
    ============================================  ==========================================

    What is listed nowhere (layer mixes) keeps the value that its module gave it.
    """
    std = math.sqrt(2 / (5 * width))
    for module in model.modules():
        tables = [module.weight] if isinstance(module, nn.Linear | nn.Embedding) else []
        if isinstance(module, RelativeEmbedding):
            tables.append(module.relative_embedding)
        for table in tables:
            nn.init.trunc_normal_(table, std=std, a=-2 * std, b=2 * std, generator=generator)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.zero_()
        if isinstance(module, nn.LayerNorm):
            module.weight.fill_(1)
            module.bias.zero_()
    for layer, module in enumerate(module for module in model.modules() if isinstance(module, FeedForward)):
        for matrix in (module.up, module.down):
            matrix.weight.mul_(math.sqrt(1 / (2 * (1 + layer))))
