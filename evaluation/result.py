"""What an evaluation leaves on disk: ``results.json`` and ``items.parquet``; what is absent is *missing*, never 0.

::

    results.json      suite, subject, and one entry a task: value, error, floors, ties, data
    items.parquet     one row an item: task, group, id, right option, chosen option, credit, scores of all options
    work/             journals of unfinished tasks and finished ones' results, to go on from
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from curation.core.artifact import atomic_file, write_text
from evaluation.errors import DataError

RESULTS = "results.json"
ITEMS = "items.parquet"
VERSION = 1

#: One row an item. ``scores`` are sums or means of log-probabilities, in nats, in the order of the item's options.
SCHEMA = pa.schema(
    [
        ("task", pa.string()),
        ("group", pa.string()),
        ("uid", pa.string()),
        ("gold", pa.int32()),
        ("chosen", pa.int32()),
        ("answer", pa.string()),
        ("credit", pa.float64()),
        ("tied", pa.bool_()),
        ("unknown", pa.bool_()),
        ("log_odds", pa.float64()),
        ("scores", pa.list_(pa.float64())),
        ("tokens", pa.list_(pa.int32())),
        ("target", pa.float64()),
    ]
)

Status = Literal["scored", "unsupported", "failed", "missing"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Group(_Record):
    """A paradigm, domain or split of a task."""

    value: float
    """Under the suite's rule, in the task's metric."""
    honest: float
    """With ties shared, sums of log-probabilities."""
    items: int
    ties: float
    """Share of items whose gold option ties."""
    log_odds: float | None = None
    """Mean clipped log-odds of the gold option, nats."""


class DataFacts(_Record):
    """Which data were scored."""

    files: dict[str, str] = {}
    """File name to sha256."""
    items: int = 0
    official_items: int | None = None
    """Items of the official set, if known."""
    same_as_official: bool | None = None
    """Whether every digest is the official one; None where an official digest is not known."""
    cut: str = ""
    """Why fewer items than the official set were scored: ``limit 60 a group``, ``data hold 475 of 951``; or nothing."""


class TaskResult(_Record):
    """What one task gave."""

    task: str
    title: str
    status: Status
    metric: str = ""
    """``accuracy``, ``spearman``, ``f1``, ``mcc``, …; values are times 100."""
    value: float | None = None
    """Under the suite's rules: comparable with published numbers of that year."""
    honest: float | None = None
    """Ties shared, sums, macro mean: comparable across models."""
    stderr: float | None = None
    """Standard error of ``honest`` from the items (nested in groups); not from training runs."""
    run_stderr: float | None = None
    """Standard error over seeds, where the task itself has seeds (fine-tuning)."""
    macro: float | None = None
    micro: float | None = None
    log_odds: float | None = None
    """Mean clipped log-odds, macro, nats."""
    log_odds_stderr: float | None = None
    items: int = 0
    chance: float | None = None
    majority: float | None = None
    floors: dict[str, float] = {}
    """What scorers without a model get: ``frequency``, ``length``."""
    ties: float | None = None
    """Share of items whose gold option ties."""
    strict: float | None = None
    """``honest`` with ties counted wrong."""
    gold: float | None = None
    """``honest`` with ties counted right."""
    unknown_items: int = 0
    """Items with a token that the tokenizer does not know."""
    groups: dict[str, Group] = {}
    data: DataFacts = DataFacts()
    warnings: tuple[str, ...] = ()
    """Degenerate fine-tunes, cut texts, and what else a reader must know."""
    details: dict[str, Any] = {}
    """What only this task has: regression tables, seeds, epochs, curves."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    reason: str = ""
    """Why it is not scored."""


class Results(_Record):
    """A suite on a subject."""

    version: int = VERSION
    suite: dict[str, Any]
    """Name, title, source, rules, digest."""
    subject: dict[str, Any]
    """Name, target, revision, backend, digest, parameters, corpus, words seen."""
    tasks: tuple[TaskResult, ...]
    averages: dict[str, float | None] = {}
    """The year's averages; None where a task is missing."""
    honest_averages: dict[str, float | None] = {}
    published: tuple[dict[str, Any], ...] = ()
    versions: dict[str, str] = {}
    seconds: float = 0.0

    def task(self, name: str) -> TaskResult | None:
        """Return the result of a task."""
        return next((task for task in self.tasks if task.task == name), None)


def write_results(folder: Path, results: Results, items: pa.Table) -> None:
    """Write both files: items first, so that ``results.json`` means that all is there.

    Raises:
        OutputError: the folder cannot be written.
    """
    with atomic_file(folder / ITEMS) as partial:
        pq.write_table(items, partial, compression="zstd")
    text = json.dumps(results.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / RESULTS, text + "\n")


def read_results(folder: Path) -> Results:
    """Open a results folder.

    Raises:
        DataError: it holds no results, or those of another version.
    """
    path = folder / RESULTS
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.get("version") != VERSION:
            raise DataError(
                f"written by another version of curate (results version {data.get('version')})", where=str(path)
            )
        return Results.model_validate(data)
    except FileNotFoundError as error:
        hint = "`curate evaluate` makes one"
        raise DataError(f"holds no {RESULTS}: it is not an evaluation", where=str(folder), hint=hint) from error
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{RESULTS} is damaged", where=str(folder), hint="evaluate again") from error


def items_table(rows: list[Mapping[str, Any]]) -> pa.Table:
    """Return rows as a table of ``SCHEMA``; what a row lacks is null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)
