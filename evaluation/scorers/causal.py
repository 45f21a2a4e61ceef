"""Causal scores: the log-probability of each token given those before it.

The texts of all queries are put in order and run as prefix trees, so that what they have in common is run once
(``scorers/tree.py``); a model that cannot run trees gets texts of like length together. The last token of a text is
never run: nothing is asked after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.networks.logprobs import logprobs
from evaluation.networks.network import Network
from evaluation.queries import Query
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.tokens import Texts, TokenPlan
from evaluation.scorers.tree import plant
from evaluation.scorers.windows import Windows, cut


class CausalScorer(Scorer):
    """Scores tokens from the left."""

    backend = "causal"

    def __init__(self, network: Network, texts: Texts, options: ScoringOptions, digest: str, limit: int | None) -> None:
        """Take a network, and how texts are read; it reads at most ``limit`` tokens at once."""
        self._network, self._texts, self._options, self._digest, self._limit = network, texts, options, digest, limit
        self.temperatures = options.temperatures

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the numbers."""
        options = self._options.model_dump(mode="json", exclude={"batch_tokens", "pll"})
        return {"backend": self.backend, "digest": self._digest, **options}

    def plan(self, queries: Sequence[Query]) -> TokenPlan:
        """Tokenise, and say which tokens will be scored."""
        return self._texts.plan(queries, "causal", limit=None if self._limit is None else self._limit + 1)

    def run(self, plan: TokenPlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield log-probabilities batch by batch."""
        windows = cut(plan, np.flatnonzero(todo), self._limit)
        size = self._options.batch_tokens or self._network.most
        return self._as_trees(plan, windows, size) if self._network.branches else self._as_texts(plan, windows, size)

    def _as_trees(self, plan: TokenPlan, windows: Windows, size: int) -> Iterator[Batch]:
        forest = plant(windows.ids, windows.bounds, size)
        nodes = forest.nodes[windows.answers]
        order = np.argsort(nodes, kind="stable")
        borders = np.searchsorted(nodes[order], forest.trees)
        for tree in range(len(forest.trees) - 1):
            start, stop = forest.trees[tree], forest.trees[tree + 1]
            asked = order[borders[tree] : borders[tree + 1]]
            wanted, row = np.unique(nodes[asked] - start, return_inverse=True)
            logits = self._network.trees(forest.tokens[start:stop], forest.depths[start:stop], wanted)
            yield self._found(plan, windows.numbers[asked], logits, len(wanted), row)

    def _as_texts(self, plan: TokenPlan, windows: Windows, size: int) -> Iterator[Batch]:
        lengths = np.diff(windows.bounds)
        for chosen in by_length(lengths, size):
            ids = np.concatenate([windows.ids[windows.bounds[w] : windows.bounds[w + 1]] for w in chosen])
            bounds = np.concatenate([[0], np.cumsum(lengths[chosen])])
            asked = np.concatenate([np.arange(windows.asked[w], windows.asked[w + 1]) for w in chosen])
            moved = np.repeat(bounds[:-1] - windows.bounds[chosen], np.diff(windows.asked)[chosen])
            wanted, row = np.unique(windows.answers[asked] + moved, return_inverse=True)
            logits = self._network.texts(ids, bounds, wanted)
            yield self._found(plan, windows.numbers[asked], logits, len(wanted), row)

    def _found(
        self, plan: TokenPlan, numbers: NDArray[np.int64], logits: Any, count: int, row: NDArray[np.int64]
    ) -> Batch:
        return numbers, logprobs(logits, count, row, plan.ids[plan.places[numbers]], self.temperatures)


def by_length(lengths: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Yield batches of rows of like length, at most ``size`` tokens with their padding, or one row."""
    order = np.argsort(lengths, kind="stable")
    sizes = lengths[order]
    at = 0
    while at < len(order):
        end = at + 1
        while end < len(order) and (end + 1 - at) * sizes[end] <= size:
            end += 1
        yield order[at:end]
        at = end
