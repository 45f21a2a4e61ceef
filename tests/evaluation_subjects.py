"""A subject without a network, for tests of all that stands around the scorers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from evaluation.queries import Plan, Query
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import Scorer


class WordScorer(Scorer):
    """Gives each word of a text the log-probability that a function says; batches are small on purpose."""

    backend = "causal"

    def __init__(self, worth: Callable[[str], float], batch: int = 3, name: str = "words") -> None:
        self.worth = worth
        self.batch = batch
        self.name = name
        self.ran = 0

    @property
    def identity(self) -> dict[str, Any]:
        return {"scorer": self.name}

    def plan(self, queries: Sequence[Query]) -> Plan:
        offsets, spans = [0], []
        for query in queries:
            at = 0
            for word in query.text.split(" "):
                end = at + len(word)
                if end > query.start and word:
                    spans.append((at, end))
                at = end + 1
            offsets.append(len(spans))
        table = np.array(spans, np.int32).reshape(-1, 2)
        words = [queries[q].text[a:b] for q in range(len(queries)) for a, b in spans[offsets[q] : offsets[q + 1]]]
        self.words = words
        return Plan(queries, np.array(offsets, np.int64), table, np.array([word == "blick" for word in words], bool))

    def run(self, plan: Plan, todo: np.ndarray) -> Any:
        waiting = np.flatnonzero(todo)
        for start in range(0, len(waiting), self.batch):
            numbers = waiting[start : start + self.batch]
            self.ran += len(numbers)
            yield numbers, np.array([[self.worth(self.words[number]) for number in numbers]], np.float32)


def subject(scorer: Scorer, backend: str = "causal", record: dict[str, Any] | None = None) -> Any:
    """Return what a task needs of a subject."""
    return SimpleNamespace(
        name="toy",
        revision=None,
        backend=backend,
        digest=f"toy-{scorer.identity}",
        parameters=0,
        corpus=None,
        words_seen=None,
        record=record,
        options=ScoringOptions(),
        scorer=lambda: scorer,
        milestones=list,
    )
