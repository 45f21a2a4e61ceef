"""Near duplicates: MinHash LSH proposes, the exact Jaccard index decides, union-find joins."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from curation.core.fingerprint import seed_for
from curation.core.schema import Documents, text_buffers
from curation.kernels.candidates import FULL_BUCKET, bucket_pairs
from curation.kernels.shingles import band_keys, find_roots, unique_ngrams, verify_pairs
from curation.kernels.words import hash_words, word_hashes
from curation.steps.kinds import Deduplicator, Duplicates, Table

#: Words whose n-gram sets lie in memory at once while pairs are verified (8 bytes each).
_WORDS_AT_ONCE = 4_000_000
#: LSH keys in memory at once (4 bytes each).
_KEYS_AT_ONCE = 16_000_000


class Minhash(Deduplicator):
    """Drop documents whose word n-grams are nearly those of another.

    Two documents are near duplicates when the Jaccard index of their sets of word n-grams is at least `threshold`.
    Candidates share at least one of `bands` keys of `rows` MinHash values; each candidate pair is then *verified* by
    the exact index, and verified pairs are joined. One document of each group stays. Documents of fewer than `ngram`
    words have no n-gram and are left to `dedup.exact`.
    """

    cites: ClassVar[str] = "Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3"

    threshold: float = Field(default=0.8, gt=0, le=1)
    """Jaccard index from which two documents count as the same."""
    ngram: int = Field(default=5, ge=1, le=64)
    """Words in a shingle."""
    bands: int = Field(default=12, ge=1, le=256)
    """LSH bands: more find more. 12 x 5 finds 99.1% of the pairs at an index of 0.8, 99.9% of those at 0.85."""
    rows: int = Field(default=5, ge=1, le=64)
    """MinHash values in a band: more give fewer candidates to verify (32% of the pairs at an index of 0.5)."""
    keep: str = "smallest_id"
    """Which document of a group stays: `smallest_id`, or the name of a filter step: the highest measure stays."""

    def measures_used(self) -> dict[str, str]:
        """Return the filter step in ``keep``."""
        return {} if self.keep == "smallest_id" else {"keep": self.keep}

    def keys(self, docs: Documents) -> dict[str, NDArray[Any] | pa.Array]:
        """Compute the LSH keys of each document, 4 bytes a band."""
        words, offsets = word_hashes(docs)
        rng = np.random.Generator(np.random.PCG64(seed_for("minhash")))
        # Whole vector registers: a few permutations more than needed cost less than a ragged end of the loop.
        permutations = -(-self.bands * self.rows // 16) * 16
        factors, shifts = rng.integers(0, 1 << 32, size=(2, permutations), dtype=np.uint32)
        keys = band_keys(words, offsets, self.ngram, factors | np.uint32(1), shifts, self.bands, self.rows)
        return {f"band{band:03}": keys[:, band].copy() for band in range(self.bands)}

    def duplicates(self, table: Table) -> Duplicates:
        """Propose, verify, join."""
        n = len(table.ids)
        pairs, chained = self._candidates(table, n)
        parents = np.arange(n)
        similarity = np.full(n, np.nan)
        compared = self._verify(table, pairs, parents, similarity)
        roots = find_roots(parents)
        head = self._heads(table, roots)
        similarity[head < 0] = np.nan
        note = f"{len(pairs):,} candidate pairs, {compared:,} compared"
        if chained:
            note += f"; {chained:,} documents in buckets above {FULL_BUCKET} were compared along a chain"
        return Duplicates(head, similarity, note=note)

    def _candidates(self, table: Table, n: int) -> tuple[NDArray[np.uint64], int]:
        """Return pairs ``(a << 32) | b`` that share a key, and how many documents sit in very large buckets."""
        place = np.arange(n, dtype=np.uint64)
        found = np.zeros(0, np.uint64)
        chained = 0
        names = [f"band{band:03}" for band in range(self.bands)]
        at_once = max(1, _KEYS_AT_ONCE // max(n, 1))
        for start in range(0, self.bands, at_once):
            for keys in table.keys(names[start : start + at_once]).values():
                tagged = np.sort((keys[keys > 0].astype(np.uint64) << np.uint64(32)) | place[keys > 0])
                pairs, large = bucket_pairs(tagged)
                chained = max(chained, large)
                found = np.unique(np.concatenate([found, pairs]))
            table.progress("finding candidates", min(start + at_once, self.bands), self.bands, "bands")
        return found, chained

    def _verify(
        self, table: Table, pairs: NDArray[np.uint64], parents: NDArray[np.int64], similarity: NDArray[np.float64]
    ) -> int:
        """Join the pairs that hold, some million words at a time."""
        left = (pairs >> np.uint64(32)).astype(np.int64)
        right = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
        compared = done = 0
        cost = np.cumsum(table.words[left].astype(np.int64) + table.words[right])
        while done < len(pairs):
            limit = (cost[done - 1] if done else 0) + _WORDS_AT_ONCE
            stop = max(int(np.searchsorted(cost, limit, side="right")), done + 1)
            members = np.unique(np.concatenate([left[done:stop], right[done:stop]]))
            sets, offsets = unique_ngrams(*hash_words(*text_buffers(table.texts(members))), self.ngram)
            local = np.stack([np.searchsorted(members, left[done:stop]), np.searchsorted(members, right[done:stop])], 1)
            compared += verify_pairs(sets, offsets, local, self.threshold, parents, members, similarity)
            done = stop
            table.progress("verifying pairs", done, len(pairs), "pairs")
        return compared

    def _heads(self, table: Table, roots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each document the one that stays instead, -1 for those that stay."""
        score = (
            np.zeros(len(roots))
            if self.keep == "smallest_id"
            else -np.nan_to_num(table.measure(self.keep), nan=-np.inf)
        )
        order = np.lexsort((table.ids[:, 1], table.ids[:, 0], score, roots))
        first = np.ones(len(roots), np.bool_)
        first[1:] = roots[order][1:] != roots[order][:-1]
        best = order[np.maximum.accumulate(np.where(first, np.arange(len(roots)), 0))]
        head = np.empty(len(roots), np.int64)
        head[order] = np.where(first, -1, best)
        return head
