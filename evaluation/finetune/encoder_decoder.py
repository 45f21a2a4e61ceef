"""An encoder-decoder as a classifier reads it: one decoder token that has seen the whole text.

As babylm/evaluation-pipeline-2025 ``finetune/classifier_model.py`` does with ``--enc_dec``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class OneDecoderToken(nn.Module):
    """Gives the state of the decoder's first token, [B, 1, D], for a text in the encoder."""

    def __init__(self, model: nn.Module, start: int) -> None:
        """Take the model and the id that its decoder begins with."""
        super().__init__()
        self.model = model
        self.start = start

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        """Run texts [B, T]; ``attention_mask`` is 1 for text."""
        begin = input_ids.new_full((len(input_ids), 1), self.start)
        return self.model(input_ids=input_ids, attention_mask=attention_mask, decoder_input_ids=begin)
