"""Finding and reading a rule profile: one that ships, by its name, or a user's own, by its path.

A profile may start from another with ``extends:``: mappings are then merged, and a rule that is given replaces the one
below it.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pydantic

from curation.core.errors import CurateError, ManifestError, did_you_mean
from curation.reading import read_yaml
from curation.rules.schema import Profile, Reading, Rule, Treatment

__all__ = ["Profile", "ProfileError", "Reading", "Rule", "Treatment", "load_profile", "profile_names"]
#: Mappings whose keys are merged one by one; everything else is replaced as a whole.
_MERGED = {"sources", "counts", "auxiliary", "exposure", "premiums", "official_files", "languages"}


class ProfileError(CurateError):
    """A rule profile does not exist or cannot be used."""


def _shipped() -> dict[str, Path]:
    folder = resources.files("curation.rules")
    return {file.name[:-5]: Path(str(file)) for file in folder.iterdir() if file.name.endswith(".yaml")}


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that ship with curate, sorted."""
    return tuple(sorted(_shipped()))


def load_profile(name_or_path: str | Path) -> Profile:
    """Return a rule profile.

    Args:
        name_or_path: A name such as ``babylm-2024-strict``, or the path of a YAML file of the same form.

    Raises:
        ProfileError: there is none, or it is not valid; the message names the rule.
    """
    path = _find(name_or_path, Path())
    raw = _resolved(path, ())
    try:
        return Profile.model_validate(raw)
    except pydantic.ValidationError as error:
        lines = []
        for one in error.errors():
            place = ".".join(str(part) for part in one["loc"])
            lines.append(f"\n  - {place or 'profile'}: {one['msg'].removeprefix('Value error, ')}")
        hint = "the profiles that ship (curation/rules/*.yaml) show every rule; `extends:` starts from one of them"
        raise ProfileError("not a valid rule profile:" + "".join(lines), where=str(path), hint=hint) from error


def _find(name_or_path: str | Path, base: Path) -> Path:
    path = base / Path(name_or_path).expanduser()
    if path.is_file():
        return path
    ours = _shipped()
    if str(name_or_path) in ours:
        return ours[str(name_or_path)]
    hint = did_you_mean(str(name_or_path), ours) or f"profiles that ship: {', '.join(sorted(ours))}"
    raise ProfileError("no such rule profile", where=str(name_or_path), hint=hint)


def _resolved(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        chain = " -> ".join(one.name for one in (*seen, path))
        raise ProfileError(f"`extends` goes in a circle: {chain}", where=str(path))
    try:
        raw = read_yaml(path)
    except ManifestError as error:
        hint = "a profile is a mapping with name, title, sources, budget and so on; see curation/rules/*.yaml"
        raise ProfileError(f"cannot be used: {error.message}", where=error.where, hint=hint) from error
    parent = raw.pop("extends", None)
    if parent is None:
        return raw
    if not isinstance(parent, str):
        raise ProfileError(f"must be the name or path of a profile, this is {parent!r}", where=f"{path.name}: extends")
    below = _resolved(_find(parent, path.parent), (*seen, path.resolve()))
    merged = {**below, **raw}
    for key in _MERGED & raw.keys() & below.keys():
        if isinstance(raw[key], dict) and isinstance(below[key], dict):
            merged[key] = {**below[key], **raw[key]}
    return merged
