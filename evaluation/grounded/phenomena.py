"""The phenomena of the suite: the table ``phenomena.yaml``, read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from evaluation.grounded.frame import Frame


@dataclass(frozen=True)
class Phenomenon:
    """One row of the table: a regularity of English and the frames that test it."""

    name: str
    family: str
    resembles: str
    """Nearest paradigms of BLiMP and Zorro."""
    frames: tuple[Frame, ...]


@cache
def phenomena() -> tuple[Phenomenon, ...]:
    """Return every phenomenon, in the order of the file."""
    text = files("evaluation.grounded").joinpath("phenomena.yaml").read_text(encoding="utf-8")
    return tuple(
        Phenomenon(name, row["family"], row["resembles"], tuple(Frame(line) for line in row["frames"]))
        for name, row in yaml.safe_load(text).items()
    )
