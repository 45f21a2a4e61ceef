"""Laws of the statistics on any numbers: invariances, and what no data may bring about."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.stats import seed_error, total_error
from evaluation.stats.compare import LEAST_SEEDS, ArmScores, compare
from evaluation.stats.item_error import macro, micro
from evaluation.stats.learning_curve import curve_area
from evaluation.stats.minimal_pairs import score_pairs
from evaluation.stats.multiple import benjamini_hochberg, holm
from evaluation.stats.permutation import permutation_test
from evaluation.stats.power import PlannedComparison, minimum_detectable_difference, power
from evaluation.stats.racing import RacingRule, race
from evaluation.stats.verdict import verdicts

scores = st.floats(-1000, 1000, allow_nan=False).map(lambda x: round(x, 3))
arm = st.lists(scores, min_size=1, max_size=7)
p_values = st.lists(st.floats(0, 1), max_size=20)


@given(arm, arm)
def test_swapping_the_arms_turns_the_sign(a, b):
    """A less B is B less A, turned."""
    there, back = seed_error.welch(a, b), seed_error.welch(b, a)

    assert there.value == -back.value
    assert (there.p, there.se) == (back.p, back.se)
    if there.low is not None:
        assert there.low == pytest.approx(-back.high)
        assert there.low < there.value < there.high


@settings(max_examples=40)
@given(arm, arm)
def test_no_numbers_break_a_comparison(a, b):
    """Any finite scores give a verdict that can be written as JSON; below 3 seeds it is none."""
    found = compare(ArmScores("a", a), ArmScores("b", b), higher_is_better=True, margin=1)
    verdict = verdicts([found])[0]

    json.dumps([dataclasses.asdict(found), dataclasses.asdict(verdict)], allow_nan=False)
    if min(len(a), len(b)) < LEAST_SEEDS:
        assert verdict.finding == "none"
    if verdict.finding in {"better", "worse"}:
        assert found.difference.low * found.difference.high > 0
        assert (verdict.finding == "better") == (found.difference.value > 0)


@given(arm, arm)
def test_permutation_p_is_possible(a, b):
    """Between the least possible and 1, and the same whichever arm comes first."""
    found, back = permutation_test(a, b), permutation_test(b, a)
    if found is not None:
        assert found.smallest_p <= found.p <= 1
        assert found.p == back.p


@given(p_values, st.randoms())
def test_corrections(p, random):
    """Corrected p are not smaller, keep their order, follow their tests, and Holm's are the larger ones."""
    for correct in (holm, benjamini_hochberg):
        adjusted = correct(p)
        assert np.all(adjusted >= np.array(p))
        assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)
        order = random.sample(range(len(p)), len(p))
        assert correct([p[i] for i in order]) == pytest.approx(adjusted[order])
    assert np.all(holm(p) >= benjamini_hochberg(p) - 1e-12)


@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.floats(-50, 50), st.booleans())
def test_total_error_of_items(runs, seed, shift, by_pair):
    """Total is never below the seeds' error, and difficulty that both arms share changes nothing."""
    rng = np.random.default_rng(seed)
    items = (micro if by_pair else macro)(["a"] * 6 + ["b"] * 3)
    a, b = rng.normal(0, 1, (2, runs, 9))
    hard = rng.normal(0, 10, 9) + shift
    found, moved = total_error.of_difference(a, b, items), total_error.of_difference(a + hard, b + hard, items)

    assert found.total.se >= found.seeds.se * (1 - 1e-12)
    assert moved.total.se == pytest.approx(found.total.se)
    assert moved.total.value == pytest.approx(found.total.value, abs=1e-9)


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=30), st.integers(0, 1000))
def test_order_of_pairs_does_not_matter(odds, seed):
    """Scores of a suite do not depend on the order of its pairs, and accuracies of turned pairs add up to 1."""
    names = [str(i % 2) for i in range(len(odds))]
    order = np.random.default_rng(seed).permutation(len(odds))
    found = score_pairs(odds, names)
    other = score_pairs(np.array(odds)[order], [names[i] for i in order])
    turned = score_pairs(-np.array(odds), names)

    assert found.log_odds_macro.estimate.value == pytest.approx(other.log_odds_macro.estimate.value)
    assert -10 <= found.log_odds_micro.estimate.value <= 10
    assert found.accuracy_macro.estimate.value + turned.accuracy_macro.estimate.value == pytest.approx(1)


@settings(max_examples=30)
@given(st.floats(0.01, 10), st.floats(0.01, 10), st.integers(2, 12), st.integers(1, 6), st.floats(0, 20))
def test_power_grows(sd_a, sd_b, seeds, arms, difference):
    """Larger differences are found more often, and more arms less; the detectable difference has its power."""
    planned = PlannedComparison(sd_a, sd_b, comparisons=arms)
    now = power(difference, planned, seeds)

    assert 0 <= now <= power(difference + 1, planned, seeds) + 1e-9
    assert power(difference, PlannedComparison(sd_a, sd_b, comparisons=arms + 1), seeds) <= now + 1e-9
    assert power(minimum_detectable_difference(planned, seeds), planned, seeds) == pytest.approx(0.8, abs=1e-3)


@given(st.dictionaries(st.sampled_from("abcdef"), arm, min_size=1), st.booleans())
def test_no_race_drops_too_much(runs, higher):
    """At least half of the arms stay, the baseline among them, and whoever stops is clearly worse than the leader."""
    baseline = min(runs)
    decisions = race(runs, baseline, RacingRule(rungs=2, higher_is_better=higher))
    stopped = [d for d in decisions if d.stops]

    assert {d.arm for d in decisions} == set(runs)
    assert len(stopped) <= len(runs) // 2
    assert baseline not in {d.arm for d in stopped}
    assert all(d.behind.low > 0 and len(runs[d.arm]) >= LEAST_SEEDS for d in stopped)


@given(st.lists(scores, min_size=2, max_size=6), st.floats(1, 1e6))
def test_area_is_a_mean(curve, unit):
    """An area lies between the curve's least and most, and does not change with the unit of words."""
    words = np.arange(1, len(curve) + 1) ** 2.0
    area = curve_area(words, [curve])[0]

    assert min(curve) - 1e-6 <= area <= max(curve) + 1e-6
    assert curve_area(words * unit, [curve])[0] == pytest.approx(area, abs=1e-6)
