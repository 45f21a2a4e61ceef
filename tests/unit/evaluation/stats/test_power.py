"""Power: against the measured table, statsmodels, and simulated experiments."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from evaluation.stats.errors import StatisticsError
from evaluation.stats.measured import CLEAN_ARMS, measured_spread
from evaluation.stats.power import (
    MOST_SEEDS,
    PlannedComparison,
    minimum_detectable_difference,
    power,
    sd_interval,
    seeds_needed,
)


@pytest.mark.parametrize(
    ("difference", "seeds", "expected"), [(2, 3, 0.28), (2, 5, 0.66), (2, 8, 0.93), (3, 3, 0.51), (3, 5, 0.93)]
)
def test_simulated_table(difference, seeds, expected):
    """The measured notes' simulated powers of a paired t, spread 1 point, no correlation."""
    assert power(difference, PlannedComparison(1, 1, correlation=0), seeds) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize(
    ("metric", "arms", "expected", "by"),
    [
        ("zorro_accuracy", None, (5.6, 3.2, 2.5), 0.03),
        ("zorro_log_odds", None, (0.38, 0.22, 0.17), 0.005),
        ("bits_per_byte_child_directed", None, (0.118, 0.068, 0.053), 0.001),
        ("bits_per_byte_child_directed", CLEAN_ARMS, (0.028, 0.016, 0.013), 0.0011),
        ("blimp_accuracy", None, (4.1, 2.4, 1.9), 0.14),
    ],
)
def test_detectable_differences_of_the_notes(metric, arms, expected, by):
    """The notes' normal figures come from the pooled spreads; by t, at 3 seeds, a third is added."""
    sd = measured_spread(metric, arms).sd
    normal = [(stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * sd * (2 / n) ** 0.5 for n in (1, 3, 5)]

    assert normal == pytest.approx(expected, abs=by)
    ratios = [minimum_detectable_difference(PlannedComparison(sd, sd), n) / normal[i] for i, n in ((1, 3), (2, 5))]
    assert ratios == pytest.approx([4 / 3, 1.143], abs=0.02)


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_equal_spreads_are_statsmodels(seeds):
    """With equal spreads and seeds it is the textbook's two-sample power."""
    for effect in (0.2, 1.0, 3.0):
        theirs = TTestIndPower().power(effect, seeds, 0.05)
        assert power(effect, PlannedComparison(1, 1), seeds) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize(
    ("spreads", "seeds", "difference", "alpha"),
    [((1, 1), (5, 5), 2, 0.05), ((1, 3), (5, 5), 4, 0.05), ((1, 1), (4, 8), 2, 0.05), ((1, 2), (5, 5), 4, 0.0125)],
)
def test_simulated_welch(spreads, seeds, difference, alpha):
    """The share of simulated experiments that come out significant is the power."""
    rng = np.random.default_rng(0)
    a = rng.normal(difference, spreads[0], (20_000, seeds[0]))
    b = rng.normal(0, spreads[1], (20_000, seeds[1]))
    found = (stats.ttest_ind(a, b, axis=1, equal_var=False).pvalue < alpha).mean()
    planned = PlannedComparison(*spreads, alpha=0.05, comparisons=round(0.05 / alpha))

    assert power(difference, planned, *seeds) == pytest.approx(found, abs=0.03)


def test_simulated_paired():
    """The same for seeds that correlate."""
    rng = np.random.default_rng(1)
    mix = np.linalg.cholesky([[1, 0.8 * 2], [0.8 * 2, 4]])
    both = mix @ rng.normal(0, 1, (20_000, 2, 5))
    found = (stats.ttest_1samp(both[:, 0] - both[:, 1] + 2, 0, axis=1).pvalue < 0.05).mean()

    assert power(2, PlannedComparison(1, 2, correlation=0.8), 5) == pytest.approx(found, abs=0.015)


def test_power_of_no_difference_is_alpha():
    """Where nothing differs, what is found is false: alpha, shared by the comparisons."""
    assert power(0, PlannedComparison(1, 2), 5) == pytest.approx(0.05)
    assert power(0, PlannedComparison(1, 2, comparisons=4), 5) == pytest.approx(0.0125)
    assert power(1e9, PlannedComparison(1, 2), 2) == 1
    assert power(-2, PlannedComparison(1, 1), 5) == power(2, PlannedComparison(1, 1), 5)


def test_the_three_answers_agree():
    """The detectable difference has the power wanted, and the seeds needed are the fewest that have it."""
    planned = PlannedComparison(1.4, 1.4, comparisons=3)
    for seeds in (2, 3, 5, 10):
        size = minimum_detectable_difference(planned, seeds)
        assert power(size, planned, seeds) == pytest.approx(0.8, abs=1e-4)
        assert seeds_needed(size * 1.0001, planned) == seeds
    needed = seeds_needed(1.0, planned)
    assert power(1.0, planned, needed) >= 0.8 > power(1.0, planned, needed - 1)


def test_power_rises_with_the_difference():
    """From alpha to 1, and never without a value: scipy's lower tail is NaN at some differences."""
    for planned, seeds in ((PlannedComparison(1, 1, comparisons=3), 2), (PlannedComparison(1, 9), 3)):
        values = [power(size, planned, seeds) for size in np.geomspace(0.01, 1e4, 200)]
        assert np.all(np.diff(values) >= 0)
        assert values[-1] == pytest.approx(1)


def test_items_are_a_floor():
    """Seeds do not remove the error over items: below it, no number of seeds finds a difference."""
    assert seeds_needed(1.0, PlannedComparison(1, 1, item_se=0.65)) is None
    assert seeds_needed(2.0, PlannedComparison(1, 1, item_se=0.65)) > seeds_needed(2.0, PlannedComparison(1, 1))
    assert seeds_needed(0.0, PlannedComparison(1, 1)) is None
    assert power(2.0, PlannedComparison(1, 1, item_se=0.65), MOST_SEEDS) < 0.9


def test_spread_of_three_runs():
    """A spread from 3 seeds has a 95% range of .5 to 6 times itself (training.md)."""
    assert sd_interval(1, 2) == pytest.approx((0.5207, 6.2847), abs=1e-3)


def test_sd_interval_coverage():
    """The interval of the spread holds the true one in 95%."""
    rng = np.random.default_rng(2)
    spreads = rng.normal(0, 3, (4000, 5)).std(axis=1, ddof=1)
    held = [low <= 3 <= high for low, high in (sd_interval(sd, 4) for sd in spreads)]

    assert 0.935 <= np.mean(held) <= 0.965


@pytest.mark.parametrize(
    "settings",
    [
        {"sd_arm": 0, "sd_baseline": 0},
        {"sd_arm": -1, "sd_baseline": 1},
        {"sd_arm": 1, "sd_baseline": 1, "correlation": 1},
        {"sd_arm": 1, "sd_baseline": 1, "comparisons": 0},
        {"sd_arm": 1, "sd_baseline": 1, "alpha": 5},
    ],
)
def test_settings_that_mean_nothing(settings):
    """Refused where they are given."""
    with pytest.raises(StatisticsError):
        PlannedComparison(**settings)


def test_one_seed_has_no_power():
    """A single run says nothing of its spread."""
    planned = PlannedComparison(1, 1, correlation=0.5)
    with pytest.raises(StatisticsError, match="2 seeds or more"):
        power(1, planned, 1)
    with pytest.raises(StatisticsError, match="cannot be paired"):
        power(1, planned, 3, 4)
    with pytest.raises(StatisticsError, match="power wanted"):
        minimum_detectable_difference(planned, 3, wanted=1)
