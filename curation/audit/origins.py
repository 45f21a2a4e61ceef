"""The sources and steps that a lock records, had here again: their files, their versions, what models they use.

Code from outside curate is named in a lock as well; an audit does not run it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from curation.audit.findings import file_sha256, finding
from curation.audit.verdict import Finding
from curation.core import catalog
from curation.core.errors import CurateError
from curation.steps.kinds import Component, Source


def installed_version(use: str) -> int:
    """Return the version that a source has here; 1 where it is not known."""
    found = component_class(use)
    return 1 if found is None else found.version


def component_class(use: str) -> type[Component] | None:
    """Return what a catalogue name stands for; None for code from outside, which an audit does not run."""
    if ":" in use:
        return None
    try:
        return catalog.find(use, Component)
    except CurateError:
        return None


def component_of(entry: dict[str, Any]) -> Component | None:
    """Return the source or step that an entry of the lock records, or None where that cannot be had here."""
    found = component_class(entry["use"])
    if found is None:
        return None
    try:
        return found.model_validate(entry["settings"])
    except pydantic.ValidationError:  # such as a path with a variable that is not set here
        return None


def check_sources(lock: dict[str, Any], bases: Sequence[Path]) -> Finding:
    """Compare the source files with the lock, where they are at hand.

    Args:
        lock: The lock of the corpus.
        bases: Folders that the paths of the manifest may be relative to, tried in turn.
    """
    absent, wrong, same = [], [], 0
    for entry in lock["sources"]:
        verdicts = [_compare(entry, base) for base in bases]
        known = [one for one in verdicts if one is not None]
        if not known:
            absent.append(str(entry["name"]))
        elif any(not one for one in known):
            same += 1
        else:
            wrong += known[0]
    rest = f"; not checked, files absent: {', '.join(absent)}" if absent else ""
    if wrong:
        text = f"{len(wrong)} source files are not those that the corpus was built from{rest}"
        return finding("sources", "broken", text, wrong, unit="files")
    if absent and not same:
        return finding("sources", "not_checked", f"files absent: {', '.join(absent)}")
    return finding("sources", "holds", f"{same} of {len(lock['sources'])} sources have the SHA-256 of the lock{rest}")


def _compare(entry: dict[str, Any], base: Path) -> list[str] | None:
    """Return the files of a source that differ, none if all are the same; None where they are not at hand."""
    path = str(entry["settings"].get("path", ""))
    if "://" in path and not path.startswith("package://"):
        return None
    component = component_of(entry)
    if not isinstance(component, Source):
        return None
    try:
        files = component.files(base)
        if any(file.path is None for file in files):
            return None
        found = {file.name: file.sha256 or file_sha256(file.path) for file in files if file.path is not None}
    except (CurateError, OSError, ImportError):
        return None
    known = {file["name"]: file["sha256"] for file in entry["files"]}
    names = sorted(known.keys() | found.keys())
    return [f"{entry['name']}: {name} (in {base})" for name in names if known.get(name) != found.get(name)]
