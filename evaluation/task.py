"""What a task is: it takes the work it is given and returns a result; one task a file in ``evaluation/tasks``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from curation.core.events import Event
from curation.core.fingerprint import fingerprint
from evaluation.accuracy import Ties
from evaluation.data import Data
from evaluation.events import Advanced
from evaluation.queries import Query, Reduction, Scores
from evaluation.result import TaskResult
from evaluation.scorers.scorer import Scorer, score

if TYPE_CHECKING:
    from evaluation.counted import Counted
    from evaluation.subject import Subject

Sets = Literal["full", "fast"]


class Rules(BaseModel):
    """How a year scored, so that its published numbers can be had again; the honest number stands beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)

    reduction: Reduction = "sum"
    """Over the tokens of a text, for models that give texts a probability."""
    masked_reduction: Reduction = "sum"
    """The same for pseudo-log-likelihoods: 2024's pipeline took the mean (minicons' default)."""
    ties: Ties = "half"
    """How an item counts whose gold option shares the highest score."""
    aggregate: Literal["macro", "micro"] = "macro"
    """Mean of the groups' means, or of all items (lm-eval's group figure, which 2024's results print)."""
    glue: Literal["2024", "2025"] = "2025"
    """Hyper-parameters and metrics of fine-tuning."""
    aoa: Literal["2025", "2026"] = "2025"
    """How ages of acquisition are fitted: 2025's rule, or the revised one of July 2026."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question with options; the model's answer is the option it gives the highest score.

    Attributes:
        uid: name within the group, as the official prediction files have it.
        group: paradigm, domain or split; ``a/b`` is ``b`` inside ``a``.
        options: the texts to compare.
        gold: the right option.
        answers: what a prediction file writes for each option.
        target: what people gave, where the task is a correlation.
    """

    uid: str
    group: str
    options: tuple[Query, ...]
    gold: int = 0
    answers: tuple[str, ...] = ()
    target: float | None = None


@dataclass(frozen=True)
class Tuning:
    """How fine-tuning tasks are run."""

    seeds: tuple[int, ...] = ()
    """Of heads, order and dropout; none is the year's own single seed."""
    lora: bool = False
    official_selection: bool = False
    """Pick the epoch on the scored set, as the official protocol does; the result is labelled so."""
    devices: tuple[str, ...] = ("cpu",)
    max_steps: int | None = None


@dataclass(frozen=True)
class Work:
    """All that a task is given.

    Attributes:
        subject: what is scored.
        data: where the evaluation data lie.
        rules: how the suite's year scored.
        which: the full set, or the fast one of checkpoints.
        limit: at most this many items a group, by hash of their ids.
        seed: of draws.
        folder: for journals and checkpoints of this evaluation.
        corpus: folder of the corpus that the subject was trained on, if it is known.
        floors: scorers without a model, by name.
        tuning: how fine-tuning is done.
        listen: is told what happens.
    """

    subject: Subject | Counted
    data: Data
    rules: Rules = field(default_factory=Rules)
    which: Sets = "full"
    limit: int | None = None
    seed: int = 0
    folder: Path = Path()
    corpus: Path | None = None
    floors: Mapping[str, Scorer] = field(default_factory=dict)
    tuning: Tuning = field(default_factory=Tuning)
    listen: Callable[[Event], None] = lambda _: None

    def score(self, task: str, queries: Sequence[Query]) -> Scores:
        """Score a task's queries, going on from its journal, and tell the listener."""
        return score(
            self.subject.scorer(),
            queries,
            journal=self.folder / f"{task}.journal",
            listen=lambda done, total: self.listen(Advanced(task, done, total)),
        )

    def reduction(self) -> Reduction:
        """Return the reduction that the rules have for this subject."""
        return self.rules.masked_reduction if self.subject.backend in {"mlm", "mntp"} else self.rules.reduction

    def sample(self, items: Sequence[Item]) -> list[Item]:
        """Return the items that ``limit`` leaves, in their order: the first of each group by hash of their ids."""
        if self.limit is None:
            return list(items)
        groups: dict[str, list[tuple[str, int]]] = {}
        for number, item in enumerate(items):
            groups.setdefault(item.group, []).append((fingerprint(self.seed, item.group, item.uid), number))
        kept = {number for group in groups.values() for _, number in sorted(group)[: self.limit]}
        return [item for number, item in enumerate(items) if number in kept]


@dataclass(frozen=True)
class Outcome:
    """A task's result, with one row an item (``evaluation.result.SCHEMA``)."""

    result: TaskResult
    rows: list[dict[str, Any]] = field(default_factory=list)


@runtime_checkable
class Task(Protocol):
    """A task: the ``TASK`` of a file in ``evaluation/tasks``.

    ``run`` raises ``DataError`` where its data are missing (the result says *missing*) and ``Unsupported`` where it
    cannot be asked of the subject; other errors make it *failed*, and the tasks after it go on.
    """

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def title(self) -> str:
        """As a table shows it."""
        ...

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the challenge that have it."""
        ...

    @property
    def citation(self) -> str:
        """Paper and source of the data."""
        ...

    @property
    def metric(self) -> str:
        """What its value is."""
        ...

    def run(self, work: Work) -> Outcome:
        """Do the work."""
        ...
