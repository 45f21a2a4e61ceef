"""Attention of the models without relative scores: torch's fused kernels, with the cheapest mask that is right."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.dropout import dropout as drop
from training.models.layers.flat import Flat
from training.models.layers.linear import Linear
from training.models.layers.visibility import visible


def attend(query: Tensor, key: Tensor, value: Tensor, seen: Tensor | bool, dropout: float) -> Tensor:
    """Attend within heads.

    Args:
        query: [B, H, T, d].
        key: [B, G, T, d]; G divides H (grouped queries).
        value: [B, G, T, d].
        seen: True for causal, False for everything, or booleans [B or 1, 1, T, T] (``layers/visibility.py``).
        dropout: on probabilities; 0 outside training.

    Returns:
        [B, H, T, d]. A position that sees nothing, padding, gives 0 on every backend.
    """
    if dropout and query.device.type == "cpu":
        return _with_dropout(query, key, value, seen, dropout)
    grouped = query.shape[1] != key.shape[1]
    if isinstance(seen, Tensor):
        out = F.scaled_dot_product_attention(query, key, value, seen, dropout, enable_gqa=grouped)
        return out.masked_fill(~seen.any(-1, keepdim=True), 0.0)
    return F.scaled_dot_product_attention(query, key, value, None, dropout, is_causal=seen, enable_gqa=grouped)


def _with_dropout(query: Tensor, key: Tensor, value: Tensor, seen: Tensor | bool, share: float) -> Tensor:
    """Attend step by step: on a CPU torch's fused kernel is left as soon as there is dropout, and its dropout slow."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)
    if seen is True:
        length = scores.shape[-1]
        seen = torch.ones(length, length, dtype=torch.bool).tril()[None, None]
    if isinstance(seen, Tensor):
        scores = scores.masked_fill(~seen, torch.finfo(scores.dtype).min)
    probabilities = scores.softmax(-1)
    if isinstance(seen, Tensor):
        probabilities = probabilities.masked_fill(~seen.any(-1, keepdim=True), 0.0)
    return drop(probabilities, share) @ value


def mask_for(inputs: Tensor, segments: Tensor | None, causal: bool | Tensor) -> Tensor | bool:
    """Return the ``seen`` of ``attend``: a plain yes or no where that says it all, so that fused kernels are used."""
    if segments is None and isinstance(causal, bool):
        return causal
    seen = visible(inputs, segments, causal)
    return False if seen is None else seen


class SelfAttention(nn.Module):
    """Multi-head attention with one projection for queries, keys and values, with biases (GPT-2, BERT)."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.heads = config.num_attention_heads
        self.probability_dropout = config.attention_probs_dropout_prob
        self.query_key_value = Linear(config.hidden_size, 3 * config.hidden_size)
        self.output = Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor, seen: Tensor | bool | Flat, *, last: bool = False) -> Tensor:
        """Map [B, T, D] to [B, T, D], or to the wanted tokens of the last layer of a flat row."""
        rows, _, width = x.shape
        size = width // self.heads
        projected = self.query_key_value(x)
        if isinstance(seen, Flat):
            projected = seen.whole(projected)
        query, key, value = projected.view(rows, -1, 3, self.heads, size).permute(2, 0, 3, 1, 4).unbind(0)
        if isinstance(seen, Flat):
            context = seen.attend(query, key, value, size**-0.5, last=last)
        else:
            context = attend(query, key, value, seen, self.probability_dropout if self.training else 0.0)
        out: Tensor = self.output(context.transpose(1, 2).reshape(rows, -1, width))
        return out
