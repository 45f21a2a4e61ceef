"""Evaluation data on disk: the official tree, its digests, and what the official sets hold.

``curate evaluate --data DIR`` is the folder ``evaluation_data`` of the official bundle (https://osf.io/ryjfm), or any
folder with the same names below it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from evaluation.errors import DataError

#: Environment variable for the folder, where ``--data`` is not given.
VARIABLE = "CURATE_EVAL_DATA"
#: Where the official scripts look.
DEFAULT = Path("evaluation_data")
HINT = (
    "get `evaluation_data` from https://osf.io/ryjfm (EWoK: from its owners), then give --data evaluation_data or set "
    f"{VARIABLE}"
)


class Data:
    """A folder of evaluation data."""

    def __init__(self, root: Path | None) -> None:
        """Use a folder; None is the variable's, or ``evaluation_data`` here."""
        self.root = root or Path(os.environ.get(VARIABLE) or DEFAULT)

    def find(self, *names: str) -> Path:
        """Return the first of some files or folders that is there.

        Raises:
            DataError: none is.
        """
        for name in names:
            for root in (self.root, self.root / "evaluation_data"):
                if (root / name).exists():
                    return root / name
        if not self.root.is_dir():
            raise DataError("no such folder of evaluation data", where=str(self.root), hint=HINT)
        raise DataError(f"holds no {' or '.join(names)}", where=str(self.root), hint=HINT)

    def state(self) -> list[tuple[str, int, int]]:
        """Return path, size and time of change (ns) of every file: what tells the data from others at this place."""
        found = []
        for path in sorted(self.root.rglob("*")) if self.root.is_dir() else ():
            if path.is_file():
                stat = path.stat()
                found.append((str(path.relative_to(self.root)), stat.st_size, stat.st_mtime_ns))
        return found


def read_jsonl(path: Path, needed: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON lines file.

    Raises:
        DataError: it cannot be read, a line is no JSON object (a truncated download), or lacks a field.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    row = json.loads(line)
                except ValueError as error:
                    hint = "was the download cut short? get the file again"
                    raise DataError(f"not a JSON object: {line[:60]!r}", where=where, hint=hint) from error
                missing = [name for name in needed if not isinstance(row, dict) or name not in row]
                if missing:
                    raise DataError(
                        f"has no field {', '.join(map(repr, missing))}",
                        where=where,
                        hint=f"this task reads {', '.join(needed)}",
                    )
                yield row
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), hint="get the file again") from error


def sha256(path: Path) -> str:
    """Return a file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def official() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what the official sets hold: set name, file name, then ``items`` and, where known, ``sha256``."""
    text = resources.files("evaluation").joinpath("official.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return loaded
