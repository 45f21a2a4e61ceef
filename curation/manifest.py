"""The manifest: YAML in, validated sources and steps out, every problem at once.

``extends:`` starts from another manifest. Mappings are merged key by key; the lists of sources, steps and selectors
are replaced by a list, or patched by a mapping of names: ``steps: {minhash: {threshold: 0.7}, word_count: null}``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from curation.core import catalog
from curation.core.auxiliary import AuxiliaryModel
from curation.core.errors import CurateError, ManifestError, Problem, UnknownName, did_you_mean
from curation.core.fingerprint import fingerprint
from curation.core.questions import KEYS
from curation.core.schema import UNREADABLE_NAME
from curation.reading import LISTS, find_manifest, name_of, resolved
from curation.steps.kinds import BatchStep, Component, Deduplicator, Filter, Selector, Source, Step, Terms, field_docs

C = TypeVar("C", bound=Component)
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Output(BaseModel):
    """What the corpus folder holds beside its Parquet files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: bool = False
    """Also write `text/<source>.train`, plain text that `wc -w` counts."""
    shard_words: int = Field(default=10_000_000, ge=1000)
    """Words in a Parquet file."""
    compression: Literal["zstd", "snappy", "none"] = "zstd"
    """Compression of the Parquet files."""


@dataclass(frozen=True)
class Entry(Generic[C]):
    """A validated source or step: its name, its catalogue name, its settings, and where it stands in the manifest."""

    name: str
    use: str
    component: C
    where: str
    base: Path = field(default_factory=Path)


@dataclass(frozen=True)
class Manifest:
    """A validated manifest, presets and inheritance resolved."""

    path: Path
    name: str
    seed: int
    track: str
    description: str
    sources: tuple[Entry[Source], ...]
    steps: tuple[Entry[Step], ...]
    select: tuple[Entry[Selector], ...]
    output: Output
    auxiliary_models: tuple[AuxiliaryModel, ...] = ()
    datasheet: dict[str, str] = field(default_factory=dict)

    def terms(self, words_read: tuple[int, ...] = ()) -> Terms:
        """Return what selectors need to know."""
        names = tuple(entry.name for entry in self.sources)
        return Terms(self.seed, names, tuple(entry.component.quota for entry in self.sources), words_read)

    def as_dict(self) -> dict[str, Any]:
        """Return the resolved manifest as JSON-able data: what the lock records and the fingerprint covers."""
        models = [model.record() for model in self.auxiliary_models]
        return {
            "name": self.name,
            "seed": self.seed,
            "track": self.track,
            "description": self.description,
            "sources": [_entry_dict(entry) for entry in self.sources],
            "steps": [_entry_dict(entry) for entry in self.steps],
            "select": [_entry_dict(entry) for entry in self.select],
            "output": self.output.model_dump(mode="json"),
            **({"auxiliary_models": models} if models else {}),
            **({"datasheet": self.datasheet} if self.datasheet else {}),
        }

    def fingerprint(self) -> str:
        """Return a digest of everything that the manifest asks for."""
        return fingerprint(self.as_dict())


def _entry_dict(entry: Entry[Any]) -> dict[str, Any]:
    return {"name": entry.name, "use": entry.use, "version": entry.component.version, **entry.component.settings()}


def load(reference: str | Path) -> Manifest:
    """Read and validate a manifest: a path, or the name of one that ships with curate.

    Raises:
        ManifestError: with every problem that was found.
    """
    path = find_manifest(reference)
    raw = resolved(path, ())
    return _Validator(path, raw).manifest()


class _Validator:
    """Turns a raw manifest into a ``Manifest``, collecting problems on the way."""

    def __init__(self, path: Path, raw: dict[str, Any]) -> None:
        self.path = path
        self.raw = raw
        self.problems: list[Problem] = []

    def manifest(self) -> Manifest:
        known = {"name", "seed", "track", "description", *LISTS, "output", "auxiliary_models", "datasheet"}
        for key in self.raw:
            if key not in known:
                self._problem(
                    str(key), "unknown key", did_you_mean(str(key), known) or f"allowed: {', '.join(sorted(known))}"
                )
        name = self._scalar("name", str, self.path.stem)
        if isinstance(name, str) and not NAME.fullmatch(name):
            self._problem("name", f"{name!r} cannot be a folder name", "allowed: lower-case letters, digits, . _ -")
        sources = self._entries("sources", Source)  # type: ignore[type-abstract]
        steps = self._entries("steps", Step)
        select = self._entries("select", Selector)  # type: ignore[type-abstract]
        output = self._output()
        if not self.raw.get("sources"):
            self._problem("sources", "at least one source is needed", "`curate init FOLDER` writes a first manifest")
        manifest = Manifest(
            path=self.path,
            name=name,
            seed=self._scalar("seed", int, 0),
            track=self._scalar("track", str, ""),
            description=self._scalar("description", str, ""),
            sources=tuple(sources),
            steps=tuple(steps),
            select=tuple(select),
            output=output,
            auxiliary_models=self._auxiliary_models(),
            datasheet=self._datasheet(),
        )
        if not self.problems:
            self._check_whole(manifest)
        if self.problems:
            count = len(self.problems)
            title = "1 problem" if count == 1 else f"{count} problems"
            raise ManifestError(f"{title} in the manifest", where=str(self.path), problems=self.problems)
        return manifest

    def _problem(self, where: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(where, message, hint))

    def _scalar(self, key: str, kind: type, default: Any) -> Any:
        value = self.raw.get(key, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            word = {"str": "text", "int": "a whole number"}[kind.__name__]
            self._problem(key, f"must be {word}, this is {value!r}")
            return default
        return value

    def _output(self) -> Output:
        raw = self.raw.get("output", {})
        if not isinstance(raw, dict):
            self._problem("output", f"must be a mapping, this is {raw!r}")
            return Output()
        try:
            return Output.model_validate(raw)
        except pydantic.ValidationError as error:
            self._explain(error, "output", Output)
            return Output()

    def _datasheet(self) -> dict[str, str]:
        """Return the maker's answers to what no build records."""
        raw = self.raw.get("datasheet") or {}
        if not isinstance(raw, dict):
            self._problem("datasheet", f"must be a mapping of questions to answers, this is {raw!r}")
            return {}
        for key, answer in raw.items():
            if key not in KEYS:
                hint = did_you_mean(str(key), KEYS) or f"questions: {', '.join(KEYS)}"
                self._problem(f"datasheet.{key}", "no such question", hint)
            elif not isinstance(answer, str):
                self._problem(f"datasheet.{key}", f"must be text, this is {answer!r}")
        return {str(key): str(answer) for key, answer in raw.items()}

    def _auxiliary_models(self) -> tuple[AuxiliaryModel, ...]:
        """Return what was used by hand, outside the build, such as the parser that produced a source."""
        raw = self.raw.get("auxiliary_models") or []
        if not isinstance(raw, list):
            self._problem("auxiliary_models", f"must be a list of records, this is {raw!r}")
            return ()
        models = []
        for index, one in enumerate(raw):
            where = f"auxiliary_models[{index}]"
            if not isinstance(one, dict):
                self._problem(where, f"must be a mapping with `name:` and `purpose:`, this is {one!r}")
                continue
            try:
                models.append(AuxiliaryModel.model_validate(one))
            except pydantic.ValidationError as error:
                self._explain(error, where, AuxiliaryModel)
        return tuple(models)

    def _entries(self, key: str, base: type[C]) -> list[Entry[C]]:
        raw = self.raw.get(key) or []
        if not isinstance(raw, list):
            hint = (
                "a mapping of names only patches the list of a manifest that is extended"
                if isinstance(raw, dict)
                else ""
            )
            self._problem(key, f"must be a list, this is a {type(raw).__name__}", hint)
            return []
        entries: list[Entry[C]] = []
        for where, one in self._expanded(key, raw):
            entry = self._entry(where, one, base)
            if entry is not None:
                if any(entry.name == other.name for other in entries):
                    self._problem(where, f"two entries are named {entry.name!r}", "give one of them a `name:`")
                entries.append(entry)
        return entries

    def _expanded(self, key: str, raw: list[Any]) -> Iterator[tuple[str, Any]]:
        """Yield the entries with their paths, presets replaced by what they hold."""
        for index, one in enumerate(raw):
            where = f"{key}[{index}]"
            use = one.get("use") if isinstance(one, dict) else None
            if not isinstance(use, str) or use not in catalog.names() or not catalog.is_preset(use):
                yield where, one
                continue
            inner = {name: dict(entry) for name, entry in preset(use)}
            for name, patch in one.items():
                if name in {"use", "name"}:
                    continue
                if name not in inner:
                    hint = did_you_mean(name, inner) or f"its steps: {', '.join(inner)}"
                    self._problem(f"{where}.{name}", f"{use} has no step {name!r}", hint)
                elif patch is None:
                    del inner[name]
                elif isinstance(patch, dict):
                    inner[name].update(patch)
                else:
                    self._problem(f"{where}.{name}", f"must be a mapping of settings or null, this is {patch!r}")
            for name, entry in inner.items():
                yield f"{where}.{name}", {**entry, "name": name}

    def _entry(self, where: str, raw: Any, base: type[C]) -> Entry[C] | None:
        if not isinstance(raw, dict):
            self._problem(where, f"must be a mapping with `use:`, this is {raw!r}")
            return None
        use = raw.get("use")
        if not isinstance(use, str):
            self._problem(where, "`use:` is missing" if use is None else f"`use:` must be a name, this is {use!r}")
            return None
        try:
            found = catalog.find(use, Component)
        except UnknownName as error:
            self._problem(f"{where}.use", error.message, error.hint)
            return None
        if not issubclass(found, base) or (base is Step and issubclass(found, Selector)):
            kind = str(getattr(found, "kind", ""))
            place = {"source": "sources", "selector": "select"}.get(kind, "steps")
            self._problem(f"{where}.use", f"{use} is a {kind}", f"it belongs under `{place}:`")
            return None
        if inspect.isabstract(found):
            lacks = ", ".join(sorted(found.__abstractmethods__))
            self._problem(f"{where}.use", f"{use} is unfinished: it lacks {lacks}", "see curation.steps.kinds")
            return None
        name = name_of(raw)
        if name == UNREADABLE_NAME:
            self._problem(f"{where}.name", f"{name!r} is what the ledger calls inputs that cannot be read", "rename it")
        if not NAME.fullmatch(name.lower()):
            self._problem(f"{where}.name", f"{name!r} is no name", "allowed: letters, digits, . _ -")
        settings = {key: value for key, value in raw.items() if key not in {"use", "name", "__base__"}}
        try:
            component = found.model_validate(settings)
        except pydantic.ValidationError as error:
            self._explain(error, where, found)
            return None
        return Entry(name, use, component, where, raw.get("__base__", self.path.parent))

    def _explain(self, error: pydantic.ValidationError, where: str, model: type[BaseModel]) -> None:
        """Say in our own words what pydantic found: path, value, what is allowed."""
        seen: set[str] = set()
        for one in error.errors():
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one["loc"][:2])
            if place in seen:
                continue
            seen.add(place)
            if one["type"] == "extra_forbidden":
                name = str(one["loc"][-1])
                hint = (
                    did_you_mean(name, model.model_fields) or f"allowed: {', '.join(model.model_fields) or 'nothing'}"
                )
                self._problem(where + place, "unknown setting", hint)
            elif one["type"] == "missing":
                self._problem(where + place, "is missing", field_docs(model).get(str(one["loc"][0]), ""))
            else:
                message = one["msg"].removeprefix("Value error, ")
                self._problem(where + place, f"{one['input']!r}: {message}" if one["loc"] else message)

    def _check_whole(self, manifest: Manifest) -> None:
        """Check what no single entry can see: names that others refer to, quotas against the budget."""
        self._check_measures(manifest)
        steps = {entry.name: entry.where for entry in manifest.steps}
        for entry in manifest.select:
            if entry.name in steps:
                self._problem(
                    entry.where, f"{entry.name!r} is also the name of {steps[entry.name]}", "give it a `name:`"
                )
        for chosen in manifest.select:
            try:
                chosen.component.check(manifest.terms())
            except CurateError as error:
                self._problem(error.where or chosen.where, error.message, error.hint)
        for step in manifest.steps:
            if not isinstance(step.component, BatchStep | Deduplicator):
                self._problem(step.where, f"{step.use} is of no known kind", "subclass one of curation.steps.kinds")

    def _check_measures(self, manifest: Manifest) -> None:
        """Check that a step that needs a filter's measure names one, and one that comes before it."""
        known: set[str] = set()
        every = {entry.name for entry in manifest.steps if isinstance(entry.component, Filter)}
        entries: tuple[Entry[Any], ...] = (*manifest.steps, *manifest.select)
        for entry in entries:
            for key, name in entry.component.measures_used().items():
                where = f"{entry.where}.{key}"
                if name in every - known:
                    self._problem(where, f"{name!r} comes later", "put the filter before this step")
                elif name not in known | {"words"}:
                    hint = did_you_mean(name, every) or f"filter steps here: {', '.join(sorted(every)) or 'none'}"
                    self._problem(where, f"{name!r} is not a filter step of this manifest", hint)
            known |= {entry.name} & every


def preset(use: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the steps of a preset, raw, with their names."""
    import yaml  # noqa: PLC0415

    return [(name_of(entry), entry) for entry in yaml.safe_load(catalog.preset_text(use))]
