"""What a scorer needs of a model: logits at chosen tokens, of texts one after the other or of prefix trees."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from evaluation.networks.logprobs import Logits


class Network(ABC):
    """A model that answers for chosen tokens only.

    Attributes:
        branches: whether ``trees`` works.
        padded: whether texts of different lengths cost padding, so that those of a batch should be alike.
        most: the most tokens that are best run at once.
    """

    branches: bool = False
    padded: bool = True
    most: int = 512

    @abstractmethod
    def texts(self, ids: NDArray[np.int32], bounds: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run texts, each on its own.

        Args:
            ids: int32 ``[N]``, one text after the other.
            bounds: int64 ``[texts + 1]``, where each begins.
            wanted: int64 ``[M]``, ascending: tokens whose logits are asked for.
        """

    def trees(self, ids: NDArray[np.int32], depths: NDArray[np.int64], wanted: NDArray[np.int64]) -> Logits:
        """Run trees of texts with common beginnings; each token sees its ancestors and itself.

        Args:
            ids: int32 ``[N]``, in depth-first order.
            depths: int64 ``[N]``, 0 for a root.
            wanted: int64 ``[M]``, ascending: tokens whose logits are asked for.
        """
        raise NotImplementedError
