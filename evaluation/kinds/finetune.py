"""Tasks that a model is fine-tuned for: (Super)GLUE and MSGS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.data import official, sha256
from evaluation.errors import Unsupported
from evaluation.events import Advanced, TaskStarted
from evaluation.finetune.examples import Examples, Form, read
from evaluation.finetune.settings import SEEDS, FineTuneSettings, settings_for
from evaluation.result import DataFacts, TaskResult
from evaluation.task import Item, Outcome, Work

if TYPE_CHECKING:
    from evaluation.finetune.encoder import Encoder
    from evaluation.finetune.tune import FineTuned

#: Folders of (Super)GLUE files below the data: 2025's, 2024's and 2023's; and 2024's tasks that 2025 left out.
_GLUE = ("full_eval/glue_filtered", "glue_filtered", "glue_2024_extra")


def glue(train: str, scored: str | None = None, *, scored_2023: str = "validation") -> Mapping[str, tuple[str, ...]]:
    """Return where the files of a (Super)GLUE task may lie.

    Args:
        train: whose training rows it has, as 2024's files name it.
        scored: whose validation rows are scored; none is the same.
        scored_2023: the split's name in 2023's files.
    """
    scored = scored or train
    return {
        "train": (*(f"{folder}/{train}.train.jsonl" for folder in _GLUE), f"glue_filtered/{train}.train.json"),
        "scored": (
            *(f"{folder}/{scored}.valid.jsonl" for folder in _GLUE),
            f"glue_filtered/{train}.{scored_2023}.json",
        ),
    }


def msgs(name: str) -> Mapping[str, tuple[str, ...]]:
    """Return where the files of an MSGS task lie, in 2023's data."""
    return {"train": (f"msgs_filtered/{name}.train.json",), "scored": (f"msgs_filtered/{name}.validation.json",)}


#: MSGS' rows; those that were made to tell two generalisations apart are scored.
MSGS = Form(first=("sentence",), scored_where=("condition", "test"))


@dataclass(frozen=True, kw_only=True)
class FineTune:
    """A classification task.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        files: where ``train`` and ``scored`` rows may lie below the data, first found first; and ``select``, the rows
            that the official protocol picks the epoch on where they are not the scored ones.
        form: how rows become texts and labels.
        metric: the task's value: accuracy, f1 or mcc.
        ids: how prediction files name the task's items; none is its name.
        trained_as: the task whose training this one shares.
        shares: whether another task shares this one's training, so that its weights stay until then.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    files: Mapping[str, tuple[str, ...]]
    form: Form
    metric: str = "accuracy"
    ids: str = ""
    trained_as: str = ""
    shares: bool = False

    def run(self, work: Work) -> Outcome:
        """Fine-tune with each seed, score, measure.

        Raises:
            DataError: data are missing, or not what this task reads.
            Unsupported: the subject has no states to put a head on.
        """
        from evaluation.finetune.tune import Rows, finetune  # noqa: PLC0415  (torch)

        paths = {split: work.data.find(*names) for split, names in self.files.items()}
        scored = read(paths["scored"], self.form, scored=True)
        kept = _sample(self, scored, work)
        train, asked = read(paths["train"], self.form), scored.take(kept)
        if not work.tuning.official_selection:
            rows = Rows(train, asked)
        elif "select" in paths:
            rows = Rows(train, asked, (read(paths["select"], self.form), paths["select"].name))
        else:
            rows = Rows.official(train, asked)
        year = work.rules.glue
        settings = settings_for(
            year, self.trained_as or self.name, lora=work.tuning.lora, max_steps=work.tuning.max_steps
        )
        seeds = work.tuning.seeds or (SEEDS[year],)
        work.listen(TaskStarted(self.name, len(seeds), "training runs"))
        done = finetune(
            encoder_of(work.subject),
            rows,
            settings,
            classes=self.form.labels,
            metric=self.metric,
            seeds=seeds,
            folder=work.folder / "finetune",
            name=self.name,
            trained_as=self.trained_as or None,
            keep=self.shares,
            devices=work.tuning.devices,
            listen=lambda at, of: work.listen(Advanced(self.name, at, of)),
        )
        facts = _facts(paths, len(scored), len(kept), work.limit)
        return Outcome(_result(self, done, facts, settings, work), self._rows(scored, kept, done))

    def _rows(self, scored: Examples, kept: NDArray[np.int64], done: FineTuned) -> list[dict[str, Any]]:
        """Return one row an item: the first seed's answer, and the share of seeds that were right."""
        answers = np.array([run.predictions for run in done.seeds])
        return [
            {
                "task": self.name,
                "group": self.name,
                "uid": f"{self.ids or self.name}_{row}",
                "gold": int(scored.labels[row]),
                "chosen": int(answers[0, number]),
                "answer": str(answers[0, number]),
                "credit": float((answers[:, number] == scored.labels[row]).mean()),
                "tied": False,
            }
            for number, row in enumerate(kept)
        ]


def encoder_of(subject: Any) -> Encoder:
    """Return what a head is put on.

    Raises:
        Unsupported: the subject is no neural network.
    """
    from evaluation.finetune.encoder import Encoder  # noqa: PLC0415  (torch)
    from evaluation.finetune.encoder_decoder import OneDecoderToken  # noqa: PLC0415

    if not hasattr(subject, "encoder"):
        raise Unsupported(f"a {subject.backend} model has no states to put a classifier on", where=subject.name)
    module, tokenizer, size = subject.encoder()
    if getattr(getattr(module, "config", None), "is_encoder_decoder", False):
        module = OneDecoderToken(module, int(module.config.decoder_start_token_id))
    # A hybrid sees both sides whichever way it is scored.
    causal = not getattr(module, "reads_both_sides", subject.backend != "causal")
    return Encoder(module, tokenizer, size, subject.max_length, causal)


def _sample(task: FineTune, scored: Examples, work: Work) -> NDArray[np.int64]:
    items = [Item(f"{task.ids or task.name}_{row}", task.name, ()) for row in range(len(scored))]
    kept = {item.uid for item in work.sample(items)}
    return np.array([row for row, item in enumerate(items) if item.uid in kept], np.int64)


def _facts(paths: Mapping[str, Path], have: int, asked: int, limit: int | None) -> DataFacts:
    known = official().get(_GLUE[0], {}).get(paths["scored"].name, {})
    digests = {path.name: sha256(path) for path in paths.values()}
    wanted = known.get("items")
    cut = [f"the data hold {have:,} of {wanted:,} items"] if wanted is not None and have != wanted else []
    if limit is not None and asked < have:
        cut.append(f"limited to {limit} items")
    same: bool | None = False if wanted is not None and have != wanted else None
    if "sha256" in known:
        same = digests[paths["scored"].name] == known["sha256"]
    return DataFacts(files=digests, items=asked, official_items=wanted, same_as_official=same, cut="; ".join(cut))


def _result(task: FineTune, done: FineTuned, facts: DataFacts, settings: FineTuneSettings, work: Work) -> TaskResult:
    from evaluation.finetune.tune import HELD  # noqa: PLC0415  (torch)

    percent = partial(_percent, task.metric)
    honest = done.selected_on == HELD or task.trained_as != ""
    return TaskResult(
        task=task.name,
        title=task.title,
        status="scored",
        metric=task.metric,
        value=percent(done.metrics),
        honest=percent(done.metrics) if honest else None,
        stderr=percent(done.stderr),
        run_stderr=percent(done.run_stderr),
        items=facts.items,
        chance=percent(done.chance),
        majority=percent(done.majority),
        data=facts,
        warnings=_warnings(done, facts, settings),
        details={
            "year": work.rules.glue,
            "selected_on": done.selected_on,
            "degenerate": done.degenerate,
            "metrics": {name: 100 * value for name, value in done.metrics.items()},
            "seeds": [
                {
                    "seed": run.seed,
                    "metrics": {name: 100 * value for name, value in run.metrics.items()},
                    "best_epoch": run.best_epoch,
                    "epochs": run.epochs,
                    "steps": run.steps,
                    "curve": list(run.curve),
                    "stopped": run.stopped,
                    "degenerate": run.degenerate,
                }
                for run in done.seeds
            ],
            "train_rows": done.train_rows,
            "select_rows": done.select_rows,
            "cut_train": done.cut_train,
            "cut_scored": done.cut_scored,
            "max_length": done.max_length,
            "pooled": done.pooled,
            "settings": settings.model_dump(mode="json"),
        },
    )


def _percent(metric: str, values: Mapping[str, float | None]) -> float | None:
    found = values[metric]
    return None if found is None else 100 * found


def _warnings(done: FineTuned, facts: DataFacts, settings: FineTuneSettings) -> tuple[str, ...]:
    from evaluation.finetune.tune import SCORED  # noqa: PLC0415  (torch)

    found = [f"degenerate: {done.degenerate}"] if done.degenerate else []
    if done.selected_on == SCORED:
        found.append(
            "selected_on: scored set (the official protocol): the best epoch's score is too high by its choice"
        )
    if len(done.seeds) == 1:
        found.append("one seed: how much another one would change is not known")
    if done.cut_scored:
        found.append(
            f"{done.cut_scored:,} of {facts.items:,} items are longer than {done.max_length} tokens and were cut"
        )
    if settings.max_steps is not None:
        found.append(f"training was limited to {settings.max_steps:,} steps")
    return tuple(found)
