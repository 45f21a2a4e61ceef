"""A pre-trained model as fine-tuning takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from torch import nn

from evaluation.finetune.classifier import Place
from evaluation.finetune.settings import FineTuneSettings


@dataclass(frozen=True)
class Encoder:
    """A pre-trained model without a head.

    Attributes:
        module: called with ``input_ids`` and ``attention_mask``; gives ``last_hidden_state`` [B, T, hidden_size]. It is
            copied, not changed.
        tokenizer: as transformers has it.
        hidden_size: of its states.
        max_length: most tokens it reads; None for any number.
        causal: whether a token sees only what is before it.
    """

    module: nn.Module
    tokenizer: Any
    hidden_size: int
    max_length: int | None
    causal: bool

    def place(self, settings: FineTuneSettings) -> Place:
        """Return which token the head reads."""
        if settings.pool == "auto":
            return "last" if self.causal else "first"
        return settings.pool

    @property
    def pad_id(self) -> int:
        """Id of padding; it is masked, so any will do where the tokenizer has none."""
        found = getattr(self.tokenizer, "pad_token_id", None)
        return 0 if found is None else int(found)

    def digest(self) -> str:
        """Return the sha256 of its weights."""
        digest = hashlib.sha256()
        for name, weight in self.module.named_parameters():
            digest.update(name.encode() + b"\0" + weight.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()
