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
#: Columns that files of before do not have, each with its type.
_LATER = {
    "heldout_cpu_seconds": "real",
    "tasks_cpu_seconds": "real",
    "peak_mib": "real",
    "tokens_seen": "real",
    "setting": "text not null default ''",  # digest: ``jobs.settings_of``; rows of before have none
    "first_corpus": "text not null default ''",  # digest of the arm's first draw, whatever the seed
}
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
_ITEM_ERRORS_LATER = {"setting": "text not null default ''"}  # of the base that arms are compared with
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
            self._connection.execute(_ITEM_ERRORS)
            self._complete("runs", _LATER)
            self._complete("item_errors", _ITEM_ERRORS_LATER)
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

    def _complete(self, table: str, later: Mapping[str, str]) -> None:
        """Give a table the columns that a file of before lacks."""
        there = {row[1] for row in self._connection.execute(f"pragma table_info({table})")}
        for column, kind in later.items():
            if column not in there:
                self._connection.execute(f"alter table {table} add column {column} {kind}")

    def add(
        self,
        ablation: Ablation,
        settings: Mapping[str, str],
        draws: Mapping[tuple[str, int], ArmCorpus],
        done: Mapping[tuple[str, int], RunScores],
    ) -> None:
        """Add runs, or replace what an earlier start of them left.

        Args:
            ablation: the file.
            settings: arm to digest: ``jobs.settings_of``.
            draws: (arm, seed) to the corpus of that draw.
            done: (arm, seed) to what its run gave.

        Raises:
            OutputError: they cannot be written.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        rows = []
        for run in done.values():
            corpus = draws[run.arm, ablation.draw_of(run.seed)]
            first = draws[run.arm, ablation.draws[0]].digest
            later = {**run.cost, "setting": settings[run.arm], "first_corpus": first}
            row = (
                f"{run.wanted}/{settings[run.arm]}/{ablation.name}/{run.arm}/{run.seed}",
                ablation.name,
                run.arm,
                run.seed,
                ablation.recipe,
                corpus.digest,
                corpus.words,
                run.cost.get("words_seen"),
                run.cost.get("flops"),
                run.cost.get("cpu_seconds"),
                "failed" if run.failed else "done" if run.reached >= 1.0 else "unfinished",
                run.failed,
                json.dumps(run.metrics),
                run.folder,
                now,
                *(later.get(column) for column in _LATER),
            )
            rows.append(row)
        try:
            self._insert(rows)
        except sqlite3.Error as error:
            raise OutputError(f"cannot be written: {error}", where=str(self._path)) from error

    def add_item_errors(self, ablation: Ablation, setting: str, errors: Sequence[tuple[str, str, float]]) -> None:
        """Keep the error over items of (arm, metric), for plans of ablations like this one.

        Args:
            ablation: the file.
            setting: of the base: an arm of another recipe too is a difference from it.
            errors: (arm, metric, error).

        Raises:
            OutputError: they cannot be written.
        """
        rows = [
            (ablation.name, arm, metric, ablation.recipe, ablation.amount, error, setting)
            for arm, metric, error in errors
        ]
        columns = "ablation, arm, metric, recipe, amount, item_se, setting"
        try:
            with self._connection:
                query = f"insert or replace into item_errors ({columns}) values (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
                self._connection.executemany(query, rows)
        except sqlite3.Error as error:
            raise OutputError(f"cannot be written: {error}", where=str(self._path)) from error

    def item_error(self, metric: str, setting: str) -> float | None:
        """Return the median error over items of a difference on a metric from a base of this setting."""
        query = "select item_se from item_errors where metric = ? and setting = ?"
        found = [row[0] for row in self._connection.execute(query, (metric, setting))]
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
        at = COLUMNS.index("metrics")
        return [{**dict(zip(COLUMNS, row, strict=True)), "metrics": json.loads(row[at])} for row in found]

    def finished(self, recipe: str) -> list[dict[str, Any]]:
        """Return the finished runs of the recipe of exactly this name, newest first."""
        return [run for run in self.runs(recipe=recipe) if run["recipe"] == recipe and run["status"] == "done"]

    def spreads(self, metric: str, setting: str) -> dict[str, list[float]]:
        """Return the scores over seeds by corpus, of finished runs of one setting; only where there are two or more.

        All corpora of a setting serve: a spread is pooled within them (and their draws, where each seed has its own). A
        corpus counts once, however many arms and ablations have it: trained alike with the same seeds they are the same
        runs, and tell nothing more.
        """
        query = (
            "select ablation, arm, coalesce(nullif(first_corpus, ''), corpus), seed, metrics from runs "
            "where status = 'done' and setting = ? order by at"
        )
        corpora: dict[str, dict[tuple[str, str], dict[int, float]]] = {}
        for ablation, arm, corpus, seed, metrics in self._connection.execute(query, (setting,)):
            value = json.loads(metrics).get(metric)
            if value is not None:  # a seed that was run again counts once, as it was last
                corpora.setdefault(corpus, {}).setdefault((ablation, arm), {})[seed] = float(value)
        largest = {corpus: max(arms.values(), key=len) for corpus, arms in corpora.items()}
        return {corpus: list(seeds.values()) for corpus, seeds in largest.items() if len(seeds) > 1}
