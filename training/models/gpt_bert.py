"""GPT-BERT: "GPT or BERT: why not both?", arXiv 2410.24159.

LTG-BERT with gated attention and dense layer weighting: after each of the 2L sublayers the stream becomes a learned
sum of the embeddings and every sublayer's stream so far, starting as the identity. Rows may be causal or
bidirectional; in both, position k predicts token k + 1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.models.layers.flat import Flat
from training.models.layers.mix import weighted_sum
from training.models.layers.relative_embedding import initialise
from training.models.layers.relative_model import RelativeModel
from training.models.ltg_bert import Layer


class Model(RelativeModel):
    """GPT-BERT with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        self.layers = nn.ModuleList(Layer(config, gated=True) for _ in range(config.num_hidden_layers))
        # One weight for each state so far; the newest starts at 1, the others at 0.
        self.layer_mix = nn.ParameterList(
            torch.eye(count)[-1].clone() for count in range(2, 2 * config.num_hidden_layers + 2)
        )
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
        streams, outputs = [x], [x]
        for number, layer in enumerate(self.layers):
            last = layer is self.layers[-1]
            attended = layer.attention(x, *around, last=last)
            if isinstance(seen, Flat) and last:
                x, streams = seen.pick(x, last=last), [seen.pick(stream, last=last) for stream in streams]
            streams.append(x + attended)
            x = weighted_sum(self.layer_mix[2 * number], streams)
            streams.append(x + layer.feed_forward(x))
            x = weighted_sum(self.layer_mix[2 * number + 1], streams)
            outputs.append(x)
        if states is not None:
            states.extend(outputs)
        return x
