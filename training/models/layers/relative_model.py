"""What the three LTG models have in common: embeddings in front, the tied language head behind."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from training.models.layers.flat import Flat
from training.models.layers.language_head import LanguageHead
from training.models.layers.relative_embedding import RelativeEmbedding
from training.models.layers.relative_positions import bucket_index
from training.models.layers.visibility import visible


class Around(NamedTuple):
    """What each attention layer is told about positions."""

    seen: Tensor | Flat | None
    """Who may look at whom [B or 1, 1, T, T]; None if everyone may."""

    relative: Tensor
    """The normed table of relative embeddings [2K - 1, D]."""

    index: Tensor
    """Its row for each pair of positions [T, T]."""


class RelativeModel(nn.Module):
    """Embeds, hands on to the layers of a subclass, and predicts with the tied head."""

    def __init__(self, config: Any) -> None:
        """Make embeddings and head; the subclass adds layers and then sets the initial weights."""
        super().__init__()
        self.config = config
        self.embedding = RelativeEmbedding(config)
        self.head = LanguageHead(config)

    def embed(
        self, inputs: Tensor, segments: Tensor | None, causal: bool | Tensor, seen: Tensor | Flat | None
    ) -> tuple[Tensor, Around]:
        """Return embeddings [B, T, D] of ids [B, T], and what the layers need beside them."""
        sizes = self.config.position_bucket_size, self.config.max_position_embeddings
        embeddings, relative = self.embedding(inputs)
        seen = visible(inputs, segments, causal) if seen is None else seen
        length = seen.length if isinstance(seen, Flat) else inputs.shape[1]
        return embeddings, Around(seen, relative, bucket_index(length, *sizes, inputs.device))

    def features(self, hidden: Tensor) -> Tensor:
        """Return what the vocabulary projection reads: [..., D] to [..., D]."""
        features: Tensor = self.head(hidden)
        return features

    @property
    def output_weight(self) -> Tensor:
        """The vocabulary projection [V, D], tied to the embedding."""
        return self.embedding.word_embedding.weight

    @property
    def output_bias(self) -> Tensor:
        """Its bias [V]."""
        return self.head.bias

    def logits(self, hidden: Tensor) -> Tensor:
        """Return scores over the vocabulary: [..., D] to [..., V]."""
        return nn.functional.linear(self.features(hidden), self.output_weight, self.output_bias)
