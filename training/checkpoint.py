"""Checkpoints to resume from: whole or absent, without pickle, restoring every bit that the next step depends on.

Masks, order, packing, dropout and schedules are functions of the step number, so what is left to keep is small:
weights, their moving average, the optimiser's state, and the counts. Tensors are in safetensors, the rest in
``state.json``; the folder gets its name when all of it is on disk.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from curation.core.artifact import output_error, sync
from training.errors import ResumeError
from training.weights import write_tensors

KEEP = 2


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    """Steps taken."""

    words: int = 0
    """Words seen, repeats counted."""

    seen: list[int] = field(default_factory=list)
    """The same by source, in the order of the shards' sources."""

    tokens: int = 0
    """Tokens seen, padding not counted."""

    flops: float = 0.0
    seconds: float = 0.0
    rows_at_once: int | None = None
    """Rows that fitted in memory."""

    skipped: int = 0
    """Steps skipped in a row."""

    norms: list[float] = field(default_factory=list)
    """Recent gradient norms, to know a spike by."""

    marks: list[str] = field(default_factory=list)
    """Milestones written."""

    def advance(self, words: int, tokens: int, flops: float, seconds: float, rows_at_once: int | None) -> None:
        """Count a step."""
        self.step += 1
        self.words += words
        self.tokens += tokens
        self.flops += flops
        self.seconds += seconds
        self.rows_at_once = rows_at_once


def save(
    folder: Path, progress: Progress, model: nn.Module, optimizer: torch.optim.Optimizer, ema: Any, scaler: Any = None
) -> Path:
    """Write a checkpoint below ``folder`` and remove all but the last two; a step that is there stays as it is.

    Raises:
        OutputError: the disk is full or may not be written; the checkpoints before it are untouched.
    """
    target = folder / f"step-{progress.step:08}"
    partial = folder / f".{target.name}.partial"
    if target in found(folder):
        return target
    try:
        for left in folder.glob(".*.partial"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        partial.mkdir(parents=True)
        tensors, rest = _flat(optimizer.state_dict())
        write_tensors(partial / "model.safetensors", _own(model.state_dict()))
        write_tensors(partial / "optimizer.safetensors", tensors)
        if ema is not None:
            write_tensors(partial / "ema.safetensors", _own(ema.state_dict()))
        state = {"progress": asdict(progress), "optimizer": rest, "torch": torch.__version__}
        if scaler is not None:
            state["scaler"] = scaler.state_dict()
        (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
        for file in partial.iterdir():
            sync(file)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        sync(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise output_error(error, target) from error
    for old in found(folder)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def found(folder: Path) -> list[Path]:
    """Return the whole checkpoints below a folder, oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / "state.json").is_file())


def restore(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, ema: Any, scaler: Any = None) -> Progress:
    """Load a checkpoint into what a new run has built.

    Raises:
        ResumeError: the checkpoint is damaged or of another model.
    """
    try:
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        model.load_state_dict(load_file(path / "model.safetensors"))
        optimizer.load_state_dict(_unflat(load_file(path / "optimizer.safetensors"), state["optimizer"]))
        if ema is not None:
            ema.load_state_dict(load_file(path / "ema.safetensors"))
        if scaler is not None and "scaler" in state:
            scaler.load_state_dict(state["scaler"])
        return Progress(**state["progress"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ResumeError(
            f"the checkpoint cannot be restored: {error}",
            where=str(path),
            hint="remove this checkpoint folder to resume from the one before it, or train into a new folder",
        ) from error


def _own(state: dict[str, Any]) -> dict[str, Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in state.items()}


def _flat(state: Any, path: str = "") -> tuple[dict[str, Tensor], Any]:
    """Split nested dictionaries and lists into tensors by path, and the same nest with the paths in their place."""
    if isinstance(state, Tensor):
        return {path: state.detach().contiguous()}, {"tensor": path}
    if isinstance(state, dict):
        items = [(key, *_flat(value, f"{path}/{key}")) for key, value in state.items()]
        tensors = {name: tensor for _, part, _ in items for name, tensor in part.items()}
        # JSON has no integer keys, and torch's optimiser state is keyed by integers.
        return tensors, {"items": [[key, rest] for key, _, rest in items]}
    if isinstance(state, list | tuple):
        parts = [_flat(value, f"{path}/{number}") for number, value in enumerate(state)]
        tensors = {name: tensor for part, _ in parts for name, tensor in part.items()}
        return tensors, {"list": [rest for _, rest in parts], "tuple": isinstance(state, tuple)}
    return {}, {"value": state}


def _unflat(tensors: dict[str, Tensor], rest: Any) -> Any:
    if "tensor" in rest:
        return tensors[rest["tensor"]]
    if "items" in rest:
        return {key: _unflat(tensors, value) for key, value in rest["items"]}
    if "list" in rest:
        values = [_unflat(tensors, value) for value in rest["list"]]
        return tuple(values) if rest["tuple"] else values
    return rest["value"]
