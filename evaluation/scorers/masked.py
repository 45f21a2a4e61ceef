"""Pseudo-log-likelihood: the log-probability of each token given all others (Salazar et al. 2020, arXiv 1910.14659).

Backends of the official evaluation (babylm/evaluation-pipeline-2025): ``mlm`` reads the answer at the masked token,
``mntp`` one place before it, as models do that predict the next token at every place (GPT-BERT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.networks.logprobs import logprobs
from evaluation.networks.network import Network
from evaluation.queries import Query
from evaluation.scorers.copies import copies_of, write
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.tokens import Texts, TokenPlan


class MaskedScorer(Scorer):
    """Scores tokens from both sides, each from a copy of its text that hides it."""

    def __init__(
        self,
        network: Network,
        texts: Texts,
        options: ScoringOptions,
        digest: str,
        limit: int | None,
        mask: int,
        backend: Literal["mlm", "mntp"],
    ) -> None:
        """Take a network, and how texts are read; ``mask`` is the id that hides a token."""
        self._network, self._texts, self._options, self._digest, self._limit = network, texts, options, digest, limit
        self._mask = mask
        self.backend = backend
        self.temperatures = options.temperatures

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the numbers."""
        options = self._options.model_dump(mode="json", exclude={"batch_tokens"})
        return {"backend": self.backend, "digest": self._digest, **options}

    def plan(self, queries: Sequence[Query]) -> TokenPlan:
        """Tokenise, and say which tokens will be scored."""
        rule: Literal["mlm", "mntp"] = "mntp" if self.backend == "mntp" else "mlm"
        words = self._options.pll == "within_word_l2r"
        return self._texts.plan(queries, rule, words=words, limit=self._limit)

    def run(self, plan: TokenPlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield log-probabilities batch by batch, short copies first."""
        copies = copies_of(plan, np.flatnonzero(todo), self._mask, self._limit)
        size = self._options.batch_tokens or self._network.most
        place = copies.sources[:, 3] - copies.sources[:, 2] - (self.backend == "mntp")
        for start, stop in _batches(copies.sizes, size, padded=self._network.padded):
            ids, bounds = write(plan, copies, slice(start, stop), self._mask)
            logits = self._network.texts(ids, bounds, bounds[:-1] + place[start:stop])
            answered = copies.answered[start : stop + 1]
            numbers = copies.numbers[answered[0] : answered[-1]]
            row = np.repeat(np.arange(stop - start), np.diff(answered))
            yield numbers, logprobs(logits, stop - start, row, plan.ids[plan.places[numbers]], self.temperatures)


def _batches(sizes: NDArray[np.int64], most: int, *, padded: bool) -> Iterator[tuple[int, int]]:
    """Yield from where to where ascending rows are run together: at most ``most`` tokens, or one row."""
    ends = np.cumsum(sizes)
    at = 0
    while at < len(sizes):
        end = int(np.searchsorted(ends, ends[at] - sizes[at] + most, side="right"))
        while padded and end > at + 1 and (end - at) * sizes[end - 1] > most:
            end -= 1
        yield at, max(end, at + 1)
        at = max(end, at + 1)
