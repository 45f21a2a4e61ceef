"""Laws of the schedules, for any settings and any length of run."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from training.optim import schedule
from training.optim.settings import Constant, Cosine, Linear, Rows, Trapezoid

parts = st.one_of(st.integers(0, 60), st.floats(0, 0.99))
lengths = st.dictionaries(st.floats(0.01, 0.99), st.integers(1, 600), max_size=3).map(
    lambda stages: {0.0: 16, **dict(sorted(stages.items()))}
)
rows = st.builds(Rows, start=st.integers(1, 100), stop=st.integers(1, 100))
common = {"warmup": parts, "cooldown": parts, "length": lengths, "rows": rows}
schedules = st.one_of(
    st.builds(Cosine, **common, final=st.floats(0.01, 1)),
    st.builds(Linear, **common, final=st.floats(0.01, 1)),
    st.builds(Constant, **common),
    st.builds(Trapezoid, **common),
)


@given(schedules, st.integers(1, 80))
def test_every_step_learns_at_most_at_the_top(settings, steps):
    """A step at rate 0 is paid for and lost; above 1 the recipe's rate would not be the highest."""
    rates = [schedule.learning_rate(step, steps, settings) for step in range(steps)]
    assert all(0 < rate <= 1 for rate in rates)


@given(schedules, st.integers(1, 80))
def test_the_rate_rises_then_falls(settings, steps):
    """One peak: no phase begins above the end of the one before it."""
    rates = [schedule.learning_rate(step, steps, settings) for step in range(steps)]
    warmup = schedule.in_steps(settings.warmup, steps)
    cooldown = schedule.in_steps(settings.cooldown, steps)
    if warmup + cooldown < steps:
        assert all(one < other for one, other in pairwise(rates[: warmup + 1]))
        assert rates[warmup] == 1
        assert all(one >= other - 1e-12 for one, other in pairwise(rates[warmup:]))


@given(schedules, st.integers(1, 80))
def test_a_step_has_the_tokens_that_the_ramp_asks_for(settings, steps):
    """Longer rows are fewer: never more tokens than at the first length, and less than one row fewer."""
    first = settings.length[0][1]
    for step in range(steps):
        length, count = schedule.length(step, steps, settings), schedule.rows(step, steps, settings)
        asked = round(schedule.ramp(step, steps, settings.rows.start, settings.rows.stop)) * first
        assert count == 1 or asked - length < count * length <= asked
        assert count > 1 or asked < 2 * length


@given(schedules, st.integers(1, 80))
def test_lengths_are_those_of_the_recipe_in_order(settings, steps):
    found = [schedule.length(step, steps, settings) for step in range(steps)]
    order = [tokens for _, tokens in settings.length]
    changes = [found[0]] + [other for one, other in pairwise(found) if one != other]
    places = iter(order)
    assert all(length in places for length in changes)
    assert found[0] == order[0] or steps == 1 or settings.length[1][0] * steps <= 0.5
