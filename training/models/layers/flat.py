"""Many texts, or branches of texts, as one row of tokens: who sees whom is not a square of booleans but a layout.

Training does not use it. Evaluation runs texts that share their beginnings as one tree, and texts of all lengths
without padding (``evaluation/networks``): it says how attention goes, the layers do the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor


class Flat(ABC):
    """Says where each token of a row of N tokens stands in its text, and attends.

    Attributes:
        places: int64 ``[N]``, places in the text from 0 on.
        length: one more than the greatest place.
        wanted: int64 ``[M]``, tokens whose last states are asked for; the last layer is run for them alone.
        distinct: int64 ``[U]``, one token for each pair of id and place: up to the first attention they are all alike.
            If U is N they are in order.
        alike: int64 ``[N]``, which of the distinct tokens each token is like.
    """

    places: Tensor
    length: int
    wanted: Tensor
    distinct: Tensor
    alike: Tensor

    @abstractmethod
    def attend(self, query: Tensor, key: Tensor, value: Tensor, scale: float, *, last: bool) -> Tensor:
        """Attend within heads.

        Args:
            query: ``[1, H, N, d]``.
            key: ``[1, G, N, d]``; G divides H.
            value: ``[1, G, N, d]``.
            scale: scores are multiplied by it.
            last: whether only the wanted tokens attend.

        Returns:
            ``[1, H, N, d]``, or ``[1, H, M, d]`` in the last layer.
        """

    @abstractmethod
    def attend_relative(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        query_table: Tensor,
        key_table: Tensor,
        index: Tensor,
        *,
        last: bool,
    ) -> Tensor:
        """Attend with relative positions; the arguments are those of ``layers/relative_attention.py``."""

    def whole(self, x: Tensor) -> Tensor:
        """Return all tokens ``[1, N, D]`` of these, or of the distinct ones ``[1, U, D]``."""
        return x if x.shape[1] == len(self.alike) else x[:, self.alike]

    def pick(self, x: Tensor, *, last: bool) -> Tensor:
        """Return the tokens that go on: all ``[1, N, D]``, or the wanted ones ``[1, M, D]`` in the last layer."""
        return self.whole(x)[:, self.wanted] if last else self.whole(x)
