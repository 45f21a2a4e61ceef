"""Areas and ribbons of learning curves."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats.errors import StatisticsError
from evaluation.stats.learning_curve import curve_area, on_grid, seed_ribbon

WORDS = [1e5, 1e6, 1e7]


def test_area_by_hand():
    """Two decades: the mean of the two trapezia, in the metric's unit."""
    assert curve_area(WORDS, [[50, 60, 80], [50, 50, 50]]) == pytest.approx([62.5, 50])


def test_every_decade_counts_alike():
    """The area is on log words: early learning counts, where on plain words only the end would."""
    early, late = curve_area(WORDS, [[50, 80, 80], [50, 50, 80]])

    assert early - late == pytest.approx(15)
    assert curve_area([1e2, 1e3, 1e4], [[50, 60, 80]]) == pytest.approx(curve_area(WORDS, [[50, 60, 80]]))


def test_reading_between_points():
    """Straight between points on the log axis, and not beyond them."""
    assert on_grid(WORDS, [50, 60, 80], [1e5, 10**5.5, 1e7]) == pytest.approx([50, 55, 80])
    with pytest.raises(StatisticsError, match="1e\\+08"):
        on_grid(WORDS, [50, 60, 80], [1e6, 1e8])


def test_ribbon_coverage():
    """At each point 95% of ribbons hold the true mean."""
    rng = np.random.default_rng(0)
    truth = np.array([1.0, 2.0, 4.0])
    held = np.zeros(3)
    for _ in range(3000):
        points = seed_ribbon(WORDS, truth + rng.normal(0, [0.1, 1, 2], (5, 3)))
        held += [p.low <= t <= p.high for p, t in zip(points, truth, strict=True)]

    assert np.all((held / 3000 >= 0.935) & (held / 3000 <= 0.965))


def test_a_single_run_has_no_ribbon():
    """A line, and its points."""
    points = seed_ribbon(WORDS, [[1, 2, 3]])

    assert [(p.mean, p.low, p.least, p.most) for p in points] == [(1, None, 1, 1), (2, None, 2, 2), (3, None, 3, 3)]
    json.dumps([dataclasses.asdict(p) for p in points], allow_nan=False)


@pytest.mark.parametrize("words", [[0, 1, 2], [1, 1, 2], [3, 2, 1], [5], [1, 2]])
def test_words_rise(words):
    """Words seen rise from above 0, one for each score."""
    with pytest.raises(StatisticsError):
        curve_area(words, [[1, 2, 3]])
