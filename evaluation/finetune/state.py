"""What a killed run goes on from: one safetensors file, whole or absent, with the counts in its header.

Order, dropout and learning rate are functions of the step, so weights, the optimiser's moments, the best weights so far
and the scores of the epochs are all there is to keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from curation.core.artifact import atomic_file
from training.weights import write_tensors


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    """Steps taken."""

    epochs: int = 0
    """Epochs whose score is in ``curve``."""

    best: int = 0
    """The best epoch so far, from 1; 0 is none."""

    curve: list[float] = field(default_factory=list)
    """What each epoch reached on the rows it is chosen by; for the loss, its negative."""

    done: bool = False
    """Whether no step is left; only the best weights are kept then."""


def tuned(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that are tuned, by name; they are the model's own, not copies."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies."""
    return {name: weight.detach().clone() for name, weight in weights.items()}


def put(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Set the weights that are tuned."""
    with torch.no_grad():
        for name, weight in tuned(model).items():
            weight.copy_(weights[name])


def save(
    path: Path,
    key: str,
    progress: Progress,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    best: Mapping[str, Tensor],
) -> None:
    """Write the state of a run; when it is done, its best weights only.

    Raises:
        OutputError: the disk is full or may not be written.
    """
    parts: dict[str, Tensor] = {f"best/{name}": weight for name, weight in best.items()}
    if not progress.done:
        parts |= {f"now/{name}": weight.detach() for name, weight in tuned(model).items()}
        for name, moments in _moments(model, optimizer).items():
            parts |= {f"moment/{kind}/{name}": moment for kind, moment in moments.items()}
    tensors = {name: tensor.contiguous().cpu() for name, tensor in parts.items()}
    with atomic_file(path) as partial:
        write_tensors(partial, tensors, {"key": key, "progress": json.dumps(asdict(progress))})


def load(
    path: Path, key: str, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Tensor]] | None:
    """Restore a run and return its progress and best weights.

    None if there is none, it is damaged, or it is of another model, data or settings: the run then begins anew.
    """
    weights = tuned(model)
    device = next(iter(weights.values())).device
    try:
        with safe_open(path, "pt", device=str(device)) as file:
            head = file.metadata() or {}
            if head.get("key") != key:
                return None
            progress = Progress(**json.loads(head["progress"]))
            parts = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        best = {name: parts[f"best/{name}"] for name in weights} if progress.best else {}
        if progress.done:
            return progress, best
        now = {name: parts[f"now/{name}"] for name in weights}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    put(model, now)
    for name, weight in weights.items():
        kinds = [part.split("/")[1] for part in parts if part.startswith("moment/") and part.split("/", 2)[2] == name]
        # Its own tensors, such as the step, must lie where the optimiser looks for them: with the weights if fused.
        optimizer.state[weight] = {kind: parts[f"moment/{kind}/{name}"] for kind in kinds} if kinds else {}
    for weight in [weight for weight in optimizer.state if not optimizer.state[weight]]:
        del optimizer.state[weight]
    return progress, best


def _moments(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, dict[str, Tensor]]:
    found = {}
    for name, weight in tuned(model).items():
        if weight in optimizer.state:
            found[name] = {kind: value for kind, value in optimizer.state[weight].items() if isinstance(value, Tensor)}
    return found
