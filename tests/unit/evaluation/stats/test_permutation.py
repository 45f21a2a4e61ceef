"""The exact permutation test: its least p, its level, and that it is scipy's where the statistic is."""

import numpy as np
import pytest
from scipy import stats

from evaluation.stats.errors import StatisticsError
from evaluation.stats.permutation import paired_permutation_test, permutation_test


def test_smallest_p_by_number_of_seeds():
    """3 against 3 cannot say anything, 4 against 4 not less than .029, 6 against 6 .0022."""
    assert permutation_test([1, 2, 3], [11, 12, 13]) is None
    for runs, least in ((4, 2 / 70), (5, 2 / 252), (6, 2 / 924)):
        found = permutation_test(np.arange(runs) + 100.0, np.arange(runs) * 1.1)
        assert found.p == found.smallest_p == pytest.approx(least)
    uneven = permutation_test(np.arange(4) + 100.0, np.arange(6) * 1.1)
    assert uneven.p == uneven.smallest_p == pytest.approx(1 / 210)
    # More ways than are tried: Welch stands alone.
    assert permutation_test(np.arange(20.0), np.arange(20.0)) is None


def test_p_is_scipys():
    """The library's permutation test of Welch's t over all ways gives the same p."""

    def welch_t(a, b, axis):
        return np.abs(stats.ttest_ind(a, b, axis=axis, equal_var=False).statistic)

    rng = np.random.default_rng(0)
    for shift in (0, 1, 2):
        a, b = rng.normal(shift, 1, 5), rng.normal(0, 2, 5)
        theirs = stats.permutation_test((a, b), welch_t, vectorized=True, n_resamples=np.inf, alternative="greater")
        assert permutation_test(a, b).p == pytest.approx(theirs.pvalue)
        flips = stats.permutation_test(
            (a, b),
            lambda x, y, axis: (x - y).mean(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=np.inf,
        )
        assert paired_permutation_test(a, b).p == pytest.approx(flips.pvalue)


def test_level():
    """Where arms do not differ, p is below .05 in at most 5% of repetitions: exactly so under one spread."""
    rng = np.random.default_rng(1)
    found = [permutation_test(rng.normal(0, 1, 6), rng.normal(0, 1, 6)).p <= 0.05 for _ in range(3000)]

    assert 0.035 < np.mean(found) < 0.06


def test_level_with_unequal_spread():
    """With a spread five times the other's the studentised test keeps within two points of its level."""
    rng = np.random.default_rng(2)
    found = [permutation_test(rng.normal(0, 1, 6), rng.normal(0, 5, 6)).p <= 0.05 for _ in range(3000)]

    assert 0.03 < np.mean(found) < 0.075


def test_level_of_the_paired_test():
    """Sign flips keep their level on shared seeds."""
    rng = np.random.default_rng(3)
    found = [paired_permutation_test(rng.normal(0, 1, 7), rng.normal(0, 2, 7)).p <= 0.05 for _ in range(3000)]

    assert 0.035 < np.mean(found) < 0.06


def test_equal_runs_are_no_finding():
    """Runs that are all alike give p = 1; two constants that differ give the least p."""
    assert permutation_test([5.0] * 4, [5.0] * 4).p == 1
    assert permutation_test([5.0] * 4, [6.0] * 4).p == pytest.approx(2 / 70)
    assert paired_permutation_test([5.0] * 4, [5.0] * 4).p == 1


def test_scale_does_not_matter():
    """Scores near a large number, or tiny ones, give the same p."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(1, 1, 6), rng.normal(0, 1, 6)
    p = permutation_test(a, b).p

    assert permutation_test(a + 1e6, b + 1e6).p == p
    assert permutation_test(a * 1e-9, b * 1e-9).p == p


def test_paired_needs_pairs():
    """Both runs of a seed, and four seeds."""
    assert paired_permutation_test([1, 2, 3], [2, 3, 5]) is None
    with pytest.raises(StatisticsError, match="4 and 5"):
        paired_permutation_test([1] * 4, [1] * 5)
