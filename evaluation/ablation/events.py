"""What an ablation tells its listener."""

from __future__ import annotations

from dataclasses import dataclass

from curation.core.events import Event


@dataclass(frozen=True)
class AblationStarted(Event):
    """The file is read."""

    name: str
    question: str
    arms: tuple[str, ...]
    seeds: int
    runs: int


@dataclass(frozen=True)
class CorpusReady(Event):
    """An arm's corpus is built, or was there; with its draws for other seeds, if it has some."""

    arm: str
    words: int
    digest: str
    draws: int
    same_as_base: bool


@dataclass(frozen=True)
class RunDone(Event):
    """A run of an arm is trained (up to the rung) and evaluated; ``failed`` says why it is not."""

    arm: str
    seed: int
    metric: str
    primary: float | None
    done: int
    runs: int
    cpu_seconds: float
    left_seconds: float | None
    failed: str = ""


@dataclass(frozen=True)
class RunsAdvanced(Event):
    """Runs are under way: told every few seconds."""

    running: tuple[tuple[str, int, float], ...]
    """Arm, seed and the share of its training that is done."""

    done: int
    runs: int
    left_seconds: float | None


@dataclass(frozen=True)
class ArmStopped(Event):
    """An arm was clearly worse at a rung and is not trained on."""

    arm: str
    rung: float
    leader: str
    why: str


@dataclass(frozen=True)
class AblationDone(Event):
    """The report is written."""

    folder: str
    verdict: str
    seconds: float
