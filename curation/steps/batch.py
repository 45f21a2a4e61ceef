"""The kinds that look at one batch at a time: filters, rewriters, augmenters, and their accounting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.core.schema import ALIVE, Documents, id_array, text_array, text_buffers
from curation.kernels.hashing import key_ids
from curation.kernels.scan import L_START, scan
from curation.kernels.texts import join_lines
from curation.kernels.words import count_words
from curation.steps.component import Step, is_bound
from curation.steps.intake import seed_halves


class BatchStep(Step):
    """A step that looks at one batch at a time."""

    @abstractmethod
    def apply(self, docs: Documents, index: int) -> Documents:
        """Return the documents after this step, which is number ``index`` of the manifest."""


class Filter(BatchStep):
    """Keeps documents whose measure lies between its bounds (both included)."""

    kind: ClassVar[str] = "filter"

    @abstractmethod
    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return one number a document; NaN where the rule has nothing to say (the document is kept)."""

    def bounds(self) -> tuple[float, float]:
        """Return the lowest and the highest measure that is kept."""
        low, high = -np.inf, np.inf
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            if is_bound(info) and value is not None:
                low, high = (value, high) if name.startswith("min_") else (low, value)
        return float(low), float(high)

    def fails(self, measures: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which measures lie outside the bounds."""
        low, high = self.bounds()
        return (measures < low) | (measures > high)

    def measures(self, docs: Documents) -> NDArray[np.float64]:
        """Return ``measure`` checked and as float64."""
        values = np.asarray(self.measure(docs), dtype=np.float64)
        if values.shape != (len(docs),):
            raise AssertionError(f"{type(self).__name__}.measure gave shape {values.shape} for {len(docs)} documents")
        return values

    def apply(self, docs: Documents, index: int) -> Documents:
        """Measure the batch and drop what lies outside the bounds."""
        measures = self.measures(docs)
        gone = docs.alive & self.fails(measures)
        docs = docs.replace(**{f"measure:{index}": np.where(docs.alive, measures, np.nan)})
        return drop(docs, gone, index, measures) if gone.any() else docs


def drop(
    docs: Documents, gone: NDArray[np.bool_], index: int, value: NDArray[np.float64] | None = None, detail: str = ""
) -> Documents:
    """Mark documents as removed by step ``index``."""
    columns: dict[str, Any] = {"step": np.where(gone, np.int16(index), docs.column("step"))}
    if value is not None:
        before = docs.batch.column("value").to_numpy(zero_copy_only=False)
        columns["value"] = pa.array(np.where(gone, value, before), from_pandas=True)
    if detail:
        columns["detail"] = pc.if_else(pa.array(gone), detail, docs.batch.column("detail"))
    return docs.replace(**columns)


class Rewriter(BatchStep):
    """Replaces texts. A text with no word left is dropped."""

    kind: ClassVar[str] = "rewriter"
    keeps_words: ClassVar[bool] = False
    """True for a rewriter that cannot change any word: the count of words is then not taken again."""
    authors: ClassVar[bool] = False
    """True when the new words are the step's own (a simplifier): ``origin`` becomes ``rule:<step>``."""

    @abstractmethod
    def rewrite(self, docs: Documents) -> pa.Array | Sequence[str]:
        """Return the new texts, one a row; those of removed documents do not matter."""

    def apply(self, docs: Documents, index: int) -> Documents:
        """Rewrite the batch, and record how many words each document gained or lost."""
        texts = as_texts(self.rewrite(docs), len(docs))
        return rewritten(docs, texts, index, recount=not self.keeps_words, author=self._author())

    def _author(self) -> str:
        return f"rule:{type(self).__module__.removeprefix('curation.steps.')}" if self.authors else ""


def as_texts(texts: pa.Array | Sequence[str], count: int) -> pa.Array:
    """Return what a step gave as a ``large_string`` array, one text a document."""
    array = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
    if len(array) != count or array.null_count:
        raise ValueError(f"gave {len(array)} texts ({array.null_count} of them null) for {count} documents")
    return array.cast(pa.large_string())


def rewritten(docs: Documents, texts: pa.Array, index: int, *, recount: bool = True, author: str = "") -> Documents:
    """Return documents with new texts and the change of words in ``change:<index>``.

    Where no text changed the documents stay as they are, and with them all that was computed from their texts.
    """
    change = f"change:{index}"
    differs = pc.not_equal(texts, docs.batch.column("text")).to_numpy(zero_copy_only=False) & docs.alive
    changed = np.flatnonzero(differs)
    if len(changed) == 0:
        return docs.replace(**{change: np.zeros(len(docs), np.int32)})
    before = words = docs.words
    if recount:
        words = before.copy()
        words[changed] = count_words(*text_buffers(texts.take(pa.array(changed))))
    columns: dict[str, Any] = {"text": texts, "words": words, change: (words - before).astype(np.int32)}
    if author:
        columns["origin"] = pc.if_else(pa.array(differs), author, docs.batch.column("origin"))
    emptied = docs.alive & (words == 0) & (before > 0)
    docs = docs.replace(**columns)
    return drop(docs, emptied, index, detail="no word left") if emptied.any() else docs


class LineFilter(Rewriter):
    """Removes lines. A document without lines left is dropped; a document that keeps all its lines is not touched."""

    kind: ClassVar[str] = "filter"

    @abstractmethod
    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which rows of ``scan(docs).lines`` to keep."""

    def rewrite(self, docs: Documents) -> pa.Array:
        """Return the texts without the lines that are not kept."""
        found = scan(docs)
        return without_lines(docs, self.keep_lines(docs), found.lines, found.line_offsets)


def without_lines(
    docs: Documents, keep: NDArray[np.bool_], lines: NDArray[np.int32], line_offsets: NDArray[np.int64]
) -> pa.Array:
    """Return the texts without some of their lines; blank lines stay with the line before them."""
    if keep.all():
        return docs.batch.column("text")
    data, offsets = docs.text
    counts = np.diff(line_offsets)
    rows = np.repeat(np.arange(len(docs)), counts)
    kept = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])
    changed = (kept[line_offsets[1:]] - kept[line_offsets[:-1]]) < counts
    # A piece runs from the start of its line to the start of the next: the pieces cover the texts.
    newlines = np.concatenate([np.full(1, -1), np.flatnonzero(data == 10)])
    starts = newlines[np.searchsorted(newlines, offsets[rows] + lines[:, L_START]) - 1] + 1
    first = np.zeros(len(rows), np.bool_)
    first[line_offsets[:-1][counts > 0]] = True
    starts = np.where(first, offsets[rows], starts)
    pieces = np.concatenate([starts, offsets[-1:]]).astype(np.int64)
    blank = counts == 0
    if blank.any():  # documents without lines own no piece: leave them as they are, as one piece each
        place = np.searchsorted(rows, np.flatnonzero(blank))
        pieces = np.insert(pieces, place, offsets[:-1][blank])
        rows = np.insert(rows, place, np.flatnonzero(blank))
        keep = np.insert(keep, place, True)
    return text_array(*join_lines(data, offsets, pieces, rows, keep, changed))


@dataclass(frozen=True)
class Derived:
    """New documents: texts, and the row of the document each was derived from."""

    texts: pa.Array
    parents: NDArray[np.int64]
    origin: str


class Augmenter(BatchStep):
    """Adds documents derived from others. They keep their parent's source and metadata."""

    kind: ClassVar[str] = "augmenter"

    @abstractmethod
    def derive(self, docs: Documents) -> Derived:
        """Return the new documents."""

    def apply(self, docs: Documents, index: int) -> Documents:
        """Append the derived documents to the batch."""
        new = self.derive(docs)
        n = len(new.texts)
        if n == 0:
            return docs
        batch = docs.batch.take(pa.array(new.parents))
        parents = batch.column("id")
        seeds = seed_halves(type(self).__name__, str(index))
        ordinal = np.zeros(n, np.int64)
        order = np.argsort(new.parents, kind="stable")
        ranks = np.arange(n) - np.searchsorted(new.parents[order], new.parents[order])
        ordinal[order] = ranks
        keys = pa.array(
            [f"{parent.hex()}/{number}" for parent, number in zip(parents.to_pylist(), ordinal, strict=True)]
        )
        words = count_words(*text_buffers(new.texts.cast(pa.large_string())))
        zeros = {name: np.zeros(n, np.int32) for name in batch.schema.names if name.startswith("change:")}
        gone = {name: np.full(n, np.nan) for name in batch.schema.names if name.startswith("measure:")}
        child = Documents(batch).replace(
            id=id_array(key_ids(*seeds, *text_buffers(keys.cast(pa.large_string())))),
            key=pa.nulls(n, pa.string()),
            text=new.texts,
            words_read=np.zeros(n, np.int32),
            words=words,
            parent=parents,
            born=np.full(n, index, np.int16),
            origin=pa.array([new.origin] * n),
            step=np.where(words > 0, ALIVE, index).astype(np.int16),
            value=pa.nulls(n, pa.float64()),
            detail=pa.nulls(n, pa.string()),
            **zeros,
            **gone,
        )
        # Each child stands behind its parent: where a batch ends must not decide the order of the corpus.
        merged = pa.Table.from_batches([docs.batch, child.batch]).combine_chunks().to_batches()[0]
        order = np.argsort(np.concatenate([np.arange(len(docs)), new.parents]), kind="stable")
        return Documents(merged.take(pa.array(order)))
