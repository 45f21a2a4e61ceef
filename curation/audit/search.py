"""The search behind contamination: evaluation texts indexed by their n-grams, and what a stream of documents holds.

Memory is bounded by the evaluation sets, not by the corpus: of a document nothing is kept but its id where it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.audit.evaluation_items import PAIR_FIELDS, EvaluationText
from curation.audit.folding import find_grams, folded_words, grams_of, searchable
from curation.core.schema import text_buffers
from curation.kernels.hashing import sequence_digests

#: Documents that an item names one by one.
_NAMED = 5
#: Pairs of a found n-gram and a text that holds it, expanded at once: a bound on memory.
_PAIRS = 4_000_000


@dataclass
class Index:
    """The distinct texts of the evaluation sets and their n-grams."""

    ngram: int
    texts: list[EvaluationText]
    distinct: NDArray[np.int64]  # for each text its number among the distinct ones; -1 where it is too short
    words: NDArray[np.int64]  # folded words of each distinct text
    needed: NDArray[np.float64]  # share from which on it is seen
    sizes: NDArray[np.int64]  # lengths of n-grams to look for
    keys: NDArray[np.uint64]  # distinct keys, sorted
    holders: NDArray[np.int64]  # distinct texts that hold each key, end to end
    holder_offsets: NDArray[np.int64]
    grams: NDArray[np.int64]  # distinct n-grams of each distinct text

    @classmethod
    def of(cls, texts: list[EvaluationText], ngram: int, min_words: int, min_share: float) -> Index:
        """Fold the texts, leave out those of fewer than ``min_words`` words, and list who holds which n-gram."""
        words, offsets = folded_words(*text_buffers(pa.array([text.text for text in texts], pa.large_string())))
        digests = sequence_digests(words, offsets)[:, 0]
        sizes = np.diff(offsets)
        long_enough = np.flatnonzero(sizes >= max(min_words, 1))
        # Sentences of pairs are kept apart from equal texts elsewhere: they are judged by another rule.
        pair = np.array([text.field in PAIR_FIELDS for text in texts], np.uint64)
        _, first, back = np.unique((digests + pair)[long_enough], return_index=True, return_inverse=True)
        distinct = np.full(len(texts), -1, np.int64)
        distinct[long_enough] = back
        chosen = long_enough[first]
        keys, key_offsets = grams_of(words, offsets, ngram)
        owner = np.repeat(np.arange(len(texts)), np.diff(key_offsets))
        place = np.full(len(texts), -1, np.int64)
        place[chosen] = np.arange(len(chosen))
        kept = place[owner] >= 0
        pairs = np.unique(np.stack([keys[kept], place[owner[kept]].astype(np.uint64)], 1), axis=0)
        known, starts = np.unique(pairs[:, 0], return_index=True)
        return cls(
            ngram=ngram,
            texts=texts,
            distinct=distinct,
            words=sizes[chosen],
            needed=np.where(pair[chosen] == 1, 1.0, np.where(sizes[chosen] < ngram, 1.0, min_share)),
            sizes=np.unique(np.minimum(sizes[chosen], ngram)).astype(np.int64),
            keys=known,
            holders=pairs[:, 1].astype(np.int64),
            holder_offsets=np.append(starts, len(pairs)).astype(np.int64),
            grams=np.bincount(pairs[:, 1].astype(np.int64), minlength=len(chosen)),
        )

    def of_task(self, task: str) -> list[int]:
        """Return the numbers of the texts of a file."""
        return self._tasks.get(task, [])

    @cached_property
    def _tasks(self) -> dict[str, list[int]]:
        tasks: dict[str, list[int]] = {}
        for number, text in enumerate(self.texts):
            tasks.setdefault(text.task, []).append(number)
        return tasks


@dataclass(frozen=True)
class Seen:
    """A text of an item that the corpus holds."""

    text: EvaluationText
    words: int
    share: float
    long: bool  # as long as an n-gram: a shorter one may be there by chance
    documents: tuple[str, ...]
    documents_total: int
    source: str

    @property
    def rank(self) -> tuple[bool, float, int]:
        """How well the text shows its item."""
        return self.long, self.share, self.words


class Search:
    """What was found so far: by distinct text the best share, and the documents that hold it."""

    def __init__(self, index: Index) -> None:
        """Start with nothing found."""
        count = len(index.grams)
        self.index = index
        self.table, self.bits = searchable(index.keys)
        self.documents = 0
        self.flagged: dict[str, str] = {}  # id -> source
        self.found = np.zeros(len(index.keys), np.bool_)
        self.best = np.zeros(count)
        self.best_document = np.full(count, None, object)
        self.best_source = np.full(count, None, object)
        self.held: dict[int, list[str]] = {}
        self.held_total = np.zeros(count, np.int64)

    def add(self, batch: pa.RecordBatch) -> None:
        """Search a batch of documents (``id``, ``source``, ``text``)."""
        words, offsets = folded_words(*text_buffers(batch.column("text").cast(pa.large_string())))
        rows, keys = find_grams(words, offsets, self.index.sizes, self.table, self.bits)
        self.documents += len(batch)
        if not len(rows):
            return
        ids, sources = (np.array(batch.column(name).to_pylist(), object) for name in ("id", "source"))
        hits = np.unique(np.stack([rows, np.searchsorted(self.index.keys, keys)], 1), axis=0)
        self.found[hits[:, 1]] = True
        spread = np.diff(self.index.holder_offsets)[hits[:, 1]]
        # A row is never split: its n-grams are counted together.
        ends = np.cumsum(spread)
        start = 0
        while start < len(hits):
            stop = int(np.searchsorted(ends, (ends[start - 1] if start else 0) + _PAIRS, side="right"))
            stop = int(np.searchsorted(hits[:, 0], hits[min(stop, len(hits) - 1), 0], side="left"))
            if stop <= start:  # one row alone is larger than the bound
                stop = int(np.searchsorted(hits[:, 0], hits[start, 0], side="right"))
            elif ends[-1] - (ends[start - 1] if start else 0) <= _PAIRS:
                stop = len(hits)
            self._count(hits[start:stop], spread[start:stop], ids, sources)
            start = stop

    def _count(
        self, hits: NDArray[np.int64], spread: NDArray[np.int64], ids: NDArray[Any], sources: NDArray[Any]
    ) -> None:
        """Count the n-grams that each document shares with each text, and keep what is best."""
        first = np.repeat(self.index.holder_offsets[hits[:, 1]], spread)
        within = np.arange(int(spread.sum())) - np.repeat(np.cumsum(spread) - spread, spread)
        count = len(self.index.grams)
        pairs, shared = np.unique(
            np.repeat(hits[:, 0], spread) * count + self.index.holders[first + within], return_counts=True
        )
        rows, texts = np.divmod(pairs, count)
        share = shared / self.index.grams[texts]
        better = np.flatnonzero(share > self.best[texts])
        better = better[np.lexsort((-rows[better], share[better]))]  # the best comes last, of equals the first document
        self.best[texts[better]] = share[better]
        self.best_document[texts[better]] = ids[rows[better]]
        self.best_source[texts[better]] = sources[rows[better]]
        for row, text in zip(*(array[share >= self.index.needed[texts]] for array in (rows, texts)), strict=True):
            self.flagged[ids[row]] = sources[row]
            self.held_total[text] += 1
            if self.held_total[text] <= _NAMED:
                self.held.setdefault(int(text), []).append(ids[row])

    def seen(self, numbers: Iterable[int]) -> Iterator[Seen]:
        """Yield those of some texts (numbers in ``index.texts``) that the corpus holds."""
        index, share = self.index, self.shares()
        for number in numbers:
            distinct = int(index.distinct[number])
            if distinct >= 0 and share[distinct] >= index.needed[distinct]:
                yield Seen(
                    text=index.texts[number],
                    words=int(index.words[distinct]),
                    share=float(share[distinct]),
                    long=bool(index.words[distinct] >= index.ngram),
                    documents=tuple(self.held.get(distinct, [self.best_document[distinct]])),
                    documents_total=int(self.held_total[distinct]),
                    source=str(self.best_source[distinct]),
                )

    def shares(self) -> NDArray[np.float64]:
        """Return for each distinct text the share of its n-grams that the corpus holds."""
        index = self.index
        owner = np.repeat(np.arange(len(index.keys)), np.diff(index.holder_offsets))
        together = np.bincount(index.holders[self.found[owner]], minlength=len(index.grams)) / index.grams
        # Documents may be lines: a paragraph that lies across several is found by all of them together.
        return np.where(index.needed < 1, np.maximum(together, self.best), self.best)
