"""Optional trackers beside metrics.jsonl: TensorBoard, trackio, wandb; imported only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from curation.core.errors import MissingExtra, did_you_mean
from training.errors import RecipeError

Tracker = Callable[[Mapping[str, Any]], None]
NAMES = ("tensorboard", "trackio", "wandb")


def check(names: Iterable[str]) -> None:
    """Say which of some trackers does not exist, before a run begins.

    Raises:
        RecipeError: the first that does not.
    """
    for name in names:
        if name not in NAMES:
            hint = did_you_mean(name, NAMES) or f"one of {', '.join(NAMES)}"
            raise RecipeError(f"there is no tracker {name!r}", where="--log", hint=hint)


def tracker(name: str, folder: Path) -> Tracker:
    """Return what takes a line of metrics to a tracker.

    Raises:
        RecipeError: there is no such tracker.
        MissingExtra: its package is not installed.
    """
    check([name])
    package = "torch.utils.tensorboard" if name == "tensorboard" else name
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise MissingExtra(f"{name} is not installed", where="--log", hint=f"pip install {name}") from error
    if name == "tensorboard":
        writer = module.SummaryWriter(str(folder / "tensorboard"))

        def to_tensorboard(line: Mapping[str, Any]) -> None:
            for key, value in _numbers(line).items():
                writer.add_scalar(key, value, line["step"])

        return to_tensorboard
    module.init(project="curate", name=folder.name)
    return lambda line: module.log(_numbers(line), step=line["step"])


def _numbers(line: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in line.items():
        if isinstance(value, Mapping):
            found |= _numbers(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and key != "step":
            found[prefix + key] = float(value)
    return found
