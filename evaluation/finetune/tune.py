"""Fine-tuning of one encoder on one task with several seeds: the mean, its two errors, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import fingerprint
from evaluation.finetune.bootstrap import item_error
from evaluation.finetune.classifier import Place
from evaluation.finetune.degenerate import of_seeds
from evaluation.finetune.devices import on_devices
from evaluation.finetune.encoder import Encoder
from evaluation.finetune.examples import Examples, split, tokenise
from evaluation.finetune.job import Job, digest_of
from evaluation.finetune.metrics import chance, known, majority
from evaluation.finetune.progress import Listen, Together, quiet
from evaluation.finetune.seed_run import SeedRun
from evaluation.finetune.settings import FineTuneSettings

SCORED = "scored set"
HELD = "held-out training rows"


@dataclass(frozen=True)
class Rows:
    """A task's rows.

    Attributes:
        train: to learn from.
        scored: to be scored on.
        select: to pick the epoch on, with its name; None keeps some of the training rows for that.
    """

    train: Examples
    scored: Examples
    select: tuple[Examples, str] | None = None

    @classmethod
    def official(cls, train: Examples, scored: Examples) -> Rows:
        """Return rows of the official protocol, which picks the epoch on the scored rows."""
        return cls(train, scored, (scored, SCORED))


@dataclass(frozen=True)
class FineTuned:
    """What a task gave: means over seeds, 0 to 1."""

    metrics: dict[str, float]
    stderr: dict[str, float | None]
    """Of the mean, from the items."""
    run_stderr: dict[str, float | None]
    """Of the mean, from the seeds; None for one seed."""
    majority: dict[str, float]
    """What one and the same answer for every item reaches at best."""
    chance: dict[str, float]
    seeds: tuple[SeedRun, ...]
    selected_on: str
    """``held-out training rows``, ``scored set`` (the official protocol), or another set's name."""
    degenerate: str | None
    train_rows: int
    select_rows: int
    cut_train: int
    """Training rows that were longer than the model reads or the settings allow."""
    cut_scored: int
    max_length: int
    pooled: Place

    @property
    def predictions(self) -> list[int]:
        """A class each scored row, by the first seed."""
        return list(self.seeds[0].predictions)

    @property
    def best_epoch(self) -> int:
        """Of the first seed."""
        return self.seeds[0].best_epoch

    @property
    def epochs(self) -> int:
        """Run by the first seed."""
        return self.seeds[0].epochs


def finetune(
    encoder: Encoder,
    rows: Rows,
    settings: FineTuneSettings,
    *,
    classes: int,
    metric: str,
    seeds: Sequence[int],
    folder: Path | None = None,
    name: str = "task",
    trained_as: str | None = None,
    keep: bool = False,
    devices: Sequence[str] = ("cpu",),
    listen: Listen = quiet,
) -> FineTuned:
    """Fine-tune an encoder and score it.

    Args:
        encoder: the pre-trained model; every seed begins from it.
        rows: what to train, choose and score on.
        settings: hyper-parameters.
        classes: how many labels there are.
        metric: what the task's value is; results that equal its floor are marked.
        seeds: of heads, order and dropout, one run each.
        folder: for state and finished seeds, to go on from; None keeps nothing.
        name: of the task, in the folder.
        trained_as: name of the task whose training this one shares, if it is another.
        keep: whether the best weights stay in the folder for a task that shares them.
        devices: seeds run on these at once, one a device.
        listen: is told how many steps of how many are finished, all seeds together.

    Raises:
        DataError: there are too few rows to keep some to pick the epoch on.
        NotFinite: a loss or output is NaN or infinite.
        OutputError: the folder cannot be written.
    """
    place = encoder.place(settings)
    length = min(settings.max_length, encoder.max_length or settings.max_length)
    if rows.select is None:
        learnt, chosen = split(rows.train, settings.held_share, settings.split_seed)
        selected_on = HELD
    else:
        learnt, (chosen, selected_on) = rows.train, rows.select
    train, select, scored = (tokenise(part, encoder.tokenizer, length) for part in (learnt, chosen, rows.scored))
    deciding = settings.model_dump(mode="json", exclude={"save_seconds"})
    key = fingerprint(1, encoder.digest(), digest_of(train), digest_of(select), deciding, place, classes)
    job = Job(
        encoder=encoder,
        settings=settings,
        classes=classes,
        metric=metric,
        train=train,
        select=select,
        scored=scored,
        place=place,
        length=length,
        key=key,
        folder=folder,
        name=name,
        trained_as=trained_as or name,
        keep=keep,
    )
    told = Together(len(seeds), listen)
    work = [lambda device, n=n, seed=seed: job.run(seed, device, told.of(n)) for n, seed in enumerate(seeds)]
    runs = tuple(on_devices(work, devices))
    return _gather(job, runs, rows.scored, selected_on)


def _gather(job: Job, runs: tuple[SeedRun, ...], scored: Examples, selected_on: str) -> FineTuned:
    labels = scored.labels
    names = known(job.classes)
    predictions: NDArray[np.int64] = np.array([run.predictions for run in runs], np.int64)
    by_seed = {name: np.array([run.metrics[name] for run in runs]) for name in names}
    many = len(runs)
    return FineTuned(
        metrics={name: float(values.mean()) for name, values in by_seed.items()},
        stderr={name: item_error(name, labels, predictions, scored.groups, job.classes) for name in names},
        run_stderr={
            name: float(values.std(ddof=1)) / many**0.5 if many > 1 else None for name, values in by_seed.items()
        },
        majority=dict(majority(labels, job.classes)),
        chance={name: chance(name, labels, job.classes) for name in names},
        seeds=runs,
        selected_on=selected_on,
        degenerate=of_seeds([run.degenerate for run in runs]),
        train_rows=len(job.train.ids),
        select_rows=len(job.select.ids),
        cut_train=job.train.cut + (job.select.cut if selected_on == HELD else 0),
        cut_scored=job.scored.cut,
        max_length=job.length,
        pooled=job.place,
    )
