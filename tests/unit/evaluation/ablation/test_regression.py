"""Regressions on exported runs: what did not reach its end is no observation, and it is counted."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from evaluation.ablation.regression import LeftOut, read_rows, regress
from evaluation.errors import DataError
from evaluation.stats.design import SLOPE


def rows(status):
    rng = np.random.default_rng(1)
    return [
        {"score": 2 + at + 0.01 * rng.normal(), "flops": 10.0**at, "status": status} for at in range(1, 6) for _ in "ab"
    ]


def test_runs_that_are_not_done_are_left_out_and_counted(tmp_path):
    path = tmp_path / "runs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ("score", "flops", "status"))
        writer.writeheader()
        writer.writerows([*rows("done"), *({**row, "score": 90} for row in (*rows("unfinished"), *rows("failed")))])
        writer.writerow({"score": "", "flops": 1, "status": "done"})
    fitted, left_out = regress(read_rows([path], "score"), "score", factors=[])
    assert left_out == LeftOut(unfinished=20, incomplete=1)
    assert fitted.rows == 10
    assert fitted.coefficients[SLOPE].value == pytest.approx(1, abs=0.02)


def test_tables_without_a_status_are_taken_whole():
    fitted, left_out = regress([*rows(""), {"score": 4, "flops": 100}], "score", factors=[])
    assert (fitted.rows, left_out) == (11, LeftOut(0, 0))


def test_nothing_that_is_done():
    with pytest.raises(DataError, match="no row has all") as told:
        regress(rows("failed"), "score", factors=[])
    assert "10 rows have a status other than done" in told.value.hint
