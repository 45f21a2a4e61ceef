"""Names to classes: ``filter.word_count`` is the one step class in ``curation/steps/filter/word_count.py``.

There is no registry to edit: adding a step is adding a file. A preset is a YAML file at the same kind of place
(``filter.gopher`` is ``curation/steps/filter/gopher.yaml``). Code outside this package is named
``my_package.my_module:MyStep``.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from curation.core.errors import UnknownName, did_you_mean

C = TypeVar("C")
PACKAGE = "curation.steps"
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_OUTSIDE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@cache
def names() -> tuple[str, ...]:
    """Return every name in the catalogue, steps and presets, sorted."""
    found = []
    for folder in resources.files(PACKAGE).iterdir():
        if not folder.is_dir() or folder.name.startswith(("_", ".")):
            continue
        for file in folder.iterdir():
            stem, _, suffix = file.name.rpartition(".")
            if suffix in {"py", "yaml"} and not stem.startswith("_"):
                found.append(f"{folder.name}.{stem}")
    return tuple(sorted(found))


@cache
def is_preset(name: str) -> bool:
    """Return whether a catalogue name is a preset, that is, a YAML list of steps."""
    return name in names() and _file(name, "yaml").is_file()


def preset_text(name: str) -> str:
    """Return the YAML text of a preset."""
    return str(_file(name, "yaml").read_text(encoding="utf-8"))


def _file(name: str, suffix: str) -> Any:
    folder, stem = name.split(".")
    return resources.files(PACKAGE) / folder / f"{stem}.{suffix}"


def find(name: str, base: type[C]) -> type[C]:
    """Return the class that ``name`` stands for.

    Raises:
        UnknownName: nothing has this name, or what has it is no step of this suite.
    """
    if _OUTSIDE.fullmatch(name):
        return _outside(name, base)
    if not _NAME.fullmatch(name) or name not in names() or is_preset(name):
        hint = did_you_mean(name, names()) or "`curate list` shows every name"
        raise UnknownName(f"there is no {name!r}", hint=hint)
    module = importlib.import_module(f"{PACKAGE}.{name}")
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, base) and member.__module__ == module.__name__ and not member.__name__.startswith("_")
    ]
    if len(found) != 1:
        raise UnknownName(f"{module.__name__} must hold exactly one step class, it holds {len(found)}")
    return found[0]


def _outside(name: str, base: type[C]) -> type[C]:
    module_name, _, class_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        hint = "the module must be importable: install its package, or set PYTHONPATH"
        raise UnknownName(f"cannot import {module_name!r} ({error})", hint=hint) from error
    found = getattr(module, class_name, None)
    if not inspect.isclass(found):
        hint = did_you_mean(class_name, vars(module))
        raise UnknownName(f"{module_name} has no class {class_name!r}", hint=hint)
    if not issubclass(found, base):
        raise UnknownName(f"{name} is not a step", hint="subclass one of the kinds in curation.steps.kinds")
    return found
