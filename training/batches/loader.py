"""Batches by step number: any process can make any of them, so workers, resumption and processes agree."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from curation.core.follow import follow_parent
from training.batches.batch import Batch
from training.batches.draws import hashes, key_for, shuffled
from training.batches.plan import Plan
from training.batches.rows import Layout, Rows, Tokens
from training.batches.settings import LayoutSettings
from training.objectives.objective import Moment, Objective
from training.objectives.special import Vocabulary

if TYPE_CHECKING:
    from training.shards import Shards


def layout_for(settings: LayoutSettings, tokens: Tokens, seed: int) -> Layout:
    """Return the layout of a name: ``stream`` is the class in ``batches/stream.py``."""
    layout: Layout = importlib.import_module(f"training.batches.{settings.use}").Layout(tokens, settings, seed)
    return layout


class Batches(Dataset[Batch]):
    """Batch number ``step`` of a run; with ``world`` processes, the part of process ``rank``."""

    def __init__(
        self,
        shards: Shards,
        special: Vocabulary,
        layout: LayoutSettings,
        objective: Objective,
        lengths: list[int],
        counts: list[int],
        *,
        seed: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        """Lay out the run; nothing is read until a batch is asked for."""
        self._made_from = (shards, special, layout, objective, lengths, counts), (seed, rank, world)
        tokens = Tokens(shards.tokens, shards.documents, shards.sentences, special.begin, special.end, special.pad)
        self._shards = shards
        self._pad = special.pad
        self._layout = layout_for(layout, tokens, seed)
        self._objective = objective
        self._seed, self._rank, self._world = seed, rank, world
        self.plan = Plan(lengths, counts, self._layout.count)
        self._order = lru_cache(maxsize=4)(self._shuffle)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to a worker as settings; the shards are mapped there again, not copied."""
        return _made_again, self._made_from

    def rows_in_epoch(self, length: int) -> int:
        """Return how many rows of this length an epoch has."""
        return self._layout.count(length)

    def _shuffle(self, epoch: int, length: int) -> NDArray[np.int64]:
        return shuffled(key_for(self._seed, "order", epoch, length), self._layout.count(length))

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.plan)

    def rows(self, step: int) -> tuple[Rows, Moment]:
        """Return the unmasked rows of a step, of all processes, and when they are."""
        length, count = int(self.plan.lengths[step]), int(self.plan.counts[step])
        rows = Rows.empty(count, length + self._objective.ahead, self._pad)
        first_row = int(self.plan.first_row[step])
        keys = hashes(key_for(self._seed, "row", first_row), count)
        start = 0
        portions = list(self.plan.portions(step))
        for portion in portions:
            part = slice(start, start + len(portion.places))
            numbers = self._order(portion.epoch, length)[portion.places]
            view = Rows(rows.ids[part], rows.segments[part], rows.origins[part])
            self._layout.fill(view, numbers, length, portion.epoch, keys[part])
            start = part.stop
        epochs = np.concatenate([np.full(len(portion.places), portion.epoch) for portion in portions])
        moment = Moment(step, len(self.plan), first_row, epochs, keys)
        return rows, moment

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step."""
        rows, moment = self.rows(step)
        shown = rows.origins[:, : rows.origins.shape[1] - self._objective.ahead]
        by_source = self._words(shown[shown >= 0])
        batch = self._objective.prepare(rows, moment, words=sum(by_source), separate=self._layout.separate)
        batch = replace(batch, words_by_source=by_source)
        if self._world == 1:
            return batch
        count = len(batch.inputs)
        return batch.rows(self._rank * count // self._world, (self._rank + 1) * count // self._world)

    def _words(self, shown: NDArray[np.int64]) -> tuple[int, ...]:
        """Return how many words begin at the tokens that are shown, by source: repeats count."""
        words = self._shards.words[shown]
        begins = shown[words > 0]
        documents = np.searchsorted(self._shards.documents, begins, side="right") - 1
        sources = self._shards.sources[documents]
        counts = np.bincount(sources, weights=words[words > 0], minlength=len(self._shards.source_names))
        return tuple(int(count) for count in counts)

    def loader(self, start: int, *, workers: int, pin: bool) -> Iterator[Batch]:
        """Yield the batches from a step on, made by worker processes or, with none, here."""
        if workers == 0:
            return (self[step] for step in range(start, len(self)))
        return iter(
            DataLoader(
                self,
                sampler=range(start, len(self)),
                batch_size=None,
                num_workers=workers,
                pin_memory=pin,
                multiprocessing_context="forkserver",
                persistent_workers=False,
                worker_init_fn=_follow_parent,
            )
        )


def _follow_parent(_worker: int) -> None:
    follow_parent()


def _made_again(parts: tuple[Any, ...], run: tuple[int, int, int]) -> Batches:
    seed, rank, world = run
    return Batches(*parts, seed=seed, rank=rank, world=world)
