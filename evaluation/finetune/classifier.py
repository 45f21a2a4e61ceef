"""An encoder with a new head that reads one token of it.

The ``ltg`` head is that of babylm/evaluation-pipeline-2025 ``finetune/classifier_model.py`` (and of LTG-BERT's own
fine-tuning). ``hugging_face`` is what ``AutoModelForSequenceClassification`` adds: RoBERTa's dense, tanh and linear
layer, or the one linear layer of GPT-2 and Llama.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from evaluation.errors import Unsupported
from evaluation.finetune.settings import FineTuneSettings

Place = Literal["first", "last"]


class Classifier(nn.Module):
    """Encoder, pooled token, head."""

    def __init__(
        self, encoder: nn.Module, hidden_size: int, labels: int, settings: FineTuneSettings, place: Place, seed: int
    ) -> None:
        """Put a head, drawn by ``seed``, on an encoder.

        Args:
            encoder: called with ``input_ids`` and ``attention_mask`` [B, T]; gives ``last_hidden_state`` [B, T, D].
            hidden_size: D.
            labels: classes.
            settings: kind of head and its dropout.
            place: which token the head reads.
            seed: of the head's weights.
        """
        super().__init__()
        self.encoder = encoder
        self.head = _head(hidden_size, labels, settings, place)
        self.place = place
        _draw(self.head, torch.Generator().manual_seed(seed), hugging_face=settings.head == "hugging_face")

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return logits [B, labels] of rows [B, T]; ``mask`` is 1 for text, with padding on the right."""
        states = _states(self.encoder(input_ids=ids, attention_mask=mask))
        if self.place == "first":
            pooled = states[:, 0]
        else:
            last = (mask.sum(1) - 1).clamp(min=0)
            pooled = states[torch.arange(len(ids), device=ids.device), last]
        return cast("Tensor", self.head(pooled))


def _states(output: Any) -> Tensor:
    found = getattr(output, "last_hidden_state", None)
    if found is None and isinstance(output, tuple | list):
        found = output[0]
    if not isinstance(found, Tensor) or found.dim() != 3:
        raise Unsupported(
            f"the model gives no last_hidden_state to put a head on, but {type(output).__name__}",
            hint="its AutoModel must return a BaseModelOutput",
        )
    return found


def _head(hidden: int, labels: int, settings: FineTuneSettings, place: Place) -> nn.Sequential:
    drop = settings.dropout
    if settings.head == "ltg":
        return nn.Sequential(
            nn.LayerNorm(hidden, eps=1e-5, elementwise_affine=False),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.LayerNorm(hidden, eps=1e-5, elementwise_affine=False),
            nn.Dropout(drop),
            nn.Linear(hidden, labels),
        )
    if place == "last":
        return nn.Sequential(nn.Linear(hidden, labels, bias=False))
    dense = nn.Linear(hidden, hidden)
    return nn.Sequential(nn.Dropout(drop), dense, nn.Tanh(), nn.Dropout(drop), nn.Linear(hidden, labels))


def _draw(head: nn.Module, generator: torch.Generator, *, hugging_face: bool) -> None:
    """Draw the weights: torch's own way for linear layers, or transformers' normal with deviation .02."""
    for layer in head.modules():
        if not isinstance(layer, nn.Linear):
            continue
        if hugging_face:
            nn.init.normal_(layer.weight, std=0.02, generator=generator)
            bound = 0.0
        else:
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        if layer.bias is not None:
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
