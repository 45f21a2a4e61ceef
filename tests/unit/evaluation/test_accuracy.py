"""Credits and their means: every tie rule, nested groups, and the error of a stratified mean."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.accuracy import SAME, judge, macro, micro

RIGHT, WRONG, TIE = [-1.0, -2.0], [-2.0, -1.0], [-1.5, -1.5]


@pytest.mark.parametrize(("rule", "earned"), [("half", 0.5), ("gold", 1.0), ("strict", 0.0)])
def test_a_tie_earns_what_its_rule_says(rule, earned):
    found = judge(np.array([RIGHT, WRONG, TIE]), np.zeros(3, np.int64), rule)
    assert found.credit.tolist() == [1.0, 0.0, earned]
    assert found.tied.tolist() == [False, False, True]
    assert found.chosen.tolist() == [0, 1, 0]


def test_random_ties_are_drawn_by_the_seed_and_half_of_them_are_right():
    table = np.full((2000, 2), -1.0)
    gold = np.zeros(2000, np.int64)
    first, again = (judge(table, gold, "random", 7).credit for _ in range(2))
    assert (first == again).all()
    assert not (first == judge(table, gold, "random", 8).credit).all()
    assert abs(first.mean() - 0.5) < 0.04


def test_a_tie_among_k_options_earns_one_kth():
    table = np.array([[-1.0, -1.0, -1.0, -2.0], [-1.0, -1.0, -3.0, -np.inf]])
    assert judge(table, np.zeros(2, np.int64)).credit.tolist() == pytest.approx([1 / 3, 1 / 2])
    assert judge(table, np.array([3, 2])).credit.tolist() == [0.0, 0.0]


def test_noise_of_batching_is_a_tie_and_the_official_rule_compares_exactly():
    near = np.array([[-1.0 - SAME / 2, -1.0]])
    assert judge(near, np.zeros(1, np.int64), "half").credit[0] == 0.5
    assert judge(near, np.zeros(1, np.int64), "gold").credit[0] == 0.0


def test_log_odds_are_clipped_on_both_sides():
    found = judge(np.array([[-1.0, -99.0], [-99.0, -1.0], [-1.0, -2.5]]), np.zeros(3, np.int64))
    assert found.log_odds.tolist() == [10.0, -10.0, 1.5]


def test_macro_weighs_groups_alike_at_each_level():
    values = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    groups = ["a/x", "a/x", "a/x", "a/y", "b/x", "b/x"]
    assert macro(values, groups).value == pytest.approx(((1 + 0) / 2 + 0.5) / 2)
    assert micro(values).value == pytest.approx(4 / 6)


def test_the_error_is_that_of_a_stratified_mean():
    rng = np.random.default_rng(3)
    shares, sizes = [0.2, 0.5, 0.9], [50, 200, 100]
    groups = [str(g) for g, size in enumerate(sizes) for _ in range(size)]

    def sample():
        return np.concatenate([rng.random(size) < share for share, size in zip(shares, sizes, strict=True)]).astype(
            float
        )

    means = [macro(sample(), groups).value for _ in range(2000)]
    assert macro(sample(), groups).stderr == pytest.approx(np.std(means), rel=0.1)


def test_one_item_in_a_group_has_no_error_to_tell():
    assert macro(np.array([1.0, 0.0, 1.0]), ["a", "a", "b"]).stderr is None
    assert macro(np.zeros(0), []).value == 0.0
    assert micro(np.zeros(0)).stderr is None
