"""A recipe: everything that decides the weights but the corpus. YAML in, one frozen object out; no torch.

A recipe may extend another, by name or path, and change parts of it; the command line changes single values with
``--set model.hidden_size=96``. Unknown keys are errors, all reported at once, with the key's path in the recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from curation.core.errors import Problem, UnknownName, did_you_mean
from curation.core.fingerprint import fingerprint
from training.batches.settings import LayoutSettings, Stream
from training.errors import RecipeError
from training.models.settings import ModelSettings
from training.objectives.settings import ObjectiveSettings
from training.optim.settings import Adamw, OptimizerSettings, ScheduleSettings
from training.tokenizer.settings import TokenizerSettings

RECIPES = "training.recipes"
#: Parts that make sense only together: a new one replaces the old one.
WHOLE = frozenset({"duration", "length"})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Heldout(_Part):
    """Documents that are kept from training, to see bits per byte of each source during the run."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """At most this share of each source's words, as whole documents."""

    max_words: Annotated[int, Field(ge=0)] = 20_000
    """At most this many words of each source."""

    every: Annotated[float, Field(gt=0, le=1)] = 0.1
    """How often bits per byte are taken, as a share of the run."""


class Data(_Part):
    """How the corpus is read."""

    layout: LayoutSettings = Stream()
    """How documents become rows."""

    max_words: Annotated[int | None, Field(ge=1)] = None
    """Train on this many words of the corpus, chosen by hash of the document; none takes all."""

    heldout: Heldout = Heldout()
    """What is kept from training."""

    seed: int = 1
    """Chooses documents; apart from the run's seed, so that runs of several seeds read and hold out the same text."""


class Duration(_Part):
    """How long to train: exactly one of the three."""

    steps: Annotated[int | None, Field(ge=1)] = None
    """Optimiser steps."""

    epochs: Annotated[float | None, Field(gt=0)] = None
    """Passes: as many words seen as the training text has, times this."""

    words: Annotated[int | None, Field(ge=1)] = None
    """Words seen, repeats counted."""

    @model_validator(mode="after")
    def _one(self) -> Duration:
        if sum(value is not None for value in (self.steps, self.epochs, self.words)) != 1:
            raise ValueError("give exactly one of steps, epochs, words")
        return self


class Run(_Part):
    """What does not change what is learned, or only its end."""

    seed: int = 1
    """Names every random draw: initial weights, order, masks, dropout, held-out documents."""

    precision: str = "auto"
    """`auto`, `fp32`, `bf16` or `fp16`; auto is bf16 or fp16 on a GPU, fp32 on a CPU, where results then agree."""

    rows_at_once: Annotated[int | None, Field(ge=1)] = None
    """Rows in memory at once; the rest of a batch is accumulated. None tries all and halves when memory runs out."""

    compile: bool = False
    """Compile the model with torch.compile: minutes at the start, faster steps after; needs a C++ compiler on a CPU."""

    max_words_seen: Annotated[int | None, Field(ge=1)] = None
    """The track's exposure limit: the run stops before a step that would pass it (strict-small 100M, strict 1000M)."""

    checkpoint_minutes: Annotated[float, Field(gt=0)] = 10.0
    """Minutes between checkpoints to resume from; two are kept."""

    max_skipped: Annotated[int, Field(ge=0)] = 10
    """Steps in a row that may be skipped for a bad gradient before the run stops as diverged."""

    spike: Annotated[float | None, Field(gt=1)] = None
    """Skip a step whose gradient norm is this many times the recent median; none skips only what is not finite."""


class Recipe(_Part):
    """How a model is made from a corpus."""

    name: str
    """What the recipe is called."""

    fidelity: str
    """What the paper says, what its code did, and what was chosen here."""

    model: ModelSettings
    """Family and sizes."""

    tokenizer: TokenizerSettings
    """How text becomes tokens."""

    data: Data = Data()
    """How the corpus is read."""

    objective: ObjectiveSettings
    """What is predicted."""

    optimizer: OptimizerSettings = Adamw()
    """How weights change."""

    schedule: ScheduleSettings
    """Learning rate, row length and batch size over the run."""

    duration: Duration
    """How long to train."""

    run: Run = Run()
    """What does not change what is learned."""

    @model_validator(mode="after")
    def _fit(self) -> Recipe:
        causal_only = self.model.use in {"gpt2", "llama"}
        if causal_only and self.objective.use in {"masked", "hybrid"}:
            raise ValueError(
                f"objective {self.objective.use!r} trains on both sides, and {self.model.use} is exported as a causal "
                "model: use the causal objective, or the gpt_bert model"
            )
        if self.model.use in {"bert", "roberta"} and self.objective.use != "masked":
            raise ValueError(f"{self.model.use} is exported as a masked model: its objective must be `masked`")
        return self

    def fingerprint(self) -> str:
        """Digest of what decides the weights."""
        aside: Any = {"fidelity": True, "name": True, "run": {"checkpoint_minutes", "max_skipped"}}
        return fingerprint(self.model_dump(mode="json", exclude=aside))


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that ship with curate, sorted."""
    files = (file.name for file in resources.files(RECIPES).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def load_recipe(name: str, changes: Iterable[str] = ()) -> Recipe:
    """Load a recipe by name or path and apply ``key.path=value`` changes.

    Raises:
        UnknownName: no recipe of this name ships, and no such file exists.
        RecipeError: it is not valid; every problem is listed.
    """
    data = _extended(name, ())
    for change in changes:
        _apply(data, change)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        problems = [
            Problem(where=".".join(str(part) for part in problem["loc"]) or "recipe", message=_message(problem))
            for problem in error.errors()
        ]
        listed = "".join(f"\n  - {problem}" for problem in problems)
        hint = "`curate recipes NAME` shows a whole recipe with every key explained"
        raise RecipeError(f"the recipe cannot be used:{listed}", where=name, hint=hint) from error


def _message(problem: Mapping[str, Any]) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "there is no such key"
    given = problem.get("input")
    return f"{message} (given: {given!r})" if isinstance(given, str | int | float | bool) else message


def _extended(name: str, seen: tuple[str, ...]) -> dict[str, Any]:
    data, where = _read(name)
    if where in seen:
        raise RecipeError("recipes extend each other in a circle", where=" > ".join([*seen, where]))
    base = data.pop("extends", None)
    if base is None:
        return data
    below = str(base)
    if where.endswith(".yaml") and below.endswith(".yaml") and not Path(below).is_absolute():
        below = str(Path(where).parent / below)
    return _merge(_extended(below, (*seen, where)), data)


def _read(name: str) -> tuple[dict[str, Any], str]:
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise UnknownName(f"there is no recipe file {name}", hint="`curate recipes` lists those that ship")
        text = path.read_text(encoding="utf-8")
    elif name in recipe_names():
        text = (resources.files(RECIPES) / f"{name}.yaml").read_text(encoding="utf-8")
    else:
        hint = did_you_mean(name, recipe_names()) or "`curate recipes` lists them; a file needs its .yaml"
        raise UnknownName(f"there is no recipe {name!r}", hint=hint)
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"not valid YAML: {error}", where=name) from error
    if not isinstance(data, dict):
        raise RecipeError("a recipe is a mapping", where=name)
    data.setdefault("name", path.stem)
    return data, name


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one recipe over another; a part that names another ``use`` or ``preset`` replaces the part whole."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _merge(dict(old or {}), value) if key not in WHOLE and _alike(old, value) else value
    return result


def _alike(old: Any, new: Any) -> bool:
    """Return whether two parts are of one kind, so that the new changes the old and does not replace it."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return all(new.get(name, old.get(name)) == old.get(name) for name in ("use", "preset"))


def _apply(data: dict[str, Any], change: str) -> None:
    path, sign, text = change.partition("=")
    keys = path.strip().split(".")
    if not sign or not all(keys):
        raise RecipeError(f"cannot read {change!r}", where="--set", hint="write it as --set run.seed=2")
    part = data
    for key in keys[:-1]:
        below = part.get(key) if key not in WHOLE else None
        part[key] = dict(below) if isinstance(below, dict) else {}
        part = part[key]
    try:
        part[keys[-1]] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"the value of {change!r} is not YAML", where="--set") from error


def explained(recipe: Recipe) -> str:
    """Return a recipe as YAML with every key and, above each, what it is."""
    return "\n".join(_explained(recipe, 0))


def _explained(part: BaseModel, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if field.description:
            yield f"{indent}# {' '.join(field.description.split())}"
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _explained(value, depth + 1)
        else:
            plain = part.model_dump(mode="json", include={name})[name]
            if isinstance(plain, str) and "\n" in plain:
                yield f"{indent}{name}: |"
                yield from (f"{indent}  {line}" for line in plain.strip().split("\n"))
            else:
                text = yaml.safe_dump(plain, default_flow_style=True, width=10_000, allow_unicode=True)
                yield f"{indent}{name}: {text.removesuffix('...' + chr(10)).rstrip()}"
