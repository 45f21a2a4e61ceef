"""Evaluation sets as texts to look for: every string of every item of the official tree.

The challenge's evaluation data (babylm/evaluation-pipeline-2025, ``evaluation_data/``) is JSON lines, a task a folder
or a file: minimal pairs (``sentence_good``, ``sentence_bad``), GLUE columns, prefixes with options. No schema is
assumed: every string field counts, also in lists, and CSV files (reading times) are read the same way.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.audit.plain import lines_of
from curation.core.errors import SourceError

#: Fields of a minimal pair: the whole sentence must be found, since its halves differ by a word.
PAIR_FIELDS = ("sentence_good", "sentence_bad")
_SUFFIXES = (".jsonl", ".jsonl.zst", ".jsonl.gz", ".csv")


@dataclass(frozen=True)
class EvaluationText:
    """One string of one item."""

    task: str
    """Folder and file, without the suffix, such as `blimp_filtered/causative`."""
    item: int
    """Line of the file, counted from 1 (for CSV: the record below the header, counted from 1)."""
    field: str
    """Field that holds the text; `options[2]` for the third of a list."""
    text: str


def evaluation_files(paths: Iterable[Path | str]) -> list[tuple[str, Path]]:
    """Return (task, file) of all evaluation files below the given files and folders, sorted.

    Raises:
        SourceError: a path does not exist, or holds no JSON lines or CSV.
    """
    found: dict[Path, str] = {}
    for path in map(Path, paths):
        files = sorted(file for file in path.rglob("*") if file.name.endswith(_SUFFIXES)) if path.is_dir() else [path]
        if not path.exists() or not files:
            hint = f"allowed: files that end with {', '.join(_SUFFIXES)}, or folders of them"
            raise SourceError("no evaluation file", where=str(path), hint=hint)
        for file in files:
            place = file.relative_to(path) if path.is_dir() else Path(file.name)
            place = place if len(place.parts) > 1 else Path(file.resolve().parent.name, place)
            task = str(place)
            for suffix in _SUFFIXES:
                task = task.removesuffix(suffix)
            found.setdefault(file, task)
    tasks = list(found.values())
    return sorted(
        # Two trees may name a task alike (`full_eval` and `fast_eval`): the folder above tells them apart.
        (task if tasks.count(task) == 1 else f"{file.parent.parent.name}/{task}", file)
        for file, task in found.items()
    )


def read_texts(task: str, path: Path) -> Iterator[EvaluationText]:
    """Yield every string of every item of a file.

    Raises:
        SourceError: the file cannot be read, or a line is no JSON object.
    """
    for item, record in _records(path):
        for field, text in _strings("", record):
            yield EvaluationText(task, item, field, text)


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    broken: list[str] = []
    lines = lines_of(path, hashlib.sha256(), broken)
    if ".csv" in path.suffixes:
        try:
            yield from enumerate(csv.DictReader(lines), 1)
        except csv.Error as error:
            raise SourceError(f"is no CSV: {error}", where=str(path)) from error
    else:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _parsed(line, f"{path}:{number}")
    if broken:
        raise SourceError("is not UTF-8", where=broken[0], hint="evaluation files are UTF-8")


def _parsed(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise SourceError(f"is no JSON: {error}", where=where, hint="one JSON object a line") from error
    if not isinstance(record, dict):
        raise SourceError(f"is a {type(record).__name__}", where=where, hint="one JSON object a line")
    return record


def _strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        for number, part in enumerate(value.split("\t")):  # WUG joins its variants by tabs
            yield (f"{name}[{number}]" if "\t" in value else name), part
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, Sequence):
        for number, inner in enumerate(value):
            yield from _strings(f"{name}[{number}]", inner)
