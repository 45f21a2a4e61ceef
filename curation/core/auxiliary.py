"""Auxiliary models: every trained thing that touched a corpus, and the text that it was trained on.

The challenge's closed-system rule counts "all text seen by all training" against the budget (BabyLM 2024 call, section
7), so a parser, a language identifier or a generator is accounted for by its training text. Text that nobody has stated
is ``None``, unknown, and never zero.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Purpose = Literal[
    "tokenizer",
    "filter",
    "parser",
    "language identifier",
    "n-gram LM",
    "classifier",
    "embedder",
    "generator",
    "teacher",
]
PURPOSES: tuple[str, ...] = get_args(Purpose)
Where = Literal["inside", "outside", "unknown"]


class AuxiliaryModel(BaseModel):
    """The record of one auxiliary model, as a step or a manifest declares it and the lock carries it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    """What it is called, such as `en_core_web_sm`."""
    purpose: Purpose
    """What it was used for."""
    version: str = ""
    """Its version; empty when it has none."""
    digest: str = ""
    """SHA-256 of the weights (or of the trained table); empty when it was not recorded."""
    trained_on: str = ""
    """The text that it was trained on, named; empty when nobody states it."""
    words: int | None = Field(default=None, ge=0)
    """Words of that text, white-space separated; null when they are unknown."""
    where: Where = "unknown"
    """Whether that text lies `inside` the corpus (it is then counted already), `outside` it, or is `unknown`."""
    sources: tuple[str, ...] = ()
    """For a model trained in the build: the sources whose documents it read, those that were dropped later included."""
    documents: str = ""
    """For a model trained on a corpus: digest of that corpus (or of a nested subset)."""
    parameters: int | None = Field(default=None, ge=0)
    """Parameters of the model; null when they are unknown."""
    licence: str = ""
    """Licence of the model."""
    used_by: str = ""
    """The step that used it; empty for what was used by hand, outside the build."""

    def of_step(self, step: str) -> AuxiliaryModel:
        """Return the record with the name of the step that used the model."""
        return self.model_copy(update={"used_by": step})

    def record(self) -> dict[str, object]:
        """Return what the lock carries: JSON-able, without what was left at its default, but always with `words`."""
        return {**self.model_dump(mode="json", exclude_defaults=True), "words": self.words, "where": self.where}
