"""When shared seeds are compared paired, and what that choice does to the error rate."""

import numpy as np
import pytest

from evaluation.stats import seed_error
from evaluation.stats.errors import StatisticsError
from evaluation.stats.pairing import Correlation, choose_pairing, correlation


def test_correlation_is_numpys():
    """One pair of arms is Pearson's r."""
    rng = np.random.default_rng(0)
    a = rng.normal(0, 1, 8)
    b = a + rng.normal(0, 1, 8)
    found = correlation([(a, b)])

    assert found.r == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert found.df == 7
    assert found.lower < found.r


def test_pooling_centres_each_pair():
    """Arms at other levels do not correlate for that: each pair is centred on its own mean."""
    rng = np.random.default_rng(1)
    pairs = [(rng.normal(level, 1, 5), rng.normal(level, 1, 5)) for level in range(0, 1000, 100)]

    assert abs(correlation(pairs).r) < 0.5
    assert correlation(pairs).df == 40


@pytest.mark.parametrize(("runs", "pairs"), [(5, 1), (10, 1), (5, 6)])
def test_lower_bound_is_below_the_truth(runs, pairs):
    """The one-sided 95% bound is below the true correlation in 95% of repetitions."""
    rng = np.random.default_rng(2)
    mix = np.linalg.cholesky([[1, 0.6], [0.6, 1]])
    below = [
        correlation([tuple(mix @ rng.normal(0, 1, (2, runs))) for _ in range(pairs)]).lower < 0.6 for _ in range(3000)
    ]

    assert 0.935 <= np.mean(below) <= 0.965


def test_no_correlation_can_be_told():
    """From 3 shared runs, or runs that do not vary, nothing is told."""
    assert correlation([([1, 2, 3], [1, 2, 4])]) is None
    assert correlation([([1, 1, 1, 1], [1, 2, 4, 5])]) is None
    assert correlation([]) is None
    with pytest.raises(StatisticsError, match="5 and 4"):
        correlation([([1, 2, 3, 4, 5], [1, 2, 3, 4])])


@pytest.mark.parametrize(
    ("measured", "runs", "shared", "paired", "why"),
    [
        (Correlation(0.9, 0.5, 30), 5, False, False, "not shared"),
        (None, 3, True, False, "too few"),
        (Correlation(0.5, -0.1, 4), 5, True, False, "not above 0"),
        (Correlation(0.2, 0.1, 200), 5, True, False, "degrees of freedom"),
        (Correlation(0.2, 0.1, 200), 40, True, True, "paired"),
        (Correlation(0.7, 0.3, 20), 5, True, True, "paired"),
    ],
)
def test_choice(measured, runs, shared, paired, why):
    """Paired only if the correlation is measured, sure, and worth the degrees of freedom."""
    found = choose_pairing(measured, runs, shared=shared)

    assert found.paired == paired
    assert why in found.why


@pytest.mark.parametrize("r", [0, 0.5, 0.95])
def test_level_of_the_choice(r):
    """Choosing by the correlation measured on the very same 5 seeds leaves type I error below 6.5%."""
    rng = np.random.default_rng(3)
    mix = np.linalg.cholesky([[1, r], [r, 1]])
    false = chosen = 0
    for _ in range(4000):
        a, b = mix @ rng.normal(0, 1, (2, 5))
        pair = choose_pairing(correlation([(a, b)]), 5, shared=True).paired
        chosen += pair
        false += (seed_error.paired if pair else seed_error.welch)(a, b).p < 0.05

    assert false / 4000 < 0.065
    if r == 0:
        assert chosen / 4000 < 0.065
    if r == 0.95:
        assert chosen / 4000 > 0.8
