"""The database of runs: every run and result with its digests, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

from curation.core.errors import OutputError
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation
from evaluation.errors import DataError

_RUNS = """
create table if not exists runs (
  key text primary key,        -- fingerprint of all that decides the numbers, with arm and seed
  ablation text not null,
  arm text not null,
  seed integer not null,
  recipe text not null,
  corpus text not null,        -- digest
  corpus_words integer not null,
  words_seen real, flops real, cpu_seconds real,
  status text not null,        -- done, unfinished, failed
  reason text not null default '',
  metrics text not null,       -- JSON: name to value
  folder text not null,
  at text not null             -- UTC
) strict
"""
#: Columns that files of before do not have.
_LATER = ("heldout_cpu_seconds", "tasks_cpu_seconds", "peak_mib")
_ITEM_ERRORS = """
create table if not exists item_errors (
  ablation text not null,
  arm text not null,
  metric text not null,
  recipe text not null,
  amount real not null,        -- words, tokens or FLOPs of a run
  item_se real not null,       -- error over items of the difference from the base
  primary key (ablation, arm, metric)
) strict
"""
COLUMNS = (
    "key",
    "ablation",
    "arm",
    "seed",
    "recipe",
    "corpus",
    "corpus_words",
    "words_seen",
    "flops",
    "cpu_seconds",
    "status",
    "reason",
    "metrics",
    "folder",
    "at",
    *_LATER,
)


class Database:
    """A file of runs; several processes may add to it."""

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """Open a database, or make one.

        Raises:
            DataError: there is none and none is to be made, or the file is something else.
            OutputError: it cannot be written.
        """
        self._path = path
        if not make and not path.is_file():
            hint = "`curate ablate` makes one; --database names another file"
            raise DataError("there is no database of runs", where=str(path), hint=hint)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=60)
            self._connection.execute(_RUNS)
            there = {row[1] for row in self._connection.execute("pragma table_info(runs)")}
            for column in _LATER:
                if column not in there:
                    self._connection.execute(f"alter table runs add column {column} real")
            self._connection.execute(_ITEM_ERRORS)
        except sqlite3.OperationalError as error:
            hint = "is it writable, and no other process at it?"
            raise DataError(f"cannot be opened: {error}", where=str(path), hint=hint) from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"is no database of runs: {error}", where=str(path)) from error
        except OSError as error:
            raise OutputError(f"cannot be written: {error}", where=str(path)) from error

    def __enter__(self) -> Database:
        """Be closed however the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._connection.close()

    def add(
        self, ablation: Ablation, corpora: Mapping[str, ArmCorpus], done: Mapping[tuple[str, int], RunScores]
    ) -> None:
        """Add runs, or replace what an earlier start of them left."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        rows = [
            (
                f"{run.wanted or ablation.fingerprint()}/{ablation.name}/{run.arm}/{run.seed}",
                ablation.name,
                run.arm,
                run.seed,
                ablation.recipe,
                corpora[run.arm].digest,
                corpora[run.arm].words,
                run.cost.get("words_seen"),
                run.cost.get("flops"),
                run.cost.get("cpu_seconds"),
                "failed" if run.failed else "done" if run.reached >= 1.0 else "unfinished",
                run.failed,
                json.dumps(run.metrics),
                run.folder,
                now,
                *(run.cost.get(column) for column in _LATER),
            )
            for run in done.values()
        ]
        try:
            self._insert(rows)
        except sqlite3.Error as error:
            raise OutputError(f"cannot be written: {error}", where=str(self._path)) from error

    def add_item_errors(self, ablation: Ablation, errors: Sequence[tuple[str, str, float]]) -> None:
        """Keep the error over items of (arm, metric), for plans of ablations like this one.

        Raises:
            OutputError: they cannot be written.
        """
        rows = [(ablation.name, arm, metric, ablation.recipe, ablation.amount, error) for arm, metric, error in errors]
        try:
            with self._connection:
                self._connection.executemany("insert or replace into item_errors values (?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise OutputError(f"cannot be written: {error}", where=str(self._path)) from error

    def item_error(self, metric: str, recipe: str, amount: float) -> float | None:
        """Return the median error over items of a difference on a metric, of a recipe and about such an amount."""
        query = "select item_se from item_errors where metric = ? and recipe = ? and amount between ? and ?"
        found = [row[0] for row in self._connection.execute(query, (metric, recipe, 0.7 * amount, 1.4 * amount))]
        return median(found) if found else None

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(COLUMNS))
        with self._connection:
            self._connection.executemany(f"insert or replace into runs ({', '.join(COLUMNS)}) values ({marks})", rows)  # noqa: S608  (names of ours)

    def runs(self, *, ablation: str = "", arm: str = "", recipe: str = "", corpus: str = "") -> list[dict[str, Any]]:
        """Return runs, newest first; each filter is the beginning of a name or digest."""
        wanted = {"ablation": ablation, "arm": arm, "recipe": recipe, "corpus": corpus}
        given = {name: value for name, value in wanted.items() if value}
        where = " and ".join(f"substr({name}, 1, {len(value)}) = ?" for name, value in given.items()) or "1"
        query = f"select {', '.join(COLUMNS)} from runs where {where} order by at desc, ablation, arm, seed"  # noqa: S608
        found = self._connection.execute(query, tuple(given.values())).fetchall()
        return [{**dict(zip(COLUMNS, row, strict=True)), "metrics": json.loads(row[12])} for row in found]

    def spreads(self, metric: str, recipe: str, amount: float) -> dict[str, list[float]]:
        """Return the scores of arms with two finished runs or more, of a recipe and about as many words seen."""
        query = (
            "select ablation, arm, corpus, seed, metrics from runs "
            "where status = 'done' and recipe = ? and words_seen between ? and ? order by at"
        )
        arms: dict[str, dict[int, float]] = {}
        rows = self._connection.execute(query, (recipe, 0.7 * amount, 1.4 * amount))
        for ablation, arm, corpus, seed, metrics in rows:
            value = json.loads(metrics).get(metric)
            if value is not None:  # a seed that was run again counts once, as it was last
                arms.setdefault(f"{ablation}/{arm}/{corpus}", {})[seed] = float(value)
        return {name: list(seeds.values()) for name, seeds in arms.items() if len(seeds) > 1}
