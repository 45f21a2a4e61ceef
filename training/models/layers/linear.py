"""A linear layer: torch's, or with its product narrowed where a run on a CPU asked for bf16."""

from __future__ import annotations

from torch import Tensor, nn

try:
    from training.kernels import narrow
except ImportError:  # an export, away from curate, does without
    narrow = None


class Linear(nn.Linear):
    """torch's layer, by another name so that there is one place to choose how it multiplies."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (torch's name)
        """Map [..., in] to [..., out]."""
        if narrow is not None and narrow.applies(input):
            return narrow.linear(input, self.weight, self.bias)
        return super().forward(input)
