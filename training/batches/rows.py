"""Rows before any masking: token ids with what is known about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tokens:
    """What a layout reads: views of memory-mapped shards, and the special ids that it may put in."""

    ids: NDArray[np.uint16] | NDArray[np.uint32]
    """All tokens of all documents, one after the other."""

    documents: NDArray[np.int64]
    """Where each document starts, and the end [documents + 1]."""

    sentences: NDArray[np.int64] | None
    """Where each sentence starts, if the shards know."""

    begin: int | None
    end: int | None
    pad: int | None


@dataclass(frozen=True)
class Rows:
    """Rows of tokens. ``segments`` is 0 for padding, else the number of the document within its row, from 1."""

    ids: NDArray[np.int32]
    segments: NDArray[np.int32]
    origins: NDArray[np.int64]
    """Place of each token in the shards; -1 for tokens that the layout put in, and for padding."""

    @classmethod
    def empty(cls, count: int, length: int, pad: int | None) -> Rows:
        """Return rows of padding."""
        shape = (count, length)
        return cls(np.full(shape, pad or 0, np.int32), np.zeros(shape, np.int32), np.full(shape, -1, np.int64))


class Layout(Protocol):
    """Lays tokens out in rows of one length; an epoch visits each row number once, in an order of its own."""

    separate: bool
    """Whether a token sees only its own segment (and padding exists): rows need their segments in the model."""

    def count(self, stride: int) -> int:
        """Return how many rows an epoch has when each advances ``stride`` tokens."""

    def fill(self, rows: Rows, numbers: NDArray[np.int64], stride: int, epoch: int, keys: NDArray[np.uint64]) -> None:
        """Write the rows of these numbers; ``keys`` name a random stream for each."""
