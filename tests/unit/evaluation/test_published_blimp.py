"""Published BLiMP figures, to the digit, from published log-likelihoods of each item: the counting is right.

The figures (BabyLM pipeline of 2024, lm-eval groups) are unweighted means over paradigms, and a tie counts as right.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.accuracy import judge, macro, micro

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
PACKED = SHARED / "eval" / "reference_results_blimp.tar.xz"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PACKED.is_file(), reason="the real data are not beside the checkout"),
]
KENLM, RNN = "kenlm-6-gram", "rnn-sp-unigram-10M-bigger"
FREQUENCY, CONSTANT = "my_new_word_freq_strict_small_zipf", "dummy-fixed-log-likelihood"
GROUPS = {"blimp_filtered": 67, "blimp_supplement": 5}


@cache
def members() -> dict[str, str]:
    """All files by the last two parts of their path."""
    with tarfile.open(PACKED, "r:xz") as archive:
        files = [member for member in archive if member.isfile()]
        return {"/".join(Path(file.name).parts[-2:]): archive.extractfile(file).read().decode() for file in files}


def published(name: str) -> dict[str, Any]:
    results = json.loads(members()[f"{name}/blimp_results.json"])
    return results.get("results", results)


def belongs(task: str, group: str) -> bool:
    return task.startswith("blimp_supplement_") == (group == "blimp_supplement") and task not in GROUPS


@cache
def items(name: str, group: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Scores [items, 2], the good sentence first, and the paradigm of each item."""
    rows = csv.DictReader(io.StringIO(members()[f"{name}/item_loglikelihoods.tsv"]), delimiter="\t")
    found = [(row["task"], float(row["ll_good"]), float(row["ll_bad"])) for row in rows if belongs(row["task"], group)]
    return np.asarray([scores for _, *scores in found]), tuple(task for task, *_ in found)


@pytest.mark.parametrize(
    ("name", "group", "ties", "figure"),
    [
        (KENLM, "blimp_filtered", "gold", 63.4),
        (KENLM, "blimp_filtered", "half", 54.5),
        (KENLM, "blimp_filtered", "strict", 45.5),
        (RNN, "blimp_filtered", "gold", 64.7),
        (RNN, "blimp_filtered", "half", 64.7),
        (KENLM, "blimp_supplement", "gold", 60.7),
        # 52.5 and 44.4 by exact comparison: 22 pairs differ by less than 1e-5 nats, the noise of fp32 sums.
        (KENLM, "blimp_supplement", "half", 52.4),
        (KENLM, "blimp_supplement", "strict", 44.0),
        (RNN, "blimp_supplement", "gold", 53.7),
    ],
)
def test_the_mean_over_paradigms_is_the_published_figure(name, group, ties, figure) -> None:
    scores, tasks = items(name, group)
    assert len(set(tasks)) == GROUPS[group]
    earned = judge(scores, np.zeros(len(scores), np.int64), ties)
    assert round(100 * macro(earned.credit, tasks).value, 1) == figure


@pytest.mark.parametrize("name", [KENLM, RNN])
@pytest.mark.parametrize("group", GROUPS)
def test_under_the_rule_of_2024_every_paradigm_is_the_published_one(name, group) -> None:
    scores, tasks = items(name, group)
    credit = judge(scores, np.zeros(len(scores), np.int64), "gold").credit
    assert macro(credit, tasks).value == pytest.approx(published(name)[group]["acc,none"], abs=1e-12)
    for task in set(tasks):
        here = np.asarray(tasks) == task
        mean = micro(credit[here])
        assert mean.value == pytest.approx(published(name)[task]["acc,none"], abs=1e-12)
        assert mean.stderr == pytest.approx(published(name)[task]["acc_stderr,none"], abs=1e-12)


def test_kenlm_has_ties_that_decide_its_figure() -> None:
    """The three rules differ by the share of ties: 17.9 points between the two ends."""
    scores, tasks = items(KENLM, "blimp_filtered")
    assert len(tasks) == 59_875
    tied = judge(scores, np.zeros(len(scores), np.int64)).tied
    assert macro(tied.astype(float), tasks).value == pytest.approx(0.179, abs=5e-4)


@pytest.mark.parametrize(("ties", "figure"), [("gold", 63.2), ("half", 54.3), ("strict", 45.4)])
def test_the_mean_over_items_is_another_figure(ties, figure) -> None:
    """So the published one is not weighted by items."""
    scores, _ = items(KENLM, "blimp_filtered")
    assert round(100 * micro(judge(scores, np.zeros(len(scores), np.int64), ties).credit).value, 1) == figure


@pytest.mark.parametrize(
    ("name", "group", "figure"),
    [
        (FREQUENCY, "blimp_filtered", 66.3),
        (FREQUENCY, "blimp_supplement", 66.2),
        (CONSTANT, "blimp_filtered", 54.4),
        (CONSTANT, "blimp_supplement", 43.0),
    ],
)
def test_figures_that_are_known_by_paradigm_only_are_unweighted_means_too(name, group, figure) -> None:
    results = published(name)
    tasks = [task for task in results if belongs(task, group)]
    assert len(tasks) == GROUPS[group]
    mean = macro(np.asarray([results[task]["acc,none"] for task in tasks]), tasks).value
    assert round(100 * mean, 1) == figure
    assert mean == pytest.approx(results[group]["acc,none"], abs=1e-12)
