"""One seed's result, and its file: a seed that is finished is not trained again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from curation.core.artifact import write_text


@dataclass(frozen=True)
class SeedRun:
    """What one seed gave on the scored rows."""

    seed: int
    metrics: dict[str, float]
    """Each metric, 0 to 1 (MCC from -1)."""
    predictions: tuple[int, ...]
    """A class each scored row, in the order of the file."""
    best_epoch: int
    epochs: int
    steps: int
    curve: tuple[float, ...]
    """What each epoch reached on the rows it was chosen by."""
    stopped: str
    """Why it ended before all its epochs, or nothing."""
    degenerate: str | None
    """Why it says nothing of the model, or None."""


def write(path: Path, key: str, run: SeedRun) -> None:
    """Write a finished seed.

    Raises:
        OutputError: the file cannot be written.
    """
    write_text(path, json.dumps({"key": key, "run": asdict(run)}, allow_nan=False) + "\n")


def read(path: Path, key: str) -> SeedRun | None:
    """Return a finished seed; None if there is none, or it is of another model, data or settings."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["key"] != key:
            return None
        found = held["run"]
        return SeedRun(**found | {"predictions": tuple(found["predictions"]), "curve": tuple(found["curve"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
