"""BERT: "Pre-training of deep bidirectional transformers for language understanding", arXiv 1810.04805.

The same function as Hugging Face's ``BertForMaskedLM`` on the same weights with every token of type 0 (a test holds
the two together). Exported as that class. RoBERTa (``roberta.py``) is this model with other names on export.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.attention import SelfAttention, mask_for
from training.models.layers.dropout import Dropout
from training.models.layers.flat import Flat
from training.models.layers.linear import Linear
from training.models.layers.plain_model import PlainModel


class Layer(nn.Module):
    """Post-norm attention and feed-forward."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.attention = SelfAttention(config)
        self.attention_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.up = Linear(config.hidden_size, config.intermediate_size)
        self.down = Linear(config.intermediate_size, config.hidden_size)
        self.feed_forward_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)

    def forward(self, x: Tensor, seen: Tensor | bool | Flat, *, last: bool = False) -> Tensor:
        """Map [B, T, D] to [B, T, D], or to the wanted tokens of the last layer of a flat row."""
        attended = self.dropout(self.attention(x, seen, last=last))
        x = self.attention_layer_norm((seen.pick(x, last=last) if isinstance(seen, Flat) else x) + attended)
        out: Tensor = self.feed_forward_layer_norm(x + self.dropout(self.down(F.gelu(self.up(x)))))
        return out


class Model(PlainModel):
    """BERT with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        width = config.hidden_size
        self.position_embedding = nn.Embedding(config.max_position_embeddings, width)
        self.type_embedding = nn.Parameter(torch.empty(width))  # one type: there are no sentence pairs in pretraining
        self.embedding_layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = Dropout(config.hidden_dropout_prob)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.transform = Linear(width, width)
        self.transform_layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.initialise()
        nn.init.normal_(self.type_embedding, std=config.initializer_range)

    def hidden(
        self,
        inputs: Tensor,
        *,
        segments: Tensor | None = None,
        causal: bool | Tensor = False,
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
        x = self.word_embedding(inputs) + (self.position_embedding.weight[places] + self.type_embedding)
        x = self.dropout(self.embedding_layer_norm(x))
        outputs = [x]
        for layer in self.layers:
            x = layer(x, seen, last=layer is self.layers[-1])
            outputs.append(x)
        if states is not None:
            states.extend(outputs)
        return x

    def features(self, hidden: Tensor) -> Tensor:
        """Return what the vocabulary projection reads: [..., D] to [..., D]."""
        out: Tensor = self.transform_layer_norm(F.gelu(self.transform(hidden)))
        return out

    @property
    def output_bias(self) -> Tensor:
        """The bias of the vocabulary projection [V]."""
        return self.bias
