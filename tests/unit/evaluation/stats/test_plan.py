"""What a plan says before a minute is spent."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats.errors import StatisticsError
from evaluation.stats.measured import ARMS, CLEAN_ARMS, METRICS, measured_spread, pooled, rung_spread
from evaluation.stats.plan import plan_metric, spread_of_runs


@pytest.mark.parametrize(
    ("metric", "arms", "sd", "by"),
    [
        ("zorro_accuracy", None, 1.4, 0.03),
        ("bits_per_byte_child_directed", CLEAN_ARMS, 0.007, 0.0005),
        ("bits_per_byte_child_directed", None, 0.03, 0.001),
        ("zorro_log_odds", None, 0.097, 0.001),
    ],
)
def test_pooled_spreads(metric, arms, sd, by):
    """The pooled spreads that the notes name, and their degrees of freedom."""
    found = measured_spread(metric, arms)

    assert found.sd == pytest.approx(sd, abs=by)
    assert found.df == (10 if arms is None else 6)


def test_every_metric_has_every_arm():
    """A table with a hole would pool another thing."""
    assert len(ARMS) == 5 * len(METRICS)
    assert len({(row.metric, row.arm) for row in ARMS}) == len(ARMS)


def test_unmeasured_is_refused():
    """No spread is invented."""
    with pytest.raises(StatisticsError, match="'glue'"):
        measured_spread("glue")
    with pytest.raises(StatisticsError):
        measured_spread("zorro_accuracy", ["clean", "other"])
    with pytest.raises(StatisticsError, match="single runs"):
        pooled("x", [(0.0, 1), (0.0, 1)], "a test")


def test_one_point_of_accuracy_wants_many_seeds():
    """At the proxy scale a point of Zorro accuracy takes more than 25 seeds an arm; 5 find 2.8 points."""
    found = plan_metric(measured_spread("zorro_accuracy"), 5, 1.0)

    assert found.seeds_needed > 25
    assert found.detectable == pytest.approx(2.85, abs=0.03)
    assert found.detectable_low < found.detectable < found.detectable_high
    assert found.power < 0.2
    assert found.verdict_possible
    json.dumps(dataclasses.asdict(found), allow_nan=False)


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds(seeds):
    """Below 3 there is no verdict; with 1 not even a detectable difference."""
    found = plan_metric(measured_spread("zorro_accuracy"), seeds, 1.0)

    assert not found.verdict_possible
    assert (found.detectable is None) == (seeds == 1)


def test_more_arms_need_more():
    """Holm's price is in the plan."""
    one, four = (plan_metric(measured_spread("zorro_log_odds"), 5, 0.1, comparisons=n) for n in (1, 4))

    assert four.detectable > one.detectable
    assert four.seeds_needed > one.seeds_needed


def test_own_runs_replace_the_defaults():
    """Spread from a run database is pooled within arms."""
    rng = np.random.default_rng(0)
    arms = {f"arm{i}": rng.normal(i * 10, 2, 6) for i in range(20)}
    found = spread_of_runs("x", {**arms, "single": [3.0]}, "runs.db")

    assert found.sd == pytest.approx(2, rel=0.15)
    assert found.df == 100
    assert found.source == "runs.db"
    assert spread_of_runs("x", list(arms.values()), "runs.db").sd == found.sd


def test_spreads_of_the_ladder_are_of_the_recipe_and_size_that_are_planned():
    """Another recipe, or runs of another length, have a spread of their own."""
    found = rung_spread("bits_per_byte.mean", "llama-proxy", 920_000)
    assert found is not None
    assert (found[0].sd, found[0].df, *found[1:]) == (0.0064, 28, 0.0063, False)
    assert "curation-1m.yaml" in found[0].source
    child, other = (rung_spread(f"bits_per_byte.{name}", "llama-proxy", 1e6) for name in ("my_child", "books"))
    assert child is not None
    assert other is not None
    assert (child[0].sd, other[0].sd) == (0.0101, 0.0059)
    screen = rung_spread("bits_per_byte.mean", "llama-proxy", 230_000)
    assert screen is not None
    assert (screen[0].sd, screen[0].df, *screen[1:]) == (0.0166, 92, 0.0025, True)
    area = rung_spread("bits_per_byte_area.my_child", "llama-proxy", 230_000)
    assert area is not None
    assert (area[0].sd, area[1]) == (0.0132, None)
    assert rung_spread("bits_per_byte_area.mean", "llama-proxy", 920_000) is None
    assert rung_spread("bits_per_byte.mean", "llama-proxy", 75_000) is None
    assert rung_spread("bits_per_byte.mean", "gpt2-proxy", 920_000) is None
    assert rung_spread("blimp.accuracy", "llama-proxy", 920_000) is None
