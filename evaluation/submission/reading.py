"""A prediction file as it was found: JSON lines (2023), gzipped JSON (2024) or JSON, into one nested mapping."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from curation.core.errors import Problem

_GZIP = b"\x1f\x8b"
#: A file of the challenge unpacks to some 30 MB with checkpoints; one of this size is none.
LARGEST = 2 << 30


def read_predictions(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Return what a file holds, by task and subtask, and what keeps it from being read."""
    try:
        raw = path.read_bytes()
        if raw.startswith(_GZIP):
            with gzip.open(path) as packed:
                raw = packed.read(LARGEST)
        text = raw.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        return {}, [Problem(path.name, f"cannot be read: {error}")]
    try:
        content = json.loads(text)
    except ValueError as error:
        if "Extra data" not in str(error):
            return {}, [Problem(path.name, f"is no JSON: {error}")]
        return _lines(path.name, text)
    if isinstance(content, dict) and {"task", "sub_task", "predictions"} <= set(content):
        return _lines(path.name, text)
    if not isinstance(content, dict):
        return {}, [Problem(path.name, f"is a JSON {type(content).__name__}, and should be an object by task")]
    return content, []


def _lines(name: str, text: str) -> tuple[dict[str, Any], list[Problem]]:
    content: dict[str, Any] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            entry = json.loads(line)
            task, subtask = str(entry["task"]), str(entry["sub_task"])
        except (ValueError, KeyError, TypeError) as error:
            problems.append(Problem(where, f"is no JSON object with `task` and `sub_task`: {error}"))
            continue
        if subtask in content.setdefault(task, {}):
            problems.append(Problem(where, f"{task}.{subtask} stands here a second time"))
        content[task][subtask] = {key: value for key, value in entry.items() if key not in {"task", "sub_task"}}
    return content, problems
