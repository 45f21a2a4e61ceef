"""A batch: what the model is shown, what it must say, and how much each answer weighs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Tensors of one step, of one process. Weights are shares of the whole batch over all processes: losses add up."""

    inputs: Tensor
    """Token ids, int64 [B, T]."""

    segments: Tensor | None
    """Document of each token within its row, int32 [B, T], 0 for padding; None where a row is one document."""

    causal: bool | Tensor
    """Whether a position sees only what is before it: for all rows, or for each [B]."""

    labelled: Tensor
    """Positions with an answer, as places in the flattened batch, ascending, int64 [N]."""

    targets: Tensor
    """The answers, int64 [N]."""

    weights: Tensor
    """Weight of each answer, float32 [N]; 1 in sum over all processes."""

    masked: Tensor
    """Whether the answer belongs to a masked row, bool [N]: losses are shown apart."""

    masked_count: int
    """How many do: known beforehand, so that no device must be asked."""

    words: int
    """Words that begin in the inputs of the whole batch, over all processes."""

    tokens: int
    """Tokens in the inputs of the whole batch, without padding, over all processes."""

    words_by_source: tuple[int, ...] = ()
    """``words`` by source, in the order of the shards' sources."""

    def rows(self, start: int, stop: int) -> Batch:
        """Return some of the rows; ``words`` and ``tokens`` stay those of the whole."""
        length = self.inputs.shape[1]
        low, high = torch.searchsorted(self.labelled, torch.tensor([start * length, stop * length])).tolist()
        masked = self.masked[low:high]
        return replace(
            self,
            inputs=self.inputs[start:stop],
            segments=None if self.segments is None else self.segments[start:stop],
            causal=self.causal[start:stop] if isinstance(self.causal, Tensor) else self.causal,
            labelled=self.labelled[low:high] - start * length,
            targets=self.targets[low:high],
            weights=self.weights[low:high],
            masked=masked,
            masked_count=int(masked.sum()),
        )

    def to(self, device: torch.device) -> Batch:
        """Move to a device, without waiting where memory is pinned."""
        moved: dict[str, Any] = {
            name: value.to(device, non_blocking=True) for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **moved)

    def pin_memory(self) -> Batch:
        """Put the tensors where a GPU can fetch them by itself; the loader calls this."""
        pinned: dict[str, Any] = {
            name: value.pin_memory() for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **pinned)
