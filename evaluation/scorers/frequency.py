"""The floor of word frequency: a sentence is as good as its words are common, in any order.

A scorer of this kind, which reads no syntax at all, was published with 66.3% of BLiMP under the rules of 2024: what a
model has above it is what it learnt about sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.queries import Query
from evaluation.scorers.lexicon import Lexicon, folded, of_sentences
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.spans import ValuePlan, of_spans


class FrequencyScorer(Scorer):
    """Gives each word the logarithm of its relative frequency; case and punctuation at its ends do not count.

    Sum or mean over the words is the choice of who reads the scores: the sum also prefers fewer words.
    """

    backend = "frequency"

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        """Take the frequencies of a corpus.

        Args:
            lexicon: counts. Without them the words of the very queries of a call are counted, all options pooled: that
                tells how far a task gives itself away by its choice of words, and nothing about a corpus.
        """
        self.lexicon = lexicon

    @property
    def identity(self) -> dict[str, Any]:
        """Digest of the counts, or that the queries are counted."""
        return {"scorer": self.backend, "lexicon": None if self.lexicon is None else self.lexicon.digest}

    def plan(self, queries: Sequence[Query]) -> ValuePlan:
        """Find the words of queries, and their frequencies."""
        lexicon = self.lexicon if self.lexicon is not None else of_sentences(query.text for query in queries)
        values: dict[str, tuple[float, bool]] = {}

        def words(text: str) -> list[tuple[int, int, float, bool]]:
            found = []
            for word, start, end in folded(text):
                if word not in values:
                    values[word] = lexicon.log_frequency(word), word not in lexicon.counts
                found.append((start, end, *values[word]))
            return found

        return of_spans(queries, (words(query.text) for query in queries))

    def run(self, plan: ValuePlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield all at once: nothing is left to be worked out."""
        yield np.arange(plan.tokens), plan.values[None]
