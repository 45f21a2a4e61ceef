"""Which documents of a corpus are trained on and which are held out: a pure function of the corpus and four numbers.

Both are decided by hash(seed, document id), so they do not depend on the order of documents, and a larger training set
holds the smaller ones. Held-out documents are whole ones; a source whose smallest document is larger than what may be
held out of it (one book in one document) has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import fingerprint
from curation.core.words import first_words
from curation.corpus import Corpus
from training.errors import RecipeError


@dataclass(frozen=True)
class Selection:
    """Which documents of a corpus are for training and which are held out."""

    seed: int
    heldout_share: float
    heldout_max_words: int
    max_words: int | None

    def key(self) -> str:
        """Fingerprint of the choice."""
        return fingerprint("selection", asdict(self))


@dataclass(frozen=True)
class Chosen:
    """Words to take of each document of a corpus, in order."""

    train: NDArray[np.int64]
    heldout: NDArray[np.int64]


@dataclass(frozen=True)
class Text:
    """One document on its way to tokens."""

    text: str
    source: str


def choose(corpus: Corpus, selection: Selection) -> Chosen:
    """Return how many words of each document are trained on and held out.

    Raises:
        RecipeError: the corpus has fewer words than are wanted.
    """
    hashes, words, sources = [], [], []
    for batch in corpus.batches(["id", "source", "words"]):
        words.append(batch.column("words").to_numpy())
        sources += batch.column("source").to_pylist()
        hashes += [_hash(selection.seed, name) for name in batch.column("id").to_pylist()]
    counts = np.concatenate([np.empty(0, np.int64), *words]).astype(np.int64)
    order = np.argsort(np.asarray(hashes, np.uint64), kind="stable")
    heldout = _hold_out(counts, np.asarray(sources, dtype=object), order, selection)
    train = counts - heldout
    if selection.max_words is not None:
        available = int(train.sum())
        if available < selection.max_words:
            raise RecipeError(
                f"the corpus has {available:,} words to train on, {selection.max_words:,} are wanted",
                where="data.max_words",
                hint=f"{int(heldout.sum()):,} more words are held out (data.heldout)",
            )
        before = np.concatenate([[0], np.cumsum(train[order])[:-1]])
        train[order] = np.clip(selection.max_words - before, 0, train[order])
    return Chosen(train, heldout)


def _hold_out(
    counts: NDArray[np.int64], sources: NDArray[Any], order: NDArray[np.int64], selection: Selection
) -> NDArray[np.int64]:
    heldout = np.zeros_like(counts)
    for source in sorted(set(sources)):
        of_source = order[sources[order] == source]
        room = min(int(counts[of_source].sum() * selection.heldout_share), selection.heldout_max_words)
        for document in of_source:
            if counts[document] <= room:
                heldout[document] = counts[document]
                room -= int(counts[document])
    return heldout


def _hash(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")


def chosen_texts(corpus: Corpus, take: NDArray[np.int64]) -> Iterator[Text]:
    """Yield the documents of which words are taken, cut to them."""
    place = 0
    for batch in corpus.batches(["text", "source", "words"]):
        wanted = take[place : place + len(batch)]
        place += len(batch)
        there = np.flatnonzero(wanted)
        if not len(there):
            continue
        rows = batch.take(there)
        columns = (rows.column(name).to_pylist() for name in ("text", "source", "words"))
        for text, source, words, count in zip(*columns, wanted[there].tolist(), strict=True):
            yield Text(text if count == words else first_words(text, count), source)
