"""What a build tells its listener: plain records, so that a display, a log and a test all read the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """Root of all events; ``as_dict`` is what ``--json`` prints."""

    def as_dict(self) -> dict[str, Any]:
        """Return the event with its name under ``event``."""
        return {"event": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class BuildStarted(Event):
    """The manifest is valid and every input was found."""

    name: str
    stages: list[str]
    input_bytes: int
    files: int


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage begins; ``total_bytes`` of input lie before it (0 if that is not known)."""

    stage: int
    title: str
    total_bytes: int


@dataclass(frozen=True)
class SliceDone(Event):
    """One slice of a stage is on disk; ``cached`` when an earlier run had already done it."""

    stage: int
    documents: int
    words: int
    bytes: int
    cached: bool
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StageDone(Event):
    """A stage is complete."""

    stage: int
    title: str
    documents: int
    words: int
    seconds: float
    dropped: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Progress(Event):
    """``done`` of ``total`` units of a part that has no slices (hashing inputs, verifying pairs, writing)."""

    title: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True)
class Warned(Event):
    """Something the user should know that is not an error."""

    message: str


@dataclass(frozen=True)
class BuildDone(Event):
    """The corpus is whole."""

    name: str
    out: str
    words: int
    documents: int
    words_read: int
    documents_read: int
    digest: str
    losses: list[tuple[str, int, int]]  # step, documents, words: largest first
    seconds: float
    reused: bool
    cache: str
    cache_bytes: int


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Drop an event: the listener of those who do not listen."""
