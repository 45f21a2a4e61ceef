"""ELC-BERT: "Not all layers are equally as important: Every Layer Counts BERT", arXiv 2311.02265.

LTG-BERT whose layer n reads a convex mix of the embeddings and all outputs before it. There is no residual around
attention: the mix takes its place. With x the mix, a = attention(x), and m(.) the feed-forward sublayer:

===============  ======================================  =========================
variant          weights start                           output of a layer
===============  ======================================  =========================
base             logit of the newest state 1, others 0   a + m(a)
zero             uniform                                 a + m(x + a)
normalized       uniform                                 layer norm of a + m(x + a)
weighted_output  uniform; the head reads a mix too       a + m(x + a)
===============  ======================================  =========================
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn

from training.models.layers.flat import Flat
from training.models.layers.mix import weighted_sum
from training.models.layers.relative_embedding import initialise
from training.models.layers.relative_model import Around, RelativeModel
from training.models.ltg_bert import Layer


class Model(RelativeModel):
    """ELC-BERT with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        mixes = config.num_hidden_layers + (config.variant == "weighted_output")
        self.layer_mix = nn.ParameterList(torch.zeros(count) for count in range(1, mixes + 1))
        if config.variant == "base":
            for logits in self.layer_mix:
                logits.data[-1] = 1.0
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
        embeddings, around = self.embed(inputs, segments, causal, seen)
        outputs = [embeddings]
        for layer, logits in zip(self.layers, self.layer_mix, strict=False):
            last = layer is self.layers[-1]
            mixed = weighted_sum(logits.softmax(0), outputs)
            if isinstance(seen, Flat) and last:
                outputs = [seen.pick(output, last=last) for output in outputs]
            outputs.append(self._layer(layer, mixed, around, last=last))
        if states is not None:
            states.extend(outputs)
        if self.config.variant == "weighted_output":
            return weighted_sum(self.layer_mix[-1].softmax(0), outputs)
        return outputs[-1]

    def _layer(self, layer: Layer, x: Tensor, around: Around, *, last: bool) -> Tensor:
        attended: Tensor = layer.attention(x, *around, last=last)
        if isinstance(around.seen, Flat):
            x = around.seen.pick(x, last=last)
        inner = attended if self.config.variant == "base" else x + attended
        out: Tensor = attended + layer.feed_forward(inner)
        if self.config.variant == "normalized":
            out = F.layer_norm(out, out.shape[-1:], eps=self.config.layer_norm_eps)
        return out
