"""Finding a manifest, reading its YAML (safe types, no aliases, no duplicate keys), and resolving `extends`."""

from __future__ import annotations

from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from curation.core.errors import ManifestError, did_you_mean
from curation.core.strict_yaml import StrictLoader

_LARGEST = 1 << 20
PACKAGE = "corpora_manifests"
#: The parts of a manifest that are lists of named entries.
LISTS = ("sources", "steps", "select")
_REMOVED: Any = object()


def shipped() -> dict[str, Path]:
    """Return the manifests that ship with curate, by name."""
    try:
        folder = resources.files(PACKAGE)
    except ModuleNotFoundError:
        return {}
    return {file.name[:-5]: Path(str(file)) for file in folder.iterdir() if file.name.endswith(".yaml")}


def find_manifest(reference: str | Path, base: Path | None = None) -> Path:
    """Return the path of a manifest given as a path (relative to ``base``) or as the name of one that ships.

    Raises:
        ManifestError: there is none.
    """
    path = (base or Path()) / Path(reference).expanduser()
    if path.is_file():
        return path
    ours = shipped()
    if str(reference) in ours:
        return ours[str(reference)]
    if path.is_dir():
        raise ManifestError(
            "is a folder", where=str(reference), hint="name the YAML file in it; `curate init` writes one"
        )
    hint = did_you_mean(str(reference), ours) or f"shipped manifests: {', '.join(sorted(ours))}"
    raise ManifestError("no such manifest", where=str(reference), hint=hint)


class _Loader(StrictLoader):
    """Strict YAML without aliases, which allow exponential documents, and without merges."""

    merges = False

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not allowed in a manifest: use `extends:`", event.start_mark
            )
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a manifest as plain data.

    Raises:
        ManifestError: with the line, if it is not a YAML mapping.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ManifestError(f"is larger than {_LARGEST:,} bytes: this is no manifest", where=str(path))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"is not UTF-8 text (byte {error.start})", where=str(path)) from error
    try:
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ManifestError(f"not valid YAML: {error.problem}", where=where) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ManifestError(f"not valid YAML: {type(error).__name__}", where=str(path)) from error
    if not isinstance(raw, dict):
        raise ManifestError("must be a mapping with name, sources, steps, select", where=str(path))
    return raw


def resolved(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Return the raw manifest with ``extends`` applied and each source marked with the folder it is relative to."""
    if path.resolve() in seen:
        chain = " -> ".join(one.name for one in (*seen, path))
        raise ManifestError(f"`extends` goes in a circle: {chain}", where=str(path))
    raw = read_yaml(path)
    _mark_base(raw.get("sources"), path.parent)
    parent = raw.pop("extends", None)
    if parent is None:
        return raw
    if not isinstance(parent, str):
        raise ManifestError(f"must be the path of a manifest, this is {parent!r}", where=f"{path.name}: extends")
    below = resolved(find_manifest(parent, path.parent), (*seen, path.resolve()))
    return _merged(below, raw)


def _mark_base(sources: Any, folder: Path) -> None:
    entries = sources.values() if isinstance(sources, dict) else sources if isinstance(sources, list) else []
    for entry in entries:
        if isinstance(entry, dict) and ("path" in entry or isinstance(sources, list)):
            entry["__base__"] = folder


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = deepcopy(below)
    for key, value in above.items():
        if key in LISTS and isinstance(value, dict):
            result[key] = _patched(result.get(key) or [], value, key)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = {**result[key], **value}
        else:
            result[key] = value
    return result


def _patched(entries: list[Any], patches: dict[str, Any], key: str) -> list[Any]:
    """Apply ``{name: {field: value} | null}`` to a list of named entries; a patch with ``use`` adds an entry."""
    result = list(entries)
    known = [name_of(entry) if isinstance(entry, dict) else None for entry in entries]
    for name, patch in patches.items():
        place = known.index(name) if name in known else None
        if patch is None and place is not None:
            result[place] = _REMOVED
        elif patch is None:
            raise ManifestError(
                f"there is no {name!r} to remove", where=key, hint=did_you_mean(name, filter(None, known))
            )
        elif isinstance(patch, dict) and "use" in patch:
            entry = {"name": name, **patch}
            result = [*result, entry] if place is None else [*result[:place], entry, *result[place + 1 :]]
        elif isinstance(patch, dict) and place is not None:
            result[place] = {**result[place], **patch}
        else:
            hint = did_you_mean(name, filter(None, known)) or "a new entry needs `use:`"
            raise ManifestError(f"there is no {name!r} to change", where=key, hint=hint)
    return [entry for entry in result if entry is not _REMOVED]


def name_of(entry: dict[str, Any]) -> str:
    """Return the name of a raw entry: its own, or the last part of what it uses."""
    use = entry.get("use")
    return str(entry.get("name") or (use.split(".")[-1].split(":")[-1] if isinstance(use, str) else ""))
