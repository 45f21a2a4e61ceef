"""The exposure meter: how many words a model has read, repeats counted, and where it must stop.

The challenge limits words seen since 2025 (call for papers, arXiv 2502.10645, section 4.2: 100M for strict-small, 1000M
for the others) and asks for a checkpoint at every 1M words seen to 10M, every 10M to 100M and every 100M to 1000M,
named ``chck_7M`` (babylm/evaluation-pipeline-2025, README). The limits of a year stand in its rule profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.core.errors import CurateError

MILLION = 1_000_000


class ExposureLimit(CurateError):
    """A model would read more words than its rules allow."""


def marks(last: int | None = 1000 * MILLION) -> tuple[int, ...]:
    """Return the words seen at which a checkpoint is asked for, up to ``last`` (None: there are none)."""
    every = (
        number * scale * MILLION
        for scale, numbers in ((1, range(1, 11)), (10, range(2, 11)), (100, range(2, 11)))
        for number in numbers
    )
    return tuple(mark for mark in every if last is not None and mark <= last)


def mark_name(words: int) -> str:
    """Return the name of a mark: 3,000,000 is ``chck_3M``."""
    return f"chck_{words // MILLION}M"


@dataclass(frozen=True)
class Part:
    """Text that is metered together: a source, and who wrote it."""

    source: str
    origin: str = "human"


class ExposureMeter:
    """Counts words seen by source and origin; ``see`` refuses what would pass the limit, so it can never be passed.

    Attributes:
        parts: What is metered, in the order of the counts.
        seen: [parts] int64, words seen of each.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        limit: int | None = None,
        epochs: float | None = None,
        corpus_words: int | None = None,
        last_mark: int | None = 1000 * MILLION,
    ) -> None:
        """Start at zero.

        Args:
            parts: What is metered.
            limit: Words that may be seen, repeats counted; None for no limit.
            epochs: Passes over the corpus that are allowed, as words: epochs x ``corpus_words``.
            corpus_words: Words of the corpus, for ``epochs``.
            last_mark: The last mark of words seen; None for no marks.

        Raises:
            ValueError: ``epochs`` without ``corpus_words``, or a part that stands twice.
        """
        if epochs is not None and corpus_words is None:
            raise ValueError("epochs are counted in words of the corpus: give corpus_words")
        if len(set(parts)) != len(parts):
            raise ValueError("a part stands twice")
        limits = [] if limit is None else [limit]
        limits += [] if epochs is None or corpus_words is None else [int(epochs * corpus_words)]
        self.parts = tuple(parts)
        self.seen = np.zeros(len(self.parts), np.int64)
        self.limit = min(limits) if limits else None
        self._marks = marks(last_mark)

    @property
    def words(self) -> int:
        """Words seen in all."""
        return int(self.seen.sum())

    @property
    def left(self) -> int | None:
        """Words that may still be seen; None without a limit."""
        return None if self.limit is None else self.limit - self.words

    def fits(self, counts: ArrayLike) -> bool:
        """Return whether some more words may be seen: ask before a step, and stop if not."""
        return self.left is None or int(np.sum(counts, dtype=np.int64)) <= self.left

    def see(self, counts: ArrayLike) -> list[str]:
        """Count words that are seen now, and return the names of the marks that are reached with them.

        Args:
            counts: [parts] integers, words of each part.

        Raises:
            ExposureLimit: they would pass the limit; nothing is counted then.
            ValueError: there are not as many counts as parts, or one is negative.
        """
        more: NDArray[np.int64] = np.asarray(counts, np.int64)
        if more.shape != self.seen.shape or (more < 0).any():
            raise ValueError(f"wants {len(self.parts)} counts that are not negative, this is {counts!r}")
        if not self.fits(more):
            over = int(more.sum()) - (self.left or 0)
            raise ExposureLimit(
                f"{int(more.sum()):,} more words would pass the limit of {self.limit:,} words seen by {over:,}",
                where=f"{self.words:,} words seen",
                hint="stop before this step, and submit the checkpoints that there are",
            )
        before = self.words
        self.seen += more
        return [mark_name(mark) for mark in self._marks if before < mark <= self.words]

    def by_source(self) -> dict[str, int]:
        """Return the words seen of each source."""
        return self._sums([part.source for part in self.parts])

    def by_origin(self) -> dict[str, int]:
        """Return the words seen by who wrote them."""
        return self._sums([part.origin for part in self.parts])

    def _sums(self, names: Sequence[str]) -> dict[str, int]:
        sums: dict[str, int] = {}
        for name, words in zip(names, self.seen.tolist(), strict=True):
            sums[name] = sums.get(name, 0) + words
        return sums

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps (JSON-able)."""
        parts = [[part.source, part.origin] for part in self.parts]
        return {"parts": parts, "seen": self.seen.tolist(), "limit": self.limit}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept; the limit stays that of this meter.

        Raises:
            ValueError: it was kept by a meter of other parts.
        """
        if [tuple(pair) for pair in state["parts"]] != [(part.source, part.origin) for part in self.parts]:
            raise ValueError("the state is of a meter with other sources or origins")
        self.seen = np.asarray(state["seen"], np.int64)
