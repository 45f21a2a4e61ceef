"""LAMB: "Large batch optimization for deep learning", arXiv 1904.00962, algorithm 2, as LTG-BERT and GPT-BERT use it.

For each parameter tensor w with gradient g, at its step t::

    m = b1 m + (1 - b1) g            v = b2 v + (1 - b2) g^2
    u = (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps) + decay w
    w = w - lr r u                   r = |w| / |u| if decay > 0 and both norms are, else 1

So the ratio r is taken only where weights decay, the gradient is not clipped here, and the ratio has no bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw
from torch.optim.optimizer import Optimizer


class Lamb(Optimizer):
    """LAMB over lists of tensors: a few calls a group on a GPU, and on a CPU one pass over the moments."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        betas: tuple[float, float] = (0.9, 0.98),
        eps: float = 1e-8,
        weight_decay: float = 0.1,
    ) -> None:
        """Take parameters or groups of them, as torch's optimisers do."""
        # `fused` tells torch, when it loads a state, that step counts lie beside the parameters.
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "fused": True}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Change every parameter that has a gradient; ``closure`` computes the loss anew."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters:
                self._change(parameters, group)
        return loss

    def _change(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        states = [self._state_of(parameter) for parameter in parameters]
        decay = group["weight_decay"]
        directions: list[Tensor] = list(torch._foreach_mul(parameters, decay))  # noqa: SLF001
        # From w decay, AdamW's kernel goes one whole step *up*: what it leaves is u. It is one pass over gradient,
        # moments and direction, where single operations on lists make seven.
        adamw(
            directions,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=-1.0,
            weight_decay=0.0,
            eps=group["eps"],
            maximize=False,
        )
        if decay > 0:
            torch._foreach_mul_(directions, _ratios(parameters, directions))
        torch._foreach_add_(parameters, directions, alpha=-group["lr"])

    def _state_of(self, parameter: Tensor) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
            state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state


def _ratios(parameters: list[Tensor], directions: list[Tensor]) -> list[Tensor]:
    """Return |w| / |u| of each tensor, 1 where either is 0: scalars on the tensors' device, without waiting for it."""
    weights = torch.stack(torch._foreach_norm(parameters))  # noqa: SLF001
    lengths = torch.stack(torch._foreach_norm(directions))  # noqa: SLF001
    ratios = torch.where((weights > 0) & (lengths > 0), weights / lengths, 1.0)
    return list(ratios.unbind())
