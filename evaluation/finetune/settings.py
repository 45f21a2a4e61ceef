"""Hyper-parameters of fine-tuning by year of the challenge and task, as data.

2023: babylm/evaluation-pipeline-2023 ``finetune_model.sh``. 2024: babylm/evaluation-pipeline-2024
``finetune_model.sh`` and, for LoRA, ``train_lora.py``; what these leave out are the defaults of
``transformers.Trainer``.
2025: babylm/evaluation-pipeline-2025 ``eval_finetuning.sh`` and ``finetune/run.py``; 2026's are the same
(babylm-org/babylm-eval, ``strict/scripts/eval_finetuning.sh`` of 17 April 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from curation.core.errors import did_you_mean
from evaluation.errors import SuiteError
from training.optim.settings import Cosine, Linear, ScheduleSettings

Metric = Literal["accuracy", "f1", "mcc"]
Pool = Literal["auto", "first", "last"]
Year = Literal["2023", "2024", "2025", "2026"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Lora(_Part):
    """Low-rank adapters (arXiv 2106.09685) beside the matrices of attention; all else but the head stays as it is."""

    rank: Annotated[int, Field(ge=1)] = 8
    """Rank of the adapters."""

    alpha: Annotated[float, Field(gt=0)] = 16
    """Their output is multiplied with this, divided by the rank."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Of the adapters' inputs."""

    targets: tuple[str, ...] = ()
    """Names of the layers to adapt; none takes what peft knows of the architecture, or else every linear layer."""


class FineTuneSettings(_Part):
    """Everything that decides a fine-tuned model but the model, the data and the seed."""

    learning_rate: Annotated[float, Field(gt=0)] = 3e-5
    """At its highest."""

    batch_size: Annotated[int, Field(ge=1)] = 32
    """Rows of a step."""

    epochs: Annotated[int, Field(ge=1)] = 10
    """Most passes over the training rows."""

    max_steps: Annotated[int | None, Field(ge=1)] = None
    """Most steps; cuts a run short for a trial, and the result says so."""

    max_length: Annotated[int, Field(ge=4)] = 512
    """Most tokens of a row; never more than the model reads."""

    schedule: ScheduleSettings = Cosine(warmup=0.06, final=0.1)
    """Of the learning rate; its rows and lengths are not used."""

    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """AdamW's."""

    no_decay: tuple[str, ...] = ()
    """Parameters whose name contains one of these are not decayed."""

    clip: Annotated[float | None, Field(gt=0)] = None
    """Largest norm of the gradient; none does not clip."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Of the head; the encoder has its own."""

    head: Literal["ltg", "hugging_face"] = "ltg"
    """``ltg``: the head of 2025's pipeline. ``hugging_face``: what ``AutoModelForSequenceClassification`` puts on an
    encoder (dense, tanh, linear) or a decoder (linear)."""

    pool: Pool = "auto"
    """Token that the head reads. ``auto``: the first of a model that sees both sides, the last of a causal one.
    2025's script reads the first of every model; a causal one sees nothing there but the beginning-of-text token."""

    patience: Annotated[int | None, Field(ge=1)] = None
    """Stop after this many epochs without a gain; none runs all epochs."""

    gain: Annotated[float, Field(ge=0)] = 0.0
    """The least that counts as one for ``patience``, 0 to 1."""

    select_by: Metric | Literal["loss"] = "accuracy"
    """What the best epoch is best in."""

    held_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Part of the training rows that is kept to pick the epoch on, unless the official protocol is asked for."""

    split_seed: int = 0
    """Chooses those rows, alike for all seeds."""

    lora: Lora | None = None
    """Adapters; none tunes all weights."""

    save_seconds: Annotated[float, Field(ge=0)] = 20.0
    """A killed run loses at most this much work: its state is saved this often, and after every epoch."""


#: Trainer's: weights that AdamW does not decay would be biases and norms, but its decay is 0.
_TRAINER: dict[str, Any] = {
    "learning_rate": 5e-5,
    "batch_size": 64,
    "epochs": 10,
    "max_length": 128,
    "schedule": Linear(warmup=0, final=0),
    "weight_decay": 0.0,
    "clip": 1.0,
    "head": "hugging_face",
    "patience": 3,
    "gain": 0.001,
    "select_by": "f1",
}
_LORA_2024: dict[str, Any] = _TRAINER | {
    "learning_rate": 3e-4,
    "epochs": 32,
    "schedule": Linear(warmup=0.06, final=0),
    "patience": None,
    "select_by": "loss",
    "lora": Lora(),
}
#: Of each year: what holds for all tasks, then what differs for some. Three classes have no F1 of "the" class.
YEARS: Mapping[str, tuple[dict[str, Any], Mapping[str, dict[str, Any]]]] = {
    "2023": (_TRAINER, {"mnli": {"select_by": "accuracy"}}),  # every 200 steps, patience 10; by epoch here
    "2024": (_TRAINER, {"mnli": {"select_by": "accuracy"}}),
    "2025": (
        {},
        {
            "boolq": {"batch_size": 16},
            "multirc": {"batch_size": 16},
            "wsc": {"epochs": 30},
            "mrpc": {"select_by": "f1"},
            "qqp": {"select_by": "f1"},
        },
    ),
}
#: Seed of each year's scripts.
SEEDS: Mapping[str, int] = {"2023": 12, "2024": 12, "2025": 42, "2026": 42}


def settings_for(year: str, task: str, *, lora: bool = False, **changes: Any) -> FineTuneSettings:
    """Return a year's hyper-parameters of a task.

    Args:
        year: 2023 to 2026.
        task: as ``evaluation/tasks`` names it; MNLI-mm is tuned as ``mnli``.
        lora: adapters, with 2024's hyper-parameters whatever the year: no other has any.
        changes: what to set otherwise.

    Raises:
        SuiteError: there are no hyper-parameters of that year.
    """
    name = "2025" if year == "2026" else year
    if name not in YEARS:
        hint = did_you_mean(year, SEEDS) or f"there are: {', '.join(SEEDS)}"
        raise SuiteError(f"no hyper-parameters of fine-tuning are known for {year!r}", where="rules.glue", hint=hint)
    shared, special = YEARS[name]
    values = dict(_LORA_2024) if lora else shared | special.get(task, {})
    return FineTuneSettings.model_validate(values | changes)
