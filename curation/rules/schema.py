"""What a rule profile may say: every rule with its value, where it is written, and the readings where sources disagree.

The official profiles were taken from the calls for papers, sites and repositories of the BabyLM challenges that each
profile lists under ``sources``.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from curation.core.auxiliary import PURPOSES

T = TypeVar("T")
Treatment = Literal["counts", "free", "banned"]
Generated = Literal["counts", "free_if_closed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Reading(_Frozen, Generic[T]):
    """One way to read a rule that its sources state differently."""

    value: T
    """The value in this reading."""
    says: str
    """What the source says, in a sentence."""
    source: str
    """Where: a key of the profile's `sources`, and the place in it."""


class Rule(_Frozen, Generic[T]):
    """A rule: its value, where it is written, and what other sources say."""

    value: T
    """The value that the audit judges by."""
    source: str
    """Where the rule is written: a key of the profile's `sources`, and the place in it."""
    says: str = ""
    """The rule in a sentence."""
    readings: tuple[Reading[T], ...] = ()
    """Where sources disagree: every reading, the chosen one among them."""
    because: str = ""
    """Why the value was chosen among the readings."""

    @model_validator(mode="after")
    def _one_reading_is_chosen(self) -> Rule[T]:
        chosen = [reading for reading in self.readings if reading.value == self.value]
        if self.readings and (len(self.readings) < 2 or len(chosen) != 1):
            raise ValueError("readings: at least two, and exactly one of them has the rule's own value")
        return self


class Counts(_Frozen):
    """What of a corpus's own text counts against the budget."""

    headers: Rule[bool]
    """Lines such as `= = = title = = =`."""
    speaker_tags: Rule[bool]
    """Tags such as `*MOT:` at the start of a line."""
    captions: Rule[bool]
    """Text of documents that belong to an image."""
    rule_made: Rule[bool]
    """Words that a step without a trained model wrote (templates, paraphrase rules)."""
    generated: Rule[Generated]
    """Words that a model wrote: they count, or are free if that model's own training text lies inside the budget."""


class Exposure(_Frozen):
    """How much a model may read while it is trained; the trainer's meter stops there."""

    words: Rule[int | None]
    """Words seen, repeats included."""
    epochs: Rule[float | None]
    """Passes over the corpus."""
    milestones: Rule[int | None]
    """The last mark of words seen at which a checkpoint is asked for."""


class Teachers(_Frozen):
    """Which models may teach."""

    names: tuple[str, ...] = ()
    """Names, with `*` for any letters."""
    below_parameters: int | None = None
    """Any model with fewer parameters is allowed as well."""


class Premiums(_Frozen):
    """How a budget over several languages is measured."""

    measure: Rule[Literal["bytes", "words"]]
    """UTF-8 bytes (or white-space separated words) divided by the byte premium of their language."""
    bytes_per_word: Rule[float]
    """UTF-8 bytes of an English word with the white space after it."""
    languages: Rule[dict[str, float]]
    """Byte premium of each language, English being 1."""


class Profile(_Frozen):
    """The rules of one track of one year, or a user's own."""

    name: str
    """Such as `babylm-2024-strict`."""
    title: str
    """Such as `BabyLM 2024, strict`."""
    sources: dict[str, str]
    """What the rules cite, spelled out, by key."""
    budget: Rule[int | None]
    """Words (or what `premiums` measures) that all text together may have; null for no limit."""
    tolerance: Rule[float] = Rule(value=0.0, source="curate")
    """Share of the budget by which it may be passed."""
    counts: Counts
    """What of the corpus's own text counts."""
    auxiliary: dict[str, Rule[Treatment]]
    """What the training text of an auxiliary model does, by purpose; `any` for those not named."""
    exposure: Exposure
    """How much may be read in training."""
    own_data: Rule[bool]
    """Whether text of one's own choice is allowed."""
    official_files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the files that are allowed, by name, where own text is not."""
    teachers: Rule[Teachers] | None = None
    """Which teachers are allowed; null where the track has none."""
    premiums: Premiums | None = None
    """How several languages are measured; null for one language, counted in words."""
    languages: dict[str, str] = Field(default_factory=dict)
    """Language of each source (`*` for any letters), for `premiums`."""
    repeated_text: Rule[Literal["forbidden", "allowed"]] = Rule(value="forbidden", source="curate")
    """Whether a corpus may hold the same document twice."""
    split_overlap: Rule[float] = Rule(value=0.0, source="curate")
    """Share of the words of held-out text that may also stand in the training text."""
    disclose: tuple[Rule[str], ...] = ()
    """What must be stated with a submission."""
    notes: tuple[Rule[str], ...] = ()
    """What else the sources say: nothing of it can be seen in a corpus."""

    @model_validator(mode="after")
    def _sources_are_known(self) -> Profile:
        if "any" not in self.auxiliary:
            raise ValueError("auxiliary: `any` is missing: what holds for purposes that are not named")
        for purpose in self.auxiliary:
            if purpose not in {"any", *PURPOSES}:
                raise ValueError(f"auxiliary: no purpose {purpose!r}; allowed: any, {', '.join(PURPOSES)}")
        for cited in _cited(self):
            if cited.split(" ", 1)[0] not in {"curate", *self.sources}:
                raise ValueError(f"{cited!r} cites nothing under `sources`; keys there: {', '.join(self.sources)}")
        return self

    def cite(self, source: str) -> str:
        """Return a reference spelled out: what the key stands for, and the place in it."""
        key, _, place = source.partition(" ")
        text = self.sources.get(key, key)
        return f"{text}, {place}" if place else text

    def treatment(self, purpose: str) -> Rule[Treatment]:
        """Return what the training text of a model with this purpose does."""
        return self.auxiliary.get(purpose, self.auxiliary["any"])


def _cited(model: BaseModel) -> list[str]:
    """Return every reference in a model."""
    found = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        if name == "source":
            found.append(str(value))
        else:
            found += [cited for one in values if isinstance(one, BaseModel) for cited in _cited(one)]
    return found
