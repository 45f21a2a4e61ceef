"""Self-attention of the LTG family with disentangled relative positions (arXiv 2303.09859 §2; gate: 2410.24159 §3).

score(i, j) = [q_i.k_j + q_i.k(b(i-j)) + k_j.q(b(i-j))] / sqrt(3d), where the same q and k projection also maps the
table of relative embeddings. With ``gated`` (GPT-BERT) the context is multiplied by GELU of a second value
projection and normed before the output projection; without it the output is normed with parameters after it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.dropout import Dropout, dropout
from training.models.layers.flat import Flat
from training.models.layers.linear import Linear
from training.models.layers.relative_positions import position_scores

try:
    from training.kernels import relative_scores as compiled
except ImportError:  # an export, away from curate, does without
    compiled = None


class RelativeAttention(nn.Module):
    """One attention sublayer, from its own layer norm to its dropout; the residual is the caller's."""

    def __init__(self, config: Any, *, gated: bool) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.eps = config.layer_norm_eps
        self.gated = gated
        self.query_key = Linear(width, 2 * width)
        self.value = Linear(width, 2 * width if gated else width)
        self.output = Linear(width, width)
        self.output_layer_norm = None if gated else nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.probability_dropout = config.attention_probs_dropout_prob
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(
        self, x: Tensor, visible: Tensor | Flat | None, relative: Tensor, index: Tensor, *, last: bool = False
    ) -> Tensor:
        """Attend.

        Args:
            x: [B, T, D].
            visible: what may be seen, broadcast to [B, H, T, T]; None for everything.
            relative: the normed relative embeddings [buckets, D].
            index: their row for each pair of positions [T, T].
            last: whether only the wanted tokens of a flat row attend.

        Returns:
            [B, T, D], to be added to the residual stream, or the wanted tokens of the last layer of a flat row.
        """
        rows, length, width = x.shape
        x = F.layer_norm(x, (width,), eps=self.eps)
        query, key = self._split(self.query_key(x))
        tables = self.query_key(self.dropout(relative)).view(-1, 2, self.heads, width // self.heads)
        query_table, key_table = tables.permute(1, 2, 0, 3).unbind(0)
        value = self.value(x)
        gate = None
        if self.gated:
            value, gate = value.chunk(2, dim=-1)
        value = value.reshape(rows, length, self.heads, -1).transpose(1, 2)

        scale = (3 * width // self.heads) ** -0.5
        tables = query_table * scale, key_table
        if isinstance(visible, Flat):
            context = visible.attend_relative(query * scale, key, value, *tables, index, last=last)
            gate = None if gate is None else visible.pick(gate, last=last)
        else:
            context = self._attend(query * scale, key, value, *tables, index, visible)
        context = context.transpose(1, 2).reshape(rows, -1, width)
        if gate is not None:
            context = F.layer_norm(context * F.gelu(gate), (width,), eps=self.eps)
        out = self.output(context)
        if self.output_layer_norm is not None:
            out = self.output_layer_norm(out)
        return self.dropout(out)

    def _split(self, projected: Tensor) -> tuple[Tensor, Tensor]:
        rows, length, width = projected.shape
        split = projected.view(rows, length, 2, self.heads, width // 2 // self.heads).permute(2, 0, 3, 1, 4)
        return split[0], split[1]

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        query_table: Tensor,
        key_table: Tensor,
        index: Tensor,
        visible: Tensor | None,
    ) -> Tensor:
        """Return the context [B, H, T, d]; a position that sees nothing, padding, has none."""
        share = self.probability_dropout if self.training else 0.0
        if compiled is not None and compiled.applies(query):
            seen = compiled.probabilities(query, key, query_table, key_table, index, visible)
            return dropout(seen, share) @ value
        scores = position_scores(query, key, query_table, key_table, index)
        lowest = torch.finfo(scores.dtype).min
        if query.device.type == "cuda":
            # The memory-efficient kernel takes an additive bias and its gradient.
            bias = scores if visible is None else scores.masked_fill(~visible, lowest)
            context = F.scaled_dot_product_attention(query, key, value, bias, share, scale=1.0)
            return context if visible is None else context * visible.any(-1, keepdim=True)
        scores = scores + query @ key.transpose(2, 3)
        if visible is not None:
            scores = scores.masked_fill(~visible, lowest)
        probabilities = scores.softmax(-1)
        if visible is not None:
            probabilities = probabilities.masked_fill(~visible, 0.0)
        return dropout(probabilities, share) @ value
