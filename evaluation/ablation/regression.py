"""The findings papers' analysis on any table of runs: score on log FLOPs and what the runs differ in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import DataError
from evaluation.result import RESULTS, read_results
from evaluation.stats.design import Regression, design_matrix
from evaluation.stats.mixed import grouped
from evaluation.stats.regress import least_squares


@dataclass(frozen=True)
class LeftOut:
    """How many rows a regression left out, and why.

    Attributes:
        unfinished: runs whose ``status`` is not ``done``: stopped by a race, paused or failed.
        incomplete: rows without a value in a column that is needed.
    """

    unfinished: int
    incomplete: int


def read_rows(paths: Sequence[Path], score: str) -> list[dict[str, Any]]:
    """Return one row a run: from CSV tables as they are, and from results folders what they know.

    Args:
        paths: CSV files with a header (`curate runs --export`, or a table of submissions), or results folders.
        score: of a results folder: a task or an average of its suite; of a table: a column.

    Raises:
        DataError: a file is neither, or has no such score.
    """
    rows: list[dict[str, Any]] = []
    for path in paths:
        if (path / RESULTS).is_file():
            results = read_results(path)
            task = results.task(score)
            value = results.honest_averages.get(score) if task is None else task.honest
            if value is None:
                hint = f"tasks: {', '.join(t.task for t in results.tasks if t.status == 'scored')}"
                raise DataError(f"has no score {score!r}", where=str(path), hint=hint)
            flops = results.subject.get("flops") or {}
            rows.append(
                {
                    score: value,
                    "flops": flops.get("student") if isinstance(flops, dict) else flops,
                    "recipe": (results.subject.get("recipe") or {}).get("name"),
                    "corpus": (results.subject.get("corpus") or "unknown")[:12],
                    "backend": results.subject.get("backend"),
                }
            )
            continue
        try:
            with path.open(encoding="utf-8", newline="") as file:
                table = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            hint = "give CSV files with a header, or folders with results.json"
            raise DataError(f"cannot be read: {error}", where=str(path), hint=hint) from error
        if table and score not in table[0]:
            raise DataError(f"has no column {score!r}", where=str(path), hint=f"columns: {', '.join(table[0])}")
        rows += table
    return rows


def regress(
    rows: Sequence[dict[str, Any]],
    score: str,
    *,
    factors: Sequence[str],
    group: str = "",
    slope: bool = False,
    hc3: bool = False,
) -> tuple[Regression, LeftOut]:
    """Regress a score on log10 FLOPs and factors, and say how many rows were left out.

    Args:
        rows: one a run; those with a ``status`` other than ``done`` are left out.
        score: column to explain.
        factors: columns that are dummy-coded.
        group: column of teams, for random intercepts; none is least squares.
        slope: a random slope on log FLOPs by group as well.
        hc3: errors that allow spread to differ.

    Raises:
        DataError: a column is not there, or holds no number.
        StatisticsError: the columns cannot be told apart, or rows are too few.
    """
    wanted = [score, "flops", *factors, *([group] if group else [])]
    # A table without the column, or a row without a value there (tables put together), is no run of ours.
    done = [row for row in rows if row.get("status") in (None, "", "done")]
    whole = [row for row in done if all(row.get(name) not in (None, "") for name in wanted)]
    left_out = LeftOut(unfinished=len(rows) - len(done), incomplete=len(done) - len(whole))
    if not whole:
        hint = f"columns that are needed: {', '.join(wanted)}; {left_out.unfinished} rows have a status other than done"
        raise DataError("no row has all that is needed", where="rows", hint=hint)
    scores, flops = _numbers(whole, score), _numbers(whole, "flops")
    design = design_matrix(flops, {name: [str(row[name]) for row in whole] for name in factors})
    if group:
        return grouped(scores, design, [str(row[group]) for row in whole], slope=slope), left_out
    return least_squares(scores, design, errors="hc3" if hc3 else "classic"), left_out


def _numbers(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    try:
        return [float(row[name]) for row in rows]
    except (TypeError, ValueError) as error:
        raise DataError(f"the column {name!r} holds something that is no number: {error}", where="rows") from error
