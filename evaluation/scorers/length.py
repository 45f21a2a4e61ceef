"""The floor of length: the shorter text wins. What it gets right, a task gives away by how long its options are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.queries import Query
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.spans import ValuePlan, of_spans

Unit = Literal["characters", "words"]

_SPACED = re.compile(r"\S+")


class LengthScorer(Scorer):
    """Gives each character, or each white-space separated word, the log-probability -1."""

    backend = "length"

    def __init__(self, unit: Unit = "characters") -> None:
        """Say what is counted."""
        self.unit: Unit = unit

    @property
    def identity(self) -> dict[str, Any]:
        """The unit."""
        return {"scorer": self.backend, "unit": self.unit}

    def plan(self, queries: Sequence[Query]) -> ValuePlan:
        """Find the characters or words of queries."""
        if self.unit == "words":
            found = ([(*match.span(), -1.0, False) for match in _SPACED.finditer(query.text)] for query in queries)
            return of_spans(queries, found)
        starts = np.asarray([query.start for query in queries], np.int64)
        sizes = np.maximum(np.asarray([len(query.text) for query in queries], np.int64) - starts, 0)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        first = (np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)).astype(np.int32)
        spans, values = np.stack([first, first + 1], axis=1), np.full(len(first), -1, np.float32)
        return ValuePlan(queries, offsets, spans, np.zeros(len(first), bool), values)

    def run(self, plan: ValuePlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield all at once."""
        yield np.arange(plan.tokens), plan.values[None]
