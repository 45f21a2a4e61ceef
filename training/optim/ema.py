"""A moving average of the weights at every step (Polyak averaging; GPT-BERT's code keeps one at 0.999).

The average starts as the initial weights and remembers about 1 / (1 - decay) steps: in a run of only a few times as
many, a smaller decay is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Ema:
    """The average of a model's parameters, by name; what two names share is averaged once."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Start from the model's weights as they are."""
        self.decay = decay
        self._names = [name for name, _ in model.named_parameters()]
        self._averages = [parameter.detach().clone() for parameter in model.parameters()]

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the model's weights: average = decay average + (1 - decay) weights."""
        parameters = [parameter.detach() for parameter in model.parameters()]
        self._follow(parameters)
        torch._foreach_lerp_(self._averages, parameters, 1 - self.decay)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averages by parameter name."""
        return dict(zip(self._names, self._averages, strict=True))

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take averages that ``state_dict`` gave.

        Raises:
            KeyError: they are of another model.
            RuntimeError: a shape is another.
        """
        if state.keys() != set(self._names):
            other = sorted(state.keys() ^ set(self._names))
            raise KeyError(f"the averages are of another model: {', '.join(other[:3])}")
        for name, average in zip(self._names, self._averages, strict=True):
            average.copy_(state[name].view_as(average))

    @contextmanager
    def in_place_of(self, model: nn.Module) -> Iterator[None]:
        """Give the model the averages as weights, and on leaving its own ones back, bit for bit.

        The values are copied, not the tensors exchanged: a compiled model may have taken their addresses.
        """
        parameters = [parameter.detach() for parameter in model.parameters()]
        self._follow(parameters)
        own = [parameter.clone() for parameter in parameters]
        _copy(parameters, self._averages)
        try:
            yield
        finally:
            _copy(parameters, own)

    def _follow(self, parameters: list[Tensor]) -> None:
        """Move to where the parameters are: the model may have been moved since."""
        if self._averages[0].device != parameters[0].device:
            self._averages = [
                average.to(parameter.device) for average, parameter in zip(self._averages, parameters, strict=True)
            ]


@torch.no_grad()
def _copy(targets: list[Tensor], sources: list[Tensor]) -> None:
    torch._foreach_copy_(targets, sources)
