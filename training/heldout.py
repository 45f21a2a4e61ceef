"""Bits per byte of held-out text, one figure a source: comparable across tokenizers, unlike a loss a token.

A causal model's figure is the probability it gives the text, in bits, over the text's UTF-8 bytes. A masked model gives
texts no probability; its figure is the mean cost of a hidden token times the tokens of the text, over the bytes
(pseudo-likelihood, Salazar et al., arXiv 1910.14659, with 15% of the tokens hidden at a time). The two do not compare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

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


#: By source: bits and answers of each document.
_Costs = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True)
class _Part:
    """A source.

    Attributes:
        batches: its tokens.
        owners: the document of each answer, by batch: a number of ``sizes``.
        sizes: UTF-8 bytes of each document that has tokens, int64 [D].
        tokens: tokens of the source.
    """

    batches: list[Batch]
    owners: list[NDArray[np.int64]]
    sizes: NDArray[np.int64]
    tokens: int


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
        self._parts: dict[str, _Part] = {}
        self._last: _Costs = {}
        lengths = np.diff(shards.documents)
        for number, name in enumerate(shards.source_names):
            of_source = np.flatnonzero((shards.sources == number) & (lengths > 0))
            pieces = [shards.tokens[shards.documents[d] : shards.documents[d + 1]] for d in of_source]
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
            batches, places = _batches(layout, objective, length, vocabulary.pad)
            starts = offsets[:-1] + np.arange(len(pieces)) * (tokens.begin is not None)
            owners = [np.searchsorted(starts, of_batch, side="right") - 1 for of_batch in places]
            self._parts[name] = _Part(batches, owners, shards.bytes[of_source].astype(np.int64), len(tokens.ids))

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
        found = {}
        for name, (bits, answers) in self._bits(model, device).items():
            part = self._parts[name]
            size, all_answers = int(part.sizes.sum()), int(answers.sum())
            if all_answers and size:
                found[name] = float(bits.sum()) / all_answers * (part.tokens if self.pseudo else all_answers) / size
        return found

    def by_document(self) -> pa.Table | None:
        """Return what each document cost when last measured, in the order of the text; None for masked models.

        Columns: ``source``, ``bytes`` (UTF-8) and ``bits``; a source's bits per byte is their ratio of sums. A masked
        model answers for a sample of the tokens, which says too little of a single document.
        """
        if self.pseudo or not self._last:
            return None
        names = [name for name in self._last for _ in self._parts[name].sizes]
        sizes = np.concatenate([self._parts[name].sizes for name in self._last])
        bits = np.concatenate([of_source for of_source, _ in self._last.values()])
        return pa.table({"source": names, "bytes": sizes, "bits": bits})

    def _bits(self, model: Any, device: torch.device) -> _Costs:
        """Return by source the (bits, answers) of each document, and keep them."""
        training = model.training
        model.eval()
        found = {}
        with torch.no_grad():
            for name, part in self._parts.items():
                nats, answers = np.zeros(len(part.sizes)), np.zeros(len(part.sizes))
                for batch, owners in zip(part.batches, part.owners, strict=True):
                    here = batch.to(device)
                    hidden = model.hidden(here.inputs, segments=here.segments, causal=here.causal).flatten(0, 1)
                    logits = model.logits(hidden.index_select(0, here.labelled)).float()
                    losses = torch.nn.functional.cross_entropy(logits, here.targets, reduction="none")
                    nats += np.bincount(owners, losses.cpu().numpy(), minlength=len(nats))
                    answers += np.bincount(owners, minlength=len(nats))
                found[name] = nats / math.log(2), answers
        model.train(training)
        self._last = found
        return found


def _batches(
    layout: Layout, objective: Any, length: int, pad: int | None
) -> tuple[list[Batch], list[NDArray[np.int64]]]:
    """Return the batches, and for each the places in the stream of the tokens that are answers."""
    count = -(-layout.total // length)
    batches, places = [], []
    size = max(TOKENS_AT_ONCE // length, 1)
    for start in range(0, count, size):
        numbers = np.arange(start, min(start + size, count))
        rows = Rows.empty(len(numbers), length + objective.ahead, pad)
        keys = hashes(key_for("heldout", start), len(numbers))
        layout.fill(rows, numbers, length, 0, keys)
        moment = Moment(0, 1, start, np.zeros(len(numbers), np.int64), keys)
        batches.append(objective.prepare(rows, moment, words=0, separate=True))
        places.append(start * length + batches[-1].labelled.numpy() + objective.ahead)
    return batches, places
