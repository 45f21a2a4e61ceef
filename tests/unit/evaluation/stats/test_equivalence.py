"""TOST: error rate, agreement with statsmodels, and its interval."""

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_ind

from evaluation.stats import seed_error
from evaluation.stats.equivalence import equivalence
from evaluation.stats.errors import StatisticsError


def test_p_is_statsmodels():
    """The library's TOST on Welch's t gives the same p."""
    rng = np.random.default_rng(0)
    for shift in (0, 0.5, 2):
        a, b = rng.normal(shift, 1, 6), rng.normal(0, 2, 5)
        theirs = ttost_ind(a, b, -1.5, 1.5, usevar="unequal")[0]
        assert equivalence(seed_error.welch(a, b), 1.5).p == pytest.approx(theirs)


@pytest.mark.parametrize("truth", [-1, 1])
def test_level_at_the_margin(truth):
    """A difference as large as the margin is called equivalent in 5% of repetitions."""
    rng = np.random.default_rng(1)
    called = [
        equivalence(seed_error.welch(rng.normal(truth, 0.3, 5), rng.normal(0, 0.3, 5)), 1.0).p < 0.05
        for _ in range(4000)
    ]

    assert 0.035 <= np.mean(called) <= 0.065


def test_no_difference_is_found():
    """With little spread, no difference is a finding."""
    rng = np.random.default_rng(2)
    called = [
        equivalence(seed_error.welch(rng.normal(0, 0.3, 5), rng.normal(0, 0.3, 5)), 1.0).p < 0.05 for _ in range(500)
    ]

    assert np.mean(called) > 0.95


def test_interval_decides_as_p_does():
    """The 90% interval is inside the margins exactly if p is below .05, and it covers in 90%."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(3000):
        found = equivalence(seed_error.welch(rng.normal(0.5, 0.5, 5), rng.normal(0, 0.5, 5)), 1.0)
        assert (found.p < 0.05) == (-1 < found.low and found.high < 1)
        held += found.low <= 0.5 <= found.high

    assert 0.885 <= held / 3000 <= 0.915


def test_margin_and_error_are_needed():
    """A margin is above 0, and without an error nothing is tested."""
    with pytest.raises(StatisticsError, match="margin is 0"):
        equivalence(seed_error.welch([1, 2], [2, 3]), 0)
    assert equivalence(seed_error.welch([1], [2, 3]), 1) is None
