"""One model on minimal pairs: means with both errors, ties, clipping."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats.errors import StatisticsError
from evaluation.stats.item_error import macro, micro
from evaluation.stats.minimal_pairs import accuracy_by_item, clipped_by_item, pair_mean, score_pairs
from tests.unit.evaluation.stats.simulation import coverage, within

UNEVEN = np.repeat([f"p{i}" for i in range(12)], [20, 60, 100, 20, 60, 100, 20, 60, 100, 20, 60, 100])
MEANS = dict(zip(sorted(set(UNEVEN)), np.linspace(-0.5, 2.5, 12), strict=True))
CENTRES = np.array([MEANS[name] for name in UNEVEN])


@pytest.mark.parametrize(
    ("which", "by_pair"),
    [("log_odds_macro", False), ("log_odds_micro", True), ("accuracy_macro", False), ("accuracy_micro", True)],
)
def test_coverage(which, by_pair):
    """Drawing items anew in the same paradigms, 95% of intervals hold the truth."""
    draws = np.random.default_rng(9).normal(0, 3, 2_000_000)
    each = {
        name: (np.clip(mean + draws, -10, 10).mean() if "odds" in which else (mean + draws > 0).mean())
        for name, mean in MEANS.items()
    }
    truth = np.mean([each[name] for name in UNEVEN]) if by_pair else np.mean(list(each.values()))

    items = (micro if by_pair else macro)(UNEVEN)
    values = clipped_by_item if "odds" in which else accuracy_by_item

    def estimate(rng):
        return pair_mean(values(CENTRES + rng.normal(0, 3, len(UNEVEN))), items).estimate

    assert within(coverage(estimate, truth))
    once = CENTRES + np.random.default_rng(0).normal(0, 3, len(UNEVEN))
    assert getattr(score_pairs(once, UNEVEN), which) == pair_mean(values(once), items)


def test_clustered_error_is_of_new_paradigms():
    """If paradigms were drawn too, the clustered error is what the mean moves by, and the stratified one too small."""
    rng = np.random.default_rng(3)
    names = np.repeat([f"p{i:02}" for i in range(40)], 25)
    items = macro(names)
    means, clustered, fixed = [], [], []
    for _ in range(600):
        odds = np.repeat(rng.normal(1, 1.5, 40), 25) + rng.normal(0, 2, 1000)
        found = pair_mean(clipped_by_item(odds), items)
        means.append(found.estimate.value)
        clustered.append(found.clustered_se**2)
        fixed.append(found.estimate.se**2)

    assert np.mean(clustered) == pytest.approx(np.var(means), rel=0.15)
    assert np.mean(fixed) < 0.2 * np.var(means)


def test_values_by_hand():
    """Four pairs, two paradigms: a tie is half right, 25 nats count 10."""
    found = score_pairs([25.0, -1.0, 0.0, 2.0], ["a", "a", "b", "b"])

    assert found.accuracy_macro.estimate.value == pytest.approx((0.5 + 0.75) / 2)
    assert found.log_odds_macro.estimate.value == pytest.approx((4.5 + 1.0) / 2)
    assert (found.ties, found.clipped, found.pairs) == (1, 1, 4)
    # Standard deviations 11/sqrt(2) and sqrt(2) of two pairs each.
    assert found.log_odds_macro.estimate.se == pytest.approx((0.25 * (60.5 / 2 + 2 / 2)) ** 0.5)
    assert [(p.paradigm, p.accuracy, p.log_odds) for p in found.paradigms] == [("a", 0.5, 4.5), ("b", 0.75, 1.0)]
    json.dumps(dataclasses.asdict(found), allow_nan=False)


def test_infinite_log_odds_are_clipped():
    """A sentence that a model holds impossible has log-odds without end; the mean has not."""
    found = score_pairs([np.inf, -np.inf, 1, 2], ["a"] * 4)

    assert found.log_odds_micro.estimate.value == pytest.approx(3 / 4)
    assert found.clipped == 2
    assert found.log_odds_micro.clustered_se is None


@pytest.mark.parametrize("odds", [[1, np.nan], [1, 2, 3], [[1, 2]]])
def test_unscored_pairs_are_refused(odds):
    """No number is no score."""
    with pytest.raises(StatisticsError):
        score_pairs(odds, ["a", "a"])
