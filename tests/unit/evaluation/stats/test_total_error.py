"""Total error: intervals that hold for new seeds and new items, and what each part says."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats import seed_error, total_error
from evaluation.stats.errors import StatisticsError
from evaluation.stats.item_error import item_variance, macro, micro, weighted
from tests.unit.evaluation.stats.simulation import coverage, within

PARADIGMS = [f"p{i % 12}" for i in range(12 * 20)]
UNEVEN = ["a"] * 100 + ["b"] * 40 + ["c"] * 10


def draw(rng, paradigms, *, runs=5, seed_sd=1.0, item_sd=6.0, noise_sd=6.0, effect=2.0):
    """Two arms on new items: difficulty shared by the arms, an own part of each item in each arm, runs, noise."""
    count = len(paradigms)
    shared = rng.normal(0, 20, count)
    arms = []
    for mean in (effect, 0.0):
        own = shared + rng.normal(0, item_sd, count)
        arms.append(mean + own + rng.normal(0, seed_sd, (runs, 1)) + rng.normal(0, noise_sd, (runs, count)))
    return arms


@pytest.mark.parametrize("items", [macro(PARADIGMS), micro(PARADIGMS), macro(UNEVEN), micro(UNEVEN)])
def test_coverage_over_seeds_and_items(items):
    """Drawing seeds and items anew, the total interval holds the truth in 95%."""
    names = [items.paradigms[i] for i in items.stratum]
    share = coverage(lambda rng: total_error.of_difference(*draw(rng, names), items).total, 2, repeats=2000)

    assert within(share)


def test_coverage_of_bits_per_byte():
    """Documents weighted by their bytes are items like others."""
    sizes = np.random.default_rng(0).integers(200, 3000, 150)
    items = weighted(sizes)
    share = coverage(lambda rng: total_error.of_difference(*draw(rng, sizes), items).total, 2, repeats=2000)

    assert within(share)


def test_seeds_or_items_alone_are_too_narrow():
    """What the field prints: item error alone misses the truth far too often; so do seeds alone, if items vary."""
    items = macro(PARADIGMS)
    alone = coverage(lambda rng: total_error.of_difference(*draw(rng, PARADIGMS), items).items, 2, repeats=1000)
    seeds = coverage(
        lambda rng: total_error.of_difference(*draw(rng, PARADIGMS, item_sd=20), items).seeds, 2, repeats=1000
    )

    assert alone < 0.85
    assert seeds < 0.85


def test_paired_coverage():
    """Shared seeds that correlate: the paired total holds the truth in 95%, and is shorter."""
    items = macro(PARADIGMS)

    def arms(rng):
        first, second = draw(rng, PARADIGMS, seed_sd=0.3)
        shared = rng.normal(0, 2, (5, 1))
        return first + shared, second + shared

    share = coverage(lambda rng: total_error.of_difference(*arms(rng), items, paired=True).total, 2, repeats=2000)
    both = [total_error.of_difference(*arms(np.random.default_rng(3)), items, paired=p).total for p in (True, False)]

    assert within(share)
    assert both[0].se < both[1].se


def test_coverage_of_one_arm():
    """The score of one arm, over seeds and items."""
    items = macro(PARADIGMS)
    share = coverage(lambda rng: total_error.of_mean(draw(rng, PARADIGMS)[0], items).total, 2, repeats=2000)

    assert within(share)


def test_accuracy_of_pairs_is_covered():
    """Right and wrong answers, not normal numbers: 0 and 1 with items of all difficulties."""
    items = macro(PARADIGMS)
    easy = np.random.default_rng(5).normal(0, 1, (100_000,))
    truth = (1 / (1 + np.exp(-(0.9 + easy)))).mean() - (1 / (1 + np.exp(-(0.5 + easy)))).mean()

    def estimate(rng):
        difficulty = rng.normal(0, 1, len(PARADIGMS))
        arms = []
        for mean in (0.9, 0.5):
            logit = mean + rng.normal(0, 0.1, (5, 1)) + difficulty
            arms.append((rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float))
        return total_error.of_difference(*arms, items).total

    assert within(coverage(estimate, truth, repeats=2000))


def test_parts_add_up():
    """Total is seeds plus items less what both hold."""
    items = macro(PARADIGMS)
    found = total_error.of_difference(*draw(np.random.default_rng(0), PARADIGMS), items)
    expected = found.seed_se**2 + max(0, found.item_se**2 - found.shared_se**2)

    assert found.total.se**2 == pytest.approx(expected)
    assert found.total.se >= found.seeds.se
    assert found.seeds.value == found.items.value == found.total.value
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_without_item_effects_it_is_welch():
    """Where items do not differ, total error is the seeds' alone."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, (2, 5, 1)) + np.arange(240.0)
    found = total_error.of_difference(a, b, macro(PARADIGMS))
    welch = seed_error.welch(a.mean(axis=1), b.mean(axis=1))

    assert found.total.se == pytest.approx(welch.se)
    assert found.total.df == pytest.approx(welch.df)
    assert found.total.p == pytest.approx(welch.p)


def test_shared_difficulty_falls_out():
    """The error over items is of the difference: what is hard for both arms does not count."""
    rng = np.random.default_rng(0)
    a, b = draw(rng, PARADIGMS)
    hard = rng.normal(0, 100, 240)
    before = total_error.of_difference(a, b, macro(PARADIGMS))
    after = total_error.of_difference(a + hard, b + hard, macro(PARADIGMS))

    assert after.total.se == pytest.approx(before.total.se)


def test_single_runs_have_no_total():
    """One run an arm: items' error is shown, and no total is claimed."""
    a, b = draw(np.random.default_rng(0), PARADIGMS, runs=1)
    found = total_error.of_difference(a, b, macro(PARADIGMS))

    assert found.total.se is None
    assert found.seed_se is None
    assert found.item_se > 0


def test_from_parts_is_the_plain_formula():
    """Published parts: the square root of the sum of 1.2 points of seeds and .65 of items, both squared."""
    found = total_error.from_parts(-6.6, [(1.4, 3), (1.4, 3)], 0.65, 1300)

    assert found.se == pytest.approx((1.4**2 / 3 * 2 + 0.65**2) ** 0.5)
    assert 4 < found.df < 8
    assert total_error.from_parts(1.0, [(1.4, 1), (1.4, 3)], 0.65, 1300).se is None


def test_from_parts_errs_to_the_wide_side():
    """Without scores by item the shared noise counts twice: too wide, never too narrow."""
    items = macro(PARADIGMS)

    def estimate(rng):
        a, b = draw(rng, PARADIGMS)
        first, second = a @ items.weights, b @ items.weights
        variance, df = item_variance(a.mean(0) - b.mean(0), items)
        spreads = [(first.std(ddof=1), 5), (second.std(ddof=1), 5)]
        return total_error.from_parts(first.mean() - second.mean(), spreads, variance**0.5, df)

    assert 0.945 < coverage(estimate, 2, repeats=1500) < 0.985


def test_other_items_are_refused():
    """Items must be the same in both arms."""
    with pytest.raises(StatisticsError, match="not \\(runs, 240\\)"):
        total_error.of_difference(np.zeros((3, 240)), np.zeros((3, 239)), macro(PARADIGMS))
    with pytest.raises(StatisticsError, match="'lone'"):
        macro(["a", "a", "lone"])
    with pytest.raises(StatisticsError, match="above 0"):
        weighted([10, 0, 3])
    with pytest.raises(StatisticsError, match="cannot be paired"):
        total_error.of_difference(np.ones((3, 240)), np.ones((2, 240)), macro(PARADIGMS), paired=True)
