"""LTG-BERT: "Trained on 100 million words and still in shape: BERT meets British National Corpus", arXiv 2303.09859.

A pre-norm encoder with relative positions only, GEGLU, a layer norm after each attention output, scaled initial
feed-forward weights and a tied output layer behind a transform.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from training.models.layers.feed_forward import FeedForward
from training.models.layers.flat import Flat
from training.models.layers.relative_attention import RelativeAttention
from training.models.layers.relative_embedding import initialise
from training.models.layers.relative_model import RelativeModel


class Layer(nn.Module):
    """The two sublayers; the model says how their outputs are combined."""

    def __init__(self, config: Any, *, gated: bool = False) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        self.attention = RelativeAttention(config, gated=gated)
        self.feed_forward = FeedForward(config)


class Model(RelativeModel):
    """LTG-BERT with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        initialise(self, config.hidden_size)

    def hidden(
        self,
        inputs: Tensor,
        *,
        segments: Tensor | None = None,
        causal: bool | Tensor = False,
        seen: Tensor | Flat | None = None,
        states: list[Tensor] | None = None,
    ) -> Tensor:
        """Return the last states [B, T, D] of ids [B, T]; see ``layers/visibility.py`` for who sees whom.

        ``seen``, if given, says it instead: booleans [B or 1, 1, T, T], or a flat row: its wanted are returned.
        ``states``, if given, is filled with the embeddings and the output of each layer.
        """
        x, around = self.embed(inputs, segments, causal, seen)
        outputs = [x]
        for layer in self.layers:
            last = layer is self.layers[-1]
            attended = layer.attention(x, *around, last=last)
            x = (seen.pick(x, last=last) if isinstance(seen, Flat) else x) + attended
            x = x + layer.feed_forward(x)
            outputs.append(x)
        if states is not None:
            states.extend(outputs)
        return x
