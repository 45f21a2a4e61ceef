"""A suite: which tasks a year of the challenge asks, how it scored them, and what its baselines got."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from curation.core.errors import did_you_mean
from curation.core.fingerprint import fingerprint
from evaluation.errors import SuiteError
from evaluation.task import Rules, Sets


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)


class Average(_Part):
    """A figure over tasks, as a year's leaderboard has it."""

    title: str
    of: tuple[str, ...]
    """Names of tasks, or of other averages, that weigh the same."""


class Published(_Part):
    """What somebody reported for these tasks."""

    model: str
    source: str
    scores: dict[str, float]


class Suite(_Part):
    """Tasks, rules, averages and published figures."""

    name: str = ""
    """The file's name."""
    title: str
    source: str
    """Where the list and the rules come from."""
    extends: str | None = None
    """Another suite, whose values these change."""
    set: Sets = "full"
    """The full sets, or the fast ones that checkpoints are scored on."""
    rules: Rules = Rules()
    tasks: tuple[str, ...]
    averages: dict[str, Average] = {}
    published: tuple[Published, ...] = ()

    @property
    def digest(self) -> str:
        """Return a fingerprint of all that decides its numbers."""
        return fingerprint(self.set, self.rules.model_dump(mode="json"), self.tasks)

    def only(self, tasks: tuple[str, ...]) -> Suite:
        """Return the suite cut to some tasks, in its own order, with further ones at its end."""
        return self.model_copy(
            update={"tasks": (*(t for t in self.tasks if t in tasks), *(t for t in tasks if t not in self.tasks))}
        )


def suite_names() -> list[str]:
    """Return the suites that come with curate, sorted."""
    files = resources.files("evaluation.suites").iterdir()
    return sorted(file.name[:-5] for file in files if file.name.endswith(".yaml"))


def load_suite(name: str) -> Suite:
    """Return a suite of ours by name, or one from a YAML file.

    Raises:
        SuiteError: there is none, or it cannot be read.
    """
    values, where = _read(name)
    seen = {name}
    while (base := values.pop("extends", None)) is not None:
        if base in seen:
            raise SuiteError(f"{base!r} extends itself", where=where, hint="remove one `extends`")
        seen.add(base)
        below, _ = _read(str(base))
        values = {**below, **values}
    try:
        return Suite.model_validate({**values, "name": Path(name).stem if name.endswith(".yaml") else name})
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SuiteError(lines, where=where, hint="`curate tasks --suite babylm-2025` shows one that works") from error


def _read(name: str) -> tuple[dict[str, Any], str]:
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise SuiteError("cannot be read", where=name, hint=f"or use one of {', '.join(suite_names())}") from error
        where = name
    elif name in suite_names():
        text, where = resources.files("evaluation.suites").joinpath(f"{name}.yaml").read_text(encoding="utf-8"), name
    else:
        hint = did_you_mean(name, suite_names()) or f"suites: {', '.join(suite_names())}"
        raise SuiteError(f"no suite is called {name!r}", where="--suite", hint=hint)
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SuiteError(f"no YAML: {error}", where=where) from error
    if not isinstance(values, dict):
        raise SuiteError("a suite is a mapping with `tasks`", where=where)
    return values, where
