"""Exact duplicates of documents, paragraphs or lines."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents, text_array, text_buffers
from curation.kernels.hashing import sequence_digests
from curation.kernels.texts import join_lines
from curation.kernels.words import count_words, hash_words, word_hashes
from curation.steps.kinds import Deduplicator, Duplicates, Table


class Exact(Deduplicator):
    """Drop what occurs word for word a second time; how the white space is laid out does not matter.

    Of equal documents the one with the smallest id stays. Of equal lines or paragraphs the first one stays, documents
    taken by id; a document with nothing left is dropped. Equality is that of 128-bit digests for documents, 64-bit for
    lines and paragraphs (at ten million lines a chance clash has odds of 3 in a million).
    """

    cites: ClassVar[str] = "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better"

    level: Literal["document", "paragraph", "line"] = "document"
    """What is compared. Paragraphs are separated by blank lines."""
    fold: bool = False
    """Compare without case and ASCII punctuation."""
    min_words: int = Field(default=0, ge=0)
    """Leave lines or paragraphs of fewer words alone: in dialogue `yes.` is no duplicate."""

    @property
    def cuts_parts(self) -> bool:
        """Whether lines or paragraphs are cut out of documents."""
        return self.level != "document"

    def keys(self, docs: Documents) -> dict[str, NDArray[Any] | pa.Array]:
        """Digest documents, or each of their parts."""
        data, offsets = docs.text
        if not self.cuts_parts:
            words, word_offsets = self._words(docs)
            digests = sequence_digests(words, word_offsets)
            return {"high": digests[:, 0].copy(), "low": digests[:, 1].copy()}
        bounds, counts = parts(data, offsets, self.level)
        words, word_offsets = hash_words(*self._folded(data, bounds))
        digests = sequence_digests(words, word_offsets)[:, 0]
        short = count_words(data, bounds) < max(self.min_words, 1)
        digests[short] = 0  # never a duplicate
        part_offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return {"parts": pa.LargeListArray.from_arrays(pa.array(part_offsets), pa.array(digests))}

    def _words(self, docs: Documents) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        return hash_words(*self._folded(*docs.text)) if self.fold else word_hashes(docs)

    def _folded(
        self, data: NDArray[np.uint8], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        if not self.fold:
            return data, offsets
        texts = pa.compute.replace_substring_regex(text_array(data, offsets), r"[!-/:-@\[-`{-~]+", "")
        return text_buffers(pa.compute.utf8_lower(texts))

    def duplicates(self, table: Table) -> Duplicates:
        """Find equal digests; the smallest id of each group stays."""
        return self._parts(table) if self.cuts_parts else self._documents(table)

    def _documents(self, table: Table) -> Duplicates:
        digests = table.keys(["high", "low"])
        high, low = digests["high"], digests["low"]
        n = len(high)
        order = np.lexsort((table.ids[:, 1], table.ids[:, 0], low, high))
        same = np.zeros(n, np.bool_)
        same[1:] = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
        same &= table.words[order] > 0
        heads = np.maximum.accumulate(np.where(same, 0, np.arange(n)))
        head = np.full(n, -1, np.int64)
        head[order[same]] = order[heads[same]]
        return Duplicates(head, np.where(head >= 0, 1.0, np.nan))

    def _parts(self, table: Table) -> Duplicates:
        values, offsets = table.key_lists("parts")
        n = len(offsets) - 1
        rows = np.repeat(np.arange(n), np.diff(offsets))
        numbers = np.arange(len(values)) - offsets[:-1][rows]
        rank = np.empty(n, np.int64)
        rank[np.lexsort((table.ids[:, 1], table.ids[:, 0]))] = np.arange(n)
        order = np.lexsort((numbers, rank[rows], values))
        again = np.zeros(len(values), np.bool_)
        again[order[1:]] = (values[order][1:] == values[order][:-1]) & (values[order][1:] != 0)
        cut = np.flatnonzero(again)  # rows and numbers ascend with the place
        nothing = np.full(n, -1, np.int64)
        note = f"{len(cut):,} {self.level}s cut"
        return Duplicates(nothing, np.full(n, np.nan), rows[cut].astype(np.int64), numbers[cut].astype(np.int64), note)

    def cut(self, docs: Documents, rows: NDArray[np.int64], numbers: NDArray[np.int64]) -> pa.Array:
        """Return the texts without the given lines or paragraphs."""
        data, offsets = docs.text
        bounds, counts = parts(data, offsets, self.level)
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        keep = np.ones(len(bounds) - 1, np.bool_)
        keep[first[rows] + numbers] = False
        changed = np.zeros(len(docs), np.bool_)
        changed[rows] = True
        owners = np.repeat(np.arange(len(docs)), counts)
        return text_array(*join_lines(data, offsets, bounds, owners, keep, changed))


def parts(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], level: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the boundaries of lines or paragraphs, which cover the texts, and how many each text has."""
    start, end = int(offsets[0]), int(offsets[-1])
    newline = data[start:end] == 10
    if level == "paragraph":  # the part ends after the last newline of a run of two or more
        before = np.concatenate([[False], newline[:-1]])
        after = np.concatenate([newline[1:], [False]])
        # A run of newlines does not go on in the next text.
        inside = (offsets > start) & (offsets < end)
        before[offsets[inside] - start] = False
        after[offsets[inside] - start - 1] = False
        newline = newline & before & ~after
    stops = np.flatnonzero(newline) + start + 1
    bounds = np.unique(np.concatenate([stops, offsets]))
    counts = np.diff(np.searchsorted(bounds, offsets))
    return bounds.astype(np.int64), counts.astype(np.int64)
