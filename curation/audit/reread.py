"""Texts of documents that the corpus does not hold, read again from the sources where these are at hand.

A source file is used only if it has the SHA-256 that the lock records: the text shown is then the one that was removed
(as it was read, before any step rewrote it). Nothing is fetched from a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curation.core import catalog
from curation.core.errors import CurateError
from curation.steps.kinds import File, Source

#: A file is read no further than this many bytes of it, as stored: samples are not worth more.
_FAR = 256 << 20


def read_again(
    lock: dict[str, Any], rows: Iterable[dict[str, Any]], bases: Sequence[Path]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of ledger rows by id, and why the texts of other rows could not be read, by source.

    Args:
        lock: the corpus's lock.
        rows: rows of the ledger, with ``id``, ``source``, ``file`` and ``position``.
        bases: folders that relative paths of the manifest may start from; the first that holds the files is used.
    """
    wanted: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        wanted.setdefault(row["source"], {}).setdefault(row["file"], {})[row["id"]] = row["position"]
    texts: dict[str, str] = {}
    missing: dict[str, str] = {}
    for index, source in enumerate(lock["sources"]):
        if source["name"] in wanted:
            why = _refused(source)
            for base in () if why else (*bases, Path()):
                try:
                    why = _read_source(source, index, wanted[source["name"]], base, texts)
                except (CurateError, OSError) as error:
                    why = why or f"the source could not be read again ({type(error).__name__})"
                if not why:
                    break
            missing[source["name"]] = why
    return texts, {name: why for name, why in missing.items() if why}


def _refused(source: dict[str, Any]) -> str:
    """Return why a source is not even looked for."""
    if ":" in source["use"]:
        return "the source's step is not in curate's catalogue, and an audit imports no other code"
    path = str(source["settings"].get("path", ""))
    if "://" in path and not path.startswith("package://"):
        return "the source lies on a network, and an audit fetches nothing"
    return ""


def _read_source(
    source: dict[str, Any], index: int, wanted: dict[str, dict[str, int]], base: Path, texts: dict[str, str]
) -> str:
    """Read one source, and return why that was not possible (or nothing)."""
    try:
        reader = catalog.find(source["use"], Source).model_validate(source["settings"])  # type: ignore[type-abstract]
    except ValidationError:
        return "the source's path cannot be resolved here"
    seen: dict[str, int] = {}
    for number, file in enumerate(reader.files(base)):
        if file.path is None:
            return "the source lies on a network, and an audit fetches nothing"
        recorded = source["files"][number]["sha256"] if number < len(source["files"]) else ""
        occurrence = seen.get(recorded, 0)
        seen[recorded] = occurrence + 1
        if file.name not in wanted:
            continue
        with file.path.open("rb") as raw:
            if hashlib.file_digest(raw, "sha256").hexdigest() != recorded:
                return f"{file.name} is another file than the lock's"
        pinned = replace(file, sha256=recorded, occurrence=occurrence)
        _read_file(reader, source["name"], index, number, pinned, wanted[file.name], texts)
    return ""


def _read_file(
    reader: Source, name: str, index: int, number: int, file: File, wanted: dict[str, int], texts: dict[str, str]
) -> None:
    last = max(wanted.values())
    left = set(wanted)
    read = 0
    for chunk in reader.chunks(file):
        read += chunk.size
        if not left or chunk.first > last or read > _FAR:
            break
        batch = reader.read_chunk(name, index, number, file, chunk)
        ids = batch.column("id").to_pylist()
        for row, one in enumerate(ids):
            if one.hex() in left:
                left.discard(one.hex())
                texts[one.hex()] = batch.column("text")[row].as_py()
