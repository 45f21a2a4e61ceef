"""Racing: only the clearly worse stop, and hardly ever the best."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats.errors import StatisticsError
from evaluation.stats.racing import RacingRule, race

RULE = RacingRule(rungs=3, higher_is_better=True)


def test_clearly_worse_stop():
    """Of five arms two far behind stop, best first in the report."""
    rng = np.random.default_rng(0)
    scores = {name: rng.normal(mean, 0.1, 5) for name, mean in zip("abcde", (0, 5, 4.9, 1, -5), strict=True)}
    decisions = race(scores, "a", RULE)

    assert [d.arm for d in decisions] == ["b", "c", "d", "a", "e"]
    assert [d.arm for d in decisions if d.stops] == ["e"]
    assert decisions[3].why == "the baseline never stops"
    assert decisions[0].behind is None
    assert "clearly worse than b" in decisions[4].why
    json.dumps([dataclasses.asdict(d) for d in decisions], allow_nan=False)


def test_fewer_bits_lead():
    """With bits per byte the lowest leads."""
    scores = {"base": [2.0, 2.01, 2.02], "good": [1.0, 1.01, 1.02], "bad": [3.0, 3.01, 3.02]}
    decisions = race(scores, "base", RacingRule(rungs=1, higher_is_better=False))

    assert [(d.arm, d.stops) for d in decisions] == [("good", False), ("base", False), ("bad", True)]
    assert decisions[2].behind.value == pytest.approx(2)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({"base": [1, 2, 3], "x": [9, 9.1, 9.2], "y": [-9, 9, -8]}, "not clearly"),
        ({"base": [1, 2, 3], "x": [9, 9.1, 9.2], "y": [0.1, 0.2]}, "fewer than 3"),
        ({"base": [1, 1, 1], "x": [9, 9, 9], "y": [0, 0, 0]}, "not clearly"),
    ],
)
def test_unclear_stay(scores, why):
    """Wide intervals, missing runs and runs that do not vary stop nothing."""
    decision = next(d for d in race(scores, "base", RULE) if d.arm == "y")

    assert not decision.stops
    assert why in decision.why


def test_margin_spares_the_slightly_worse():
    """Worse beyond doubt, but by less than matters."""
    scores = {"base": [0, 0.1, 0.05], "x": [1, 1.01, 1.02], "y": [-0.5, -0.51, -0.52]}
    wide = RacingRule(rungs=1, higher_is_better=True, margin=2)

    assert [d.arm for d in race(scores, "base", RULE) if d.stops] == ["y"]
    assert not any(d.stops for d in race(scores, "base", wide))


@pytest.mark.slow
def test_the_best_arm_is_hardly_ever_stopped():
    """Eight arms, all alike or one best, 3 rungs: the best is stopped in at most 5% of races."""
    rng = np.random.default_rng(1)
    for lead in (0, 0.3):
        lost = 0
        for _ in range(400):
            effects = np.zeros(8)
            effects[7] = lead
            running = [f"a{i}" for i in range(8)]
            for _ in range(3):
                scores = {name: effects[int(name[1])] + rng.normal(0, 1, 5) for name in running}
                stopped = {d.arm for d in race(scores, "a0", RULE) if d.stops}
                running = [name for name in running if name not in stopped]
            lost += "a7" not in running
        assert lost / 400 <= 0.05


def test_rules_that_mean_nothing():
    """Refused where they are declared."""
    for settings in ({"rungs": 0}, {"keep": 1}, {"alpha": 0.6}, {"margin": -1}):
        with pytest.raises(StatisticsError):
            RacingRule(**{"rungs": 2, "higher_is_better": True, **settings})
    with pytest.raises(StatisticsError, match="'none'"):
        race({"a": [1, 2, 3]}, "none", RULE)
