"""What GPT-2, Llama and BERT have in common: the embedding in front, an output layer that may be tied to it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.models.layers.linear import Linear


class PlainModel(nn.Module):
    """Embeds tokens and predicts from a subclass's last states."""

    def __init__(self, config: Any) -> None:
        """Make the embedding and, if it is not tied, the output layer."""
        super().__init__()
        self.config = config
        self.word_embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.untied = None if config.tie_word_embeddings else Linear(config.hidden_size, config.vocab_size, bias=False)

    @torch.no_grad()
    def initialise(self) -> None:
        """Normal matrices and embeddings (std ``initializer_range``), zero biases, unit norms, as the originals."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=self.config.initializer_range)
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.zero_()

    def features(self, hidden: Tensor) -> Tensor:
        """Return what the vocabulary projection reads: here the states themselves."""
        return hidden

    @property
    def output_weight(self) -> Tensor:
        """The vocabulary projection [V, D]."""
        return (self.word_embedding if self.untied is None else self.untied).weight

    @property
    def output_bias(self) -> Tensor | None:
        """Its bias [V], or None."""
        return None

    def logits(self, hidden: Tensor) -> Tensor:
        """Return scores over the vocabulary: [..., D] to [..., V]."""
        return nn.functional.linear(self.features(hidden), self.output_weight, self.output_bias)
