"""An ablation file: the question, the arms, what is held equal, and the one metric that decides, named beforehand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from curation.core.errors import Problem
from curation.core.strict_yaml import StrictLoader
from evaluation.ablation.errors import AblationError
from evaluation.catalog import load_task
from evaluation.errors import SuiteError
from evaluation.kinds.choice import Choice
from evaluation.tasks.grounded import Grounded

#: Names of arms become names of corpora, in small letters.
ARM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
#: Rungs of the proxy ladder: recipe, words seen, seeds. Words are 1.3 tokens each on child-directed speech.
LADDER: dict[str, dict[str, Any]] = {
    "smoke": {"recipe": "llama-proxy", "amount": 75_000, "seeds": 3},
    "screen": {"recipe": "llama-proxy", "amount": 230_000, "seeds": 5},
    "confirm": {"recipe": "llama-proxy", "amount": 920_000, "seeds": 5},
    "gpu": {"recipe": "gpt2-2025-baseline", "amount": 100_000_000, "seeds": 3},
}
#: Metrics of held-out text are named ``bits_per_byte.DOMAIN``, those of tasks ``TASK.METRIC``: what the task's value is
#: (``blimp.accuracy``, ``cola.mcc``), and ``TASK.log_odds`` where its items are questions with options.
BITS = "bits_per_byte"
#: The mean over domains, each alike: what an arm gains by coming nearer to one of them counts by its share only.
MEAN = f"{BITS}.mean"
#: Area under the curve of a metric of held-out text against the logarithm of words, ``bits_per_byte_area.DOMAIN``: less
#: is better, and what is learned early counts too.
AREA = f"{BITS}_area"
#: Times that held-out text is measured in a run: each costs a third of training on as many words.
MEASURED = 5


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Arm(_Part):
    """One way to make the corpus, or to train on it."""

    about: str = ""
    """What is done, in words, for the report."""

    manifest: str | None = None
    """A manifest: its path beside this file, or the name of one that ships."""

    corpus: str | None = None
    """A built corpus folder."""

    patch: dict[str, Any] | None = None
    """Changes to the base's manifest, as under `extends`: ``{steps: {minhash: {threshold: 0.7}}}``; null removes."""

    recipe: tuple[str, ...] = ()
    """Changes of the recipe for this arm only, ``key=value``."""

    @model_validator(mode="after")
    def _one(self) -> Arm:
        if sum(value is not None for value in (self.manifest, self.corpus, self.patch)) > 1:
            raise ValueError("give one of manifest, corpus, patch")
        return self


class HeldoutText(_Part):
    """A held-out text; a string is its path."""

    path: str
    """Its path, relative to the ablation file."""

    documents: Annotated[str | None, Field(pattern=r"^(line|blank_line|header|[1-9]\d* lines)$")] = None
    """What a document is, as in `source.text`: `line`, `blank_line`, `header` or `50 lines`. Left out: what stands
    between blank lines, and fifty lines where there are none."""

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class Racing(_Part):
    """Arms that are clearly worse on the primary metric stop early, by this rule."""

    rungs: Annotated[tuple[float, ...], Field(min_length=1, max_length=4)] = (0.4,)
    """Shares of the run at which arms are judged; held-out text is measured at each fifth."""

    keep: Annotated[int, Field(ge=2)] = 2
    """The best 1/keep of the arms, base included and rounded up, stay whatever their scores."""

    margin: Annotated[float, Field(ge=0)] = 0.0
    """How much worse than the leader an arm must surely be."""

    @model_validator(mode="after")
    def _fifths(self) -> Racing:
        if any(not 0 < rung < 1 or abs(MEASURED * rung - round(MEASURED * rung)) > 1e-9 for rung in self.rungs):
            raise ValueError("rungs are fifths of the run: 0.2 to 0.8")
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError("rungs go up")
        return self


class Ablation(_Part):
    """The whole file."""

    name: str
    """The file's name, if it is left out."""

    question: str
    """One sentence, a question: the report answers it."""

    base: Arm
    """What the arms are compared with."""

    arms: Annotated[dict[str, Arm], Field(min_length=1)]
    """The interventions."""

    ladder: Literal["smoke", "screen", "confirm", "gpu"] = "screen"
    """Size of a run: sets recipe, amount and seeds where they are not given."""

    recipe: Annotated[str, Field(min_length=1)]
    """How models are trained: a recipe's name or file; the ladder's if it is left out."""

    changes: tuple[str, ...] = ()
    """Changes of the recipe for all arms, ``key=value``."""

    seeds: int | tuple[int, ...]
    """How many seeds, from 1 on, or which; the ladder's if they are left out."""

    redraw: bool | None = None
    """Draw each corpus anew for each seed (the manifest's seed goes with the run's), so that a verdict is on the way of
    making corpora and not on one draw of documents. Left out: unless the base or an arm is a built corpus."""

    match: Literal["words", "tokens", "flops"] = "words"
    """What is held equal over arms."""

    amount: Annotated[float, Field(gt=0)]
    """How many words, tokens or FLOPs each run sees; the ladder's words if it is left out, where words are matched."""

    heldout: Annotated[dict[str, HeldoutText], Field(min_length=1)]
    """Texts that no arm trains on, by domain: bits per byte are measured on each. Two domains or more: likeness to one
    held-out text is not quality."""

    heldout_words: Annotated[int, Field(ge=1000)] = 12_000
    """At most this many words of each text, from its beginning, in whole lines."""

    tasks: tuple[str, ...] = ("grounded",)
    """Tasks of `curate evaluate`, run on every model."""

    limit: Annotated[int | None, Field(ge=1)] = None
    """Items a paradigm."""

    data: str | None = None
    """Folder of evaluation data, for tasks that need one."""

    primary: str
    """The metric that decides: ``bits_per_byte.DOMAIN``, ``bits_per_byte.mean`` (over domains), the same of
    ``bits_per_byte_area`` (the learning curve), ``TASK.log_odds``, ``TASK.METRIC``, or ``grounded.mirrored``."""

    margin: Annotated[float | None, Field(gt=0)] = None
    """A difference on the primary metric that would not matter: smaller ones are called equivalent."""

    of_interest: Annotated[float | None, Field(gt=0)] = None
    """A difference on the primary metric that one would like to find: the plan says what that takes."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Over all arms together (Holm); of races and exploratory findings too. Intervals are of level ``1 - alpha``."""

    racing: Racing | None = None
    """Stop clearly worse arms early."""

    rules: str | None = None
    """Rule profile under which every arm is audited; an arm that breaks it is refused."""

    @model_validator(mode="before")
    @classmethod
    def _from_ladder(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        rung = values.get("ladder", "screen")  # one that is none is told by its own field
        known = LADDER.get(rung if isinstance(rung, str) else "screen", LADDER["screen"])
        left_out = [key for key in known if values.get(key) is None]
        if values.get("match", "words") != "words" and "amount" in left_out:
            left_out.remove("amount")  # the ladder counts words
        return {**values, **{key: known[key] for key in left_out}}

    @model_validator(mode="after")
    def _fits(self) -> Ablation:
        if self.base.patch is not None or (self.base.manifest is None and self.base.corpus is None):
            raise ValueError("base: needs a manifest or a corpus")
        for name, arm in self.arms.items():
            if name == "base" or not ARM.fullmatch(name):
                raise ValueError(
                    f"arms.{name}: a name has letters, digits, - and _ behind the first, and is not `base`"
                )
            if arm.patch is not None and self.base.manifest is None:
                raise ValueError(f"arms.{name}: a patch needs a base with a manifest")
        for what, text in (("name", self.name), *((f"heldout.{domain}", domain) for domain in self.heldout)):
            if not text.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"{what}: {text!r} becomes a file's name: letters, digits, - and _ only")
        if not self.seed_list or len(set(self.seed_list)) != len(self.seed_list):
            raise ValueError("seeds: one or more, each once")
        known = [*self.text_metrics, *self.area_metrics, *self.task_metrics]
        if self.primary not in known:
            raise ValueError(f"primary: {self.primary!r} is not measured; there are {', '.join(known)}")
        if self.racing is not None and self.primary not in self.text_metrics:
            raise ValueError("racing: needs a primary metric that is measured during the run: bits_per_byte.DOMAIN")
        return self

    @property
    def task_metrics(self) -> tuple[str, ...]:
        """Metrics of the tasks, the more sensitive ones first."""
        return tuple(name for task in self.tasks for name in metrics_of(task))

    @model_validator(mode="after")
    def _arms_change_something(self) -> Ablation:
        for name, arm in self.arms.items():
            if arm.manifest is None and arm.corpus is None and not arm.patch and not arm.recipe:
                raise ValueError(f"arms.{name}: changes nothing; give a manifest, a corpus, a patch or a recipe")
        return self

    @model_validator(mode="after")
    def _can_be_redrawn(self) -> Ablation:
        fixed = [name for name, arm in self.all_arms.items() if arm.corpus is not None]
        if self.redraw and fixed:
            raise ValueError(f"redraw: {', '.join(fixed)} has a corpus; only what has a manifest can be drawn anew")
        return self

    @model_validator(mode="after")
    def _no_domain_is_the_mean(self) -> Ablation:
        if MEAN in {f"{BITS}.{domain}" for domain in self.heldout}:
            raise ValueError("heldout.mean: `mean` is the mean over domains; give the domain another name")
        return self

    @property
    def text_metrics(self) -> tuple[str, ...]:
        """Metrics of held-out text: the mean over domains first, where there are several."""
        return (*((MEAN,) if len(self.heldout) > 1 else ()), *(f"{BITS}.{domain}" for domain in self.heldout))

    @property
    def area_metrics(self) -> tuple[str, ...]:
        """Areas under the learning curves of held-out text, in the order of ``text_metrics``."""
        return tuple(f"{AREA}.{name.removeprefix(f'{BITS}.')}" for name in self.text_metrics)

    @property
    def all_arms(self) -> dict[str, Arm]:
        """The base first, then the interventions."""
        return {"base": self.base, **self.arms}

    @property
    def seed_list(self) -> tuple[int, ...]:
        """Seeds of every arm."""
        return tuple(range(1, self.seeds + 1)) if isinstance(self.seeds, int) else self.seeds

    @property
    def redraws(self) -> bool:
        """Whether each seed has corpora of its own."""
        return all(arm.corpus is None for arm in self.all_arms.values()) if self.redraw is None else self.redraw

    @property
    def draws(self) -> tuple[int, ...]:
        """Seeds that have corpora of their own; the first one's is the manifest's as it stands."""
        return self.seed_list if self.redraws else self.seed_list[:1]

    def draw_of(self, seed: int) -> int:
        """Return the draw of the corpora that a run of a seed is trained on."""
        return seed if self.redraws else self.seed_list[0]


def metrics_of(reference: str) -> tuple[str, ...]:
    """Return the metrics that a task gives.

    Raises:
        ValueError: there is no such task.
    """
    try:
        task = load_task(reference)
    except SuiteError as error:
        raise ValueError(str(error)) from error
    odds = ("log_odds",) if isinstance(task, Choice | Grounded) else ()
    mirrored = ("mirrored",) if isinstance(task, Grounded) else ()
    return tuple(f"{task.name}.{kind}" for kind in (*mirrored, *odds, task.metric))


def higher_is_better(metric: str) -> bool:
    """Return whether more of a metric is better: fewer bits and smaller deviations are, and more of all else."""
    return not metric.startswith(BITS) and metric.rpartition(".")[2] != "mad_months"


def load_ablation(path: Path) -> Ablation:
    """Read an ablation file.

    Raises:
        AblationError: it cannot be read, or is not valid; every problem is listed.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506  (a SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        hint = "give the path of an ablation file, such as corpora_manifests/ablations/NAME.yaml"
        raise AblationError(f"cannot be read: {error}", where=str(path), hint=hint) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise AblationError(f"no valid YAML: {error.problem}", where=where) from error
    except yaml.YAMLError as error:
        raise AblationError(f"no valid YAML: {error}", where=str(path)) from error
    if not isinstance(values, dict):
        raise AblationError("an ablation is a mapping with question, base, arms, heldout, primary", where=str(path))
    try:
        return Ablation.model_validate({"name": path.stem, **values})
    except ValidationError as error:
        problems = "".join(
            f"\n  - {Problem('.'.join(map(str, e['loc'])) or 'file', e['msg'].removeprefix('Value error, '))}"
            for e in error.errors()
        )
        hint = "docs/ablation.md shows a whole file"
        raise AblationError(f"the ablation cannot be run:{problems}", where=str(path), hint=hint) from error
