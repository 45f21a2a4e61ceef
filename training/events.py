"""What a training run tells its listener."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from curation.core.events import Event


@dataclass(frozen=True)
class TrainStarted(Event):
    """Model, tokens and plan are ready."""

    recipe: str
    model: str
    parameters: int
    device: str
    precision: str
    peak: float | None
    """FLOP/s of matrix products that the device can do, if known."""

    steps: int
    first_step: int
    corpus_words: int
    tokens: int
    words_planned: int
    words_seen: int
    flops_planned: float


@dataclass(frozen=True)
class StepDone(Event):
    """An optimiser step; what ``metrics.jsonl`` holds."""

    step: int
    steps: int
    loss: float
    masked_loss: float | None
    causal_loss: float | None
    learning_rate: float
    gradient_norm: float
    length: int
    rows: int
    mask_rate: float | None
    words: int
    tokens: int
    epoch: float
    flops: float
    seconds: float
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class HeldoutMeasured(Event):
    """Bits per byte of the held-out text of each source."""

    step: int
    words: int
    bits_per_byte: Mapping[str, float]
    pseudo: bool
    """Whether tokens were predicted from both sides, which is no probability of the text."""


@dataclass(frozen=True)
class StepSkipped(Event):
    """A step changed nothing: its gradient was not finite, or a spike."""

    step: int
    gradient_norm: float
    reason: str


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """The run can be resumed from here."""

    step: int
    folder: str


@dataclass(frozen=True)
class MilestoneSaved(Event):
    """A model that Hugging Face loads was written at a mark of words seen."""

    name: str
    words: int
    folder: str


@dataclass(frozen=True)
class TrainDone(Event):
    """The run is whole."""

    folder: str
    model: str
    steps: int
    words: int
    tokens: int
    flops: float
    seconds: float
    bits_per_byte: Mapping[str, float]
    stopped: str
    """Why it ended before the planned steps, or nothing."""

    reused: bool = False
