"""What an evaluation tells its listener."""

from __future__ import annotations

from dataclasses import dataclass

from curation.core.events import Event


@dataclass(frozen=True)
class EvaluationStarted(Event):
    """Suite and subject are ready."""

    subject: str
    suite: str
    backend: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class TaskStarted(Event):
    """A task begins; ``items`` is what it will ask, in units of ``what``."""

    task: str
    items: int
    what: str = "items"


@dataclass(frozen=True)
class Advanced(Event):
    """``done`` of ``total`` units of the present task's work are finished (tokens, steps: whatever is even in time)."""

    task: str
    done: int
    total: int


@dataclass(frozen=True)
class TaskDone(Event):
    """A task has a result; ``value`` is None unless its status is ``scored``."""

    task: str
    status: str
    value: float | None
    stderr: float | None
    chance: float | None
    metric: str
    items: int
    seconds: float
    reason: str = ""
    reused: bool = False


@dataclass(frozen=True)
class EvaluationDone(Event):
    """All tasks have a result, and it is written."""

    folder: str
    seconds: float
