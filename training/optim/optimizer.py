"""From settings to an optimiser: which parameters decay, which are matrices for Muon, and the norm of the gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from training.optim.lamb import Lamb
from training.optim.settings import Adamw, Muon, OptimizerSettings
from training.optim.settings import Lamb as LambSettings

Named = list[tuple[str, nn.Parameter]]


def build(model: nn.Module, settings: OptimizerSettings) -> Optimizer:
    """Return the optimiser of a model; its groups start at ``settings.lr``.

    Args:
        model: every parameter that needs a gradient goes into exactly one group, tied ones once.
        settings: a parameter whose name contains one of ``no_decay`` goes into a group without decay.
    """
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    if isinstance(settings, LambSettings):
        return Lamb(_groups(named, settings), settings.lr, settings.betas, settings.eps)
    if isinstance(settings, Adamw):
        return _adamw(named, settings)
    matrices = [(name, parameter) for name, parameter in named if is_hidden_matrix(name, parameter, settings)]
    taken = {name for name, _ in matrices}
    rest = [(name, parameter) for name, parameter in named if name not in taken]
    parts: list[Optimizer] = []
    if matrices:
        groups = _groups(matrices, settings)
        # Moonshot's scale gives steps the size of AdamW's, so that one learning rate serves both.
        parts.append(torch.optim.Muon(groups, settings.lr, momentum=settings.momentum, adjust_lr_fn="match_rms_adamw"))
    if rest:
        parts.append(_adamw(rest, settings))
    return Together(parts)


def is_hidden_matrix(name: str, parameter: Tensor, settings: Muon) -> bool:
    """Return whether Muon takes a parameter: a matrix that is neither an embedding nor the output layer."""
    return parameter.ndim == 2 and not _names(settings.adamw, name)


def _adamw(named: Named, settings: Adamw | Muon) -> Optimizer:
    return torch.optim.AdamW(_groups(named, settings), settings.lr, settings.betas, settings.eps, fused=True)


def _groups(named: Named, settings: OptimizerSettings) -> list[dict[str, Any]]:
    decayed = [parameter for name, parameter in named if not _names(settings.no_decay, name)]
    others = [parameter for name, parameter in named if _names(settings.no_decay, name)]
    pairs = [(decayed, settings.weight_decay), (others, 0.0)]
    return [{"params": parameters, "weight_decay": decay} for parameters, decay in pairs if parameters]


def _names(fragments: Iterable[str], name: str) -> bool:
    return any(fragment in name for fragment in fragments)


@torch.no_grad()
def clip_gradients(model: nn.Module, largest: float | None) -> float:
    """Return the norm of all gradients together, and scale them down to ``largest`` if it is more.

    A norm that is not finite is returned and changes nothing: the caller leaves that step out. Gradients must have
    been summed over processes, and unscaled if a GradScaler is used; parameters without one are passed over.
    """
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    norm = float(torch.nn.utils.get_total_norm(gradients))
    # Most steps are below the bound: knowing the number, which the loop tells anyway, saves them a pass.
    if largest is not None and math.isfinite(norm) and norm > largest:
        torch._foreach_mul_(gradients, largest / norm)
    return norm


class Together(Optimizer):
    """Several optimisers as one; their groups are shared, so that a learning rate set here holds in them."""

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        """Take optimisers of different parameters of one model."""
        self._parts = tuple(parts)
        super().__init__([group for part in parts for group in part.param_groups], {})

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Let each change its parameters; ``closure`` computes the loss anew."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self._parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return ``{"parts": [...]}``, the state of each."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what ``state_dict`` gave.

        Raises:
            ValueError: it is of other optimisers.
        """
        if len(state_dict["parts"]) != len(self._parts):
            raise ValueError(f"the state is of {len(state_dict['parts'])} optimisers, not of {len(self._parts)}")
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        # Loading replaces the dictionaries of the groups.
        self.param_groups = [group for part in self._parts for group in part.param_groups]
