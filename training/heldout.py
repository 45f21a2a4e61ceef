"""Bits per byte of held-out text, one figure a source: comparable across tokenizers, unlike a loss a token.

A causal model's figure is the probability it gives the text, in bits, over the text's UTF-8 bytes. A masked model gives
texts no probability; its figure is the mean cost of a hidden token times the tokens of the text, over the bytes
(pseudo-likelihood, Salazar et al., arXiv 1910.14659, with 15% of the tokens hidden at a time). The two do not compare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from training.batches.batch import Batch
from training.batches.draws import hashes, key_for
from training.batches.rows import Rows, Tokens
from training.batches.settings import Stream
from training.batches.stream import Layout
from training.checkpoint import Progress
from training.config import Recipe
from training.events import HeldoutMeasured
from training.objectives.causal import Objective as Causal
from training.objectives.masked import Objective as Masked
from training.objectives.objective import Moment
from training.objectives.settings import Causal as CausalSettings
from training.objectives.settings import Masked as MaskedSettings
from training.objectives.settings import Masking
from training.objectives.special import Vocabulary
from training.optim.ema import Ema
from training.shards import Shards

#: Tokens a batch: small enough to stay in cache.
TOKENS_AT_ONCE = 4096


class Heldout:
    """The held-out text of a run, laid out once."""

    def __init__(
        self, shards: Any, vocabulary: Vocabulary, length: int, *, masked: bool, begin: bool, every: float = 0.1
    ) -> None:
        """Lay out each source's documents in rows of ``length``; ``masked`` models fill in, others predict."""
        self.pseudo = masked
        self._every = every
        objective = (
            Masked(MaskedSettings(masking=Masking(use="tokens", random=0, keep=0)), vocabulary, 0)
            if masked
            else Causal(CausalSettings(), vocabulary, 0)
        )
        self._parts: dict[str, tuple[list[Batch], int, int]] = {}
        for number, name in enumerate(shards.source_names):
            of_source = np.flatnonzero(shards.sources == number)
            pieces = [shards.tokens[shards.documents[d] : shards.documents[d + 1]] for d in of_source]
            pieces = [piece for piece in pieces if len(piece)]
            if not pieces:
                continue
            offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
            tokens = Tokens(
                np.concatenate(pieces),
                offsets,
                None,
                vocabulary.begin if begin else None,
                vocabulary.end,
                vocabulary.pad,
            )
            layout = Layout(tokens, Stream(shuffle="rows", begin=begin, end=False, separate=True), 0)
            batches = _batches(layout, objective, length, vocabulary.pad)
            self._parts[name] = batches, int(shards.bytes[of_source].sum()), len(tokens.ids)

    @classmethod
    def of(cls, recipe: Recipe, shards: Shards | None, vocabulary: Vocabulary, length: int) -> Heldout | None:
        """Return the held-out text of a run, or None if nothing is held out."""
        if shards is None or not len(shards.tokens):
            return None
        layout = recipe.data.layout
        begin = vocabulary.begin is not None and (not isinstance(layout, Stream) or layout.begin)
        masked = recipe.objective.use == "masked"
        return cls(shards, vocabulary, length, masked=masked, begin=begin, every=recipe.data.heldout.every)

    def due(self, step: int, steps: int) -> bool:
        """Return whether to measure after a step: ten times a run by default; the end is measured anyway."""
        interval = max(round(steps * self._every), 1)
        return (step + 1) % interval == 0 and step + 1 < steps

    def event(self, model: Any, ema: Ema | None, progress: Progress, device: torch.device) -> HeldoutMeasured:
        """Measure the weights that an export would have."""
        with nullcontext() if ema is None else ema.in_place_of(model):
            found = self.measure(model, device)
        return HeldoutMeasured(progress.step - 1, progress.words, found, self.pseudo)

    def measure(self, model: Any, device: torch.device) -> Mapping[str, float]:
        """Return bits per byte by source; the model is put in evaluation mode and back."""
        training = model.training
        model.eval()
        found = {}
        with torch.no_grad():
            for name, (batches, size, tokens) in self._parts.items():
                nats, answers = 0.0, 0
                for batch in batches:
                    here = batch.to(device)
                    hidden = model.hidden(here.inputs, segments=here.segments, causal=here.causal).flatten(0, 1)
                    logits = model.logits(hidden.index_select(0, here.labelled)).float()
                    nats += float(torch.nn.functional.cross_entropy(logits, here.targets, reduction="sum"))
                    answers += len(here.targets)
                if answers and size:
                    found[name] = nats / answers * (tokens if self.pseudo else answers) / math.log(2) / size
        model.train(training)
        return found


def _batches(layout: Layout, objective: Any, length: int, pad: int | None) -> list[Batch]:
    count = -(-layout.total // length)
    batches = []
    size = max(TOKENS_AT_ONCE // length, 1)
    for start in range(0, count, size):
        numbers = np.arange(start, min(start + size, count))
        rows = Rows.empty(len(numbers), length + objective.ahead, pad)
        keys = hashes(key_for("heldout", start), len(numbers))
        layout.fill(rows, numbers, length, 0, keys)
        batches.append(
            objective.prepare(rows, Moment(0, 1, start, np.zeros(len(numbers), np.int64), keys), words=0, separate=True)
        )
    return batches
