"""GPT-2: "Language models are unsupervised multitask learners" (Radford et al. 2019).

The same function as Hugging Face's ``GPT2LMHeadModel`` on the same weights (a test holds the two together), without
its import time and with one fused matmul for queries, keys and values. Exported as that class.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from training.models.layers.activations import gelu
from training.models.layers.attention import SelfAttention, mask_for
from training.models.layers.dropout import Dropout
from training.models.layers.flat import Flat
from training.models.layers.linear import Linear
from training.models.layers.plain_model import PlainModel


class Layer(nn.Module):
    """Pre-norm attention and feed-forward, each with a residual."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.attention_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attention = SelfAttention(config)
        self.feed_forward_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.up = Linear(config.hidden_size, config.intermediate_size)
        self.down = Linear(config.intermediate_size, config.hidden_size)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, seen: Tensor | bool | Flat, *, last: bool = False) -> Tensor:
        """Map [B, T, D] to [B, T, D], or to the wanted tokens of the last layer of a flat row."""
        attended = self.dropout(self.attention(self.attention_layer_norm(x), seen, last=last))
        x = (seen.pick(x, last=last) if isinstance(seen, Flat) else x) + attended
        inner = gelu(self.up(self.feed_forward_layer_norm(x)))
        out: Tensor = x + self.dropout(self.down(inner))
        return out


class Model(PlainModel):
    """GPT-2 with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        self.position_embedding = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.dropout = Dropout(config.hidden_dropout_prob)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.final_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.initialise()
        with torch.no_grad():  # the residual stream adds 2L outputs: each starts smaller
            for name, weight in self.layers.named_parameters():
                if name.endswith(("attention.output.weight", "down.weight")):
                    weight.div_(math.sqrt(2 * config.num_hidden_layers))

    def hidden(
        self,
        inputs: Tensor,
        *,
        segments: Tensor | None = None,
        causal: bool | Tensor = True,
        states: list[Tensor] | None = None,
        flat: Flat | None = None,
    ) -> Tensor:
        """Return the last states [B, T, D] of ids [B, T]; see ``layers/visibility.py`` for who sees whom.

        ``states``, if given, is filled with the embeddings and the output of each layer.
        ``flat``, if given, says who sees whom instead; the states of its wanted tokens are returned [1, M, D].
        """
        seen = mask_for(inputs, segments, causal) if flat is None else flat
        places: slice | Tensor = slice(inputs.shape[1])
        if flat is not None:
            inputs, places = inputs[:, flat.distinct], flat.places[flat.distinct]
        x = self.dropout(self.word_embedding(inputs) + self.position_embedding.weight[places])
        outputs = [x]
        for layer in self.layers:
            x = layer(x, seen, last=layer is self.layers[-1])
            outputs.append(x)
        if states is not None:
            states.extend(outputs)
        out: Tensor = self.final_layer_norm(x)
        return out
