"""Which rows each step reads: the whole run laid out beforehand from lengths and batch sizes, without any data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Portion(NamedTuple):
    """Rows of one epoch within a step."""

    epoch: int
    places: NDArray[np.int64]
    """Places in the epoch's order."""


class Plan:
    """Row lengths and counts of every step, and where in its epochs each step stands.

    A change of length starts a new epoch, because rows of another length are other rows.
    """

    def __init__(self, lengths: Sequence[int], counts: Sequence[int], rows_in_epoch: Callable[[int], int]) -> None:
        """Lay out a run of ``len(lengths)`` steps; ``rows_in_epoch(length)`` says how many rows an epoch has."""
        self.lengths = np.asarray(lengths, np.int64)
        self.counts = np.asarray(counts, np.int64)
        self.first_row = np.concatenate([[0], np.cumsum(self.counts)])
        changes = np.flatnonzero(np.diff(self.lengths)) + 1
        self._stages = np.concatenate([[0], changes])  # the first step of each stretch of one length
        self._rows, self._epochs = [], []
        epoch = 0
        for start, stop in zip(self._stages, [*changes, len(self.lengths)], strict=True):
            rows = rows_in_epoch(int(self.lengths[start]))
            self._rows.append(rows)
            self._epochs.append(epoch)
            epoch += -(-int(self.counts[start:stop].sum()) // max(rows, 1))

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.lengths)

    def portions(self, step: int) -> Iterator[Portion]:
        """Yield the rows of a step, epoch by epoch."""
        stage = int(np.searchsorted(self._stages, step, side="right")) - 1
        rows, epoch = self._rows[stage], self._epochs[stage]
        start = int(self.first_row[step] - self.first_row[self._stages[stage]])
        stop = start + int(self.counts[step])
        while start < stop:
            passed, place = divmod(start, rows)
            size = min(rows - place, stop - start)
            yield Portion(epoch + passed, np.arange(place, place + size))
            start += size

    def epoch(self, step: int) -> float:
        """Return how many epochs have been begun and finished before a step, with the part of the last."""
        stage = int(np.searchsorted(self._stages, step, side="right")) - 1
        done = int(self.first_row[step] - self.first_row[self._stages[stage]])
        return self._epochs[stage] + done / max(self._rows[stage], 1)
