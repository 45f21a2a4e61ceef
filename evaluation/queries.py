"""What a scorer is asked, and what it answers: texts in, log-probabilities of their tokens out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reduction = Literal["sum", "mean"]


@dataclass(frozen=True, slots=True)
class Query:
    """A text to be scored from character ``start`` on; what stands before is read and not scored.

    A token counts as scored if it ends after ``start``: tokens across the border belong to the scored part, as in the
    official evaluation (babylm/evaluation-pipeline-2025, ``sentence_zero_shot/dataset.py``).

    Attributes:
        text: is read.
        start: the first character that is scored.
        apart: what stands before ``start`` and what stands after it are tokenised apart, the latter without special
            tokens, and only its first token is scored (the official reading task). The queries of a call are all
            apart, or none is.
        masks: how many mask tokens stand behind the context of an ``apart`` query where a masked model answers; the
            first of them, of which there is at least one, is the answer's place.
    """

    text: str
    start: int = 0
    apart: bool = False
    masks: int = 0


@dataclass(frozen=True)
class Scores:
    """Natural log-probabilities of the scored tokens of queries, ragged: query ``q`` has tokens ``offsets[q:q+2]``.

    Attributes:
        logprobs: float32 ``[temperatures, tokens]``; the first temperature is 1 unless the scorer was told otherwise.
        offsets: int64 ``[queries + 1]``.
        spans: int32 ``[tokens, 2]``, each token's characters in its text.
        unknown: bool ``[tokens]``, whether the tokenizer did not know the token.
        temperatures: what the logits were divided by.
        truncated: bool ``[queries]``, whose text was longer than the model reads at once, so that the scored tokens saw
            less of it; None if none can be.
    """

    logprobs: NDArray[np.float32]
    offsets: NDArray[np.int64]
    spans: NDArray[np.int32]
    unknown: NDArray[np.bool_]
    temperatures: tuple[float, ...] = (1.0,)
    truncated: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.offsets) - 1

    def totals(self, reduction: Reduction = "sum", temperature: int = 0) -> NDArray[np.float64]:
        """Return one number a query, float64 ``[queries]``: the sum or the mean over its tokens; 0 for no token."""
        values = self.logprobs[temperature].astype(np.float64)
        counts = np.diff(self.offsets)
        sums = np.zeros(len(counts))
        filled = counts > 0
        if values.size:
            sums[filled] = np.add.reduceat(values, self.offsets[:-1][filled])
        return sums / np.maximum(counts, 1) if reduction == "mean" else sums

    def has_unknown(self) -> NDArray[np.bool_]:
        """Return whether each query has a token that the tokenizer did not know, bool ``[queries]``."""
        found = np.concatenate([[0], np.cumsum(self.unknown)])
        has: NDArray[np.bool_] = found[self.offsets[1:]] > found[self.offsets[:-1]]
        return has

    def of(self, query: int) -> slice:
        """Return the tokens of a query."""
        return slice(int(self.offsets[query]), int(self.offsets[query + 1]))


@dataclass(frozen=True)
class Plan:
    """The tokens that queries ask for, before any is scored; a scorer may keep more beside it in a subclass.

    Attributes:
        offsets: int64 ``[queries + 1]``.
        spans: int32 ``[tokens, 2]``, characters in the text.
        unknown: bool ``[tokens]``.
        truncated: bool ``[queries]``, whose text is longer than the model reads; None if none can be.
    """

    queries: Sequence[Query]
    offsets: NDArray[np.int64]
    spans: NDArray[np.int32]
    unknown: NDArray[np.bool_]
    truncated: NDArray[np.bool_] | None = field(default=None, kw_only=True)

    @property
    def tokens(self) -> int:
        """How many tokens are to be scored."""
        return int(self.offsets[-1])
