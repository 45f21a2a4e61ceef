"""What objectives must know of a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Vocabulary:
    """Sizes and special ids of a tokenizer; a role that it lacks is None."""

    size: int
    begin: int | None
    end: int | None
    pad: int | None
    mask: int | None
    special: tuple[int, ...]

    def regular(self) -> NDArray[np.int32]:
        """Return the ids that stand for text: those that a hidden token may be replaced with."""
        return np.setdiff1d(np.arange(self.size, dtype=np.int32), np.asarray(self.special, np.int32))
