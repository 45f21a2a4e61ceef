"""Scores by lot: what a harness must report at the chance level of a task, and never as a tie.

The level that stands in a report is the task's own, worked out from its options; this scorer checks the machinery.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for
from evaluation.queries import Query
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.spans import ValuePlan, of_spans


class ChanceScorer(Scorer):
    """Gives each query, as one token, the logarithm of a number drawn between 0 and 1.

    The numbers are the places of a random order of all queries, evenly spaced: no two are the same, and which of two
    queries wins is a fair draw, independent of that between any two others.
    """

    backend = "chance"

    def __init__(self, seed: int = 0) -> None:
        """Take the seed of the draws."""
        self.seed = seed

    @property
    def identity(self) -> dict[str, Any]:
        """The seed."""
        return {"scorer": self.backend, "seed": self.seed}

    def plan(self, queries: Sequence[Query]) -> ValuePlan:
        """Draw: other queries get other draws from the same seed."""
        draws = np.random.default_rng(seed_for(self.seed, "chance", [(query.text, query.start) for query in queries]))
        values = np.log((draws.permutation(len(queries)) + 1.0) / (len(queries) + 1.0)).tolist()
        return of_spans(
            queries,
            (
                [(query.start, max(len(query.text), query.start + 1), value, False)]
                for query, value in zip(queries, values, strict=True)
            ),
        )

    def run(self, plan: ValuePlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield all at once."""
        yield np.arange(plan.tokens), plan.values[None]
