"""Tasks whose data are one file: its rows, and what is known of it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from evaluation.data import official, sha256
from evaluation.errors import DataError
from evaluation.result import DataFacts


def read_csv(path: Path, needed: Sequence[str], quote: str = '"') -> list[dict[str, str]]:
    """Return the rows of a comma-separated file with a header.

    Args:
        path: the file, UTF-8.
        needed: columns that must be there.
        quote: character around values that hold a comma.

    Raises:
        DataError: it cannot be read, lacks a column, or a row is cut short.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, quotechar=quote)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    f"has no column {', '.join(map(repr, missing))}",
                    where=str(path),
                    hint=f"this task reads {', '.join(needed)}",
                )
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    hint = "was the download cut short? get the file again"
                    where = f"{path}, line {reader.line_num}"
                    raise DataError("a row has another number of values than the header", where=where, hint=hint)
                rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), hint="get the file again") from error
    if not rows:
        raise DataError("has no rows", where=str(path), hint="get the file again")
    return rows


def number(row: dict[str, str], column: str, where: str) -> float:
    """Return a value of a row, NaN where it is empty.

    Raises:
        DataError: it is no number.
    """
    text = row[column].strip()
    try:
        return float(text) if text else float("nan")
    except ValueError as error:
        raise DataError(f"{column!r} is {text[:40]!r}, not a number", where=where, hint="get the file again") from error


def facts_of(folder: str, path: Path, have: int, asked: int, limit: int | None) -> DataFacts:
    """Compare a file with the official one.

    Args:
        folder: where the official tree has it.
        path: the file.
        have: items that it holds.
        asked: items that are asked.
        limit: items a group that were asked for.
    """
    known = official().get(folder, {}).get(path.name, {})
    wanted, digest = known.get("items"), sha256(path)
    cut = []
    if wanted is not None and have != wanted:
        cut.append(f"the data hold {have:,} of {wanted:,} items")
    if limit is not None and asked < have:
        cut.append(f"limited to {limit} a group")
    return DataFacts(
        files={path.name: digest},
        items=asked,
        official_items=wanted,
        same_as_official=known["sha256"] == digest if "sha256" in known else (False if cut and wanted else None),
        cut="; ".join(cut),
    )
