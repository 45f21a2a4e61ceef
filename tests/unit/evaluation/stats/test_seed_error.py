"""Welch and paired intervals over seeds: against scipy, against the measured tables, and by simulation."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

from evaluation.stats import seed_error
from evaluation.stats.errors import StatisticsError
from evaluation.stats.measured import ARMS
from tests.unit.evaluation.stats.simulation import coverage, within

MEASURED = {(row.metric, row.arm): (row.mean, row.sd) for row in ARMS}


def test_welch_is_scipys():
    """The library's own test gives the same p and interval."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 2, 5), rng.normal(0, 1, 4)
    ours, theirs = seed_error.welch(a, b), stats.ttest_ind(a, b, equal_var=False)
    interval = theirs.confidence_interval()

    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.df == pytest.approx(theirs.df)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


def test_paired_is_scipys():
    """The same for shared seeds."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 2, 5), rng.normal(0, 1, 5)
    ours, theirs = seed_error.paired(a, b, level=0.9), stats.ttest_rel(a, b)
    interval = theirs.confidence_interval(0.9)

    assert ours.p == pytest.approx(theirs.pvalue)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize(
    ("arm", "metric", "low", "high", "p", "by"),
    [
        ("written", "bits_per_byte_child_directed", 0.61, 0.85, 0.001, 0.006),
        ("written", "bits_per_byte_written", -0.78, -0.62, 0.0003, 0.02),
        ("written", "zorro_accuracy", -8.6, -4.6, 0.003, 0.25),
        ("written", "zorro_log_odds", -1.03, -0.33, 0.009, 0.07),
        ("shuffled", "bits_per_byte_child_directed", -0.02, 0.20, 0.07, 0.007),
        ("shuffled", "zorro_log_odds", -0.30, -0.04, 0.02, 0.08),
        ("shuffled", "zorro_accuracy", -1.9, 1.6, None, 0.2),
        ("half_twice", "bits_per_byte_child_directed", 0.010, 0.035, 0.009, 0.003),
        ("half_twice", "bits_per_byte_written", 0.02, 0.14, 0.016, 0.015),
        ("half_twice", "zorro_accuracy", -3.9, 3.1, None, 0.35),
        ("duplicated", "bits_per_byte_child_directed", -0.014, 0.033, 0.24, 0.006),
        ("duplicated", "zorro_accuracy", -6.4, 5.1, None, 0.25),
    ],
)
def test_measured_table(arm, metric, low, high, p, by):
    """The measured intervals come out of the means and spreads, to what rounding and a 4th clean seed allow."""
    mean, sd = MEASURED[metric, arm]
    base = MEASURED[metric, "clean"]
    found = seed_error.welch_from_summary((mean, sd, 3), (*base, 4))

    assert (found.low, found.high) == pytest.approx((low, high), abs=by)
    if p is not None:
        # Rounded spreads move a p by up to two thirds of itself; the same side of .05 in every row.
        assert p / 1.8 < found.p < p * 1.8
        assert (found.p < 0.05) == (p < 0.05)


@pytest.mark.parametrize(
    ("spread", "runs"), [((1, 1), (5, 5)), ((1, 5), (5, 5)), ((0.002, 0.044), (5, 3)), ((1, 1), (8, 4))]
)
def test_welch_coverage(spread, runs):
    """95% intervals hold the true difference in 95% of repetitions, whatever the arms' spreads."""
    share = coverage(
        lambda rng: seed_error.welch(rng.normal(2, spread[0], runs[0]), rng.normal(0, spread[1], runs[1])), 2
    )

    assert within(share)


def test_welch_keeps_its_level_at_three_seeds():
    """With 3 seeds and equal spreads Welch's interval is a little too wide, never too narrow."""
    assert 0.945 < coverage(lambda rng: seed_error.welch(rng.normal(0, 1, 3), rng.normal(0, 1, 3)), 0) < 0.98


@pytest.mark.parametrize("r", [0, 0.8])
def test_paired_coverage(r):
    """Paired intervals are right whether seeds correlate or not."""
    mix = np.linalg.cholesky([[1, r], [r, 1]])
    share = coverage(lambda rng: seed_error.paired(*(mix @ rng.normal(0, 1, (2, 5)))), 0)

    assert within(share)


def test_mean_coverage():
    """The mean of one arm."""
    assert within(coverage(lambda rng: seed_error.mean(rng.normal(7, 3, 5)), 7))


def test_one_run_has_a_value_and_no_error():
    """No interval is made up for a single run, nor for runs that do not vary."""
    for found in (
        seed_error.welch([1.0], [0.0, 2.0]),
        seed_error.welch([3.1, 3.1, 3.1], [3.1, 3.1]),
        seed_error.mean([4]),
    ):
        assert (found.se, found.low, found.high, found.p) == (None, None, None, None)
        json.dumps(dataclasses.asdict(found), allow_nan=False)
    # One arm that varies is enough to tell an error.
    assert seed_error.welch([0.1, 0.1, 0.1], [0.0, 0.2, 0.4]).df == pytest.approx(2)


@pytest.mark.parametrize("bad", [[1, np.nan, 2], [[1, 2], [3, 4]], []])
def test_scores_that_are_none(bad):
    """A failed run is left out by name, not averaged in."""
    with pytest.raises(StatisticsError):
        seed_error.welch(bad, [1, 2, 3])


def test_unequal_runs_are_not_paired():
    """A paired test needs both runs of a seed."""
    with pytest.raises(StatisticsError, match="3 and 2 runs"):
        seed_error.paired([1, 2, 3], [1, 2])


def test_level_is_a_share():
    """95 is no level."""
    with pytest.raises(StatisticsError, match="level is 95"):
        seed_error.mean([1, 2], level=95)
