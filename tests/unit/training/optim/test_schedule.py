"""Schedules at their edges, and against the published recipe."""

from __future__ import annotations

import math

import pytest

from training.optim import schedule
from training.optim.settings import Constant, Cosine, Linear, Rows, Trapezoid


def rates(steps, settings):
    return [schedule.learning_rate(step, steps, settings) for step in range(steps)]


def test_without_warmup_the_first_step_is_at_the_top():
    for kind in (Cosine, Linear, Constant, Trapezoid):
        assert schedule.learning_rate(0, 50, kind(warmup=0)) == 1.0


def test_warmup_rises_from_just_above_zero_to_just_below_the_top():
    """Each of w steps learns; step w is the first at the top."""
    assert rates(10, Constant(warmup=3)) == [0.25, 0.5, 0.75, *[1.0] * 7]
    assert rates(10, Constant(warmup=0.3)) == rates(10, Constant(warmup=3))


def test_linear_reaches_its_end_just_after_the_last_step():
    assert rates(4, Linear(warmup=0, final=0.0)) == [1.0, 0.75, 0.5, 0.25]


def test_cosine_and_cooldown():
    """The cosine ends where the cooldown begins, which goes from there towards 0."""
    found = rates(104, Cosine(warmup=0, cooldown=4, final=0.1))
    assert found[50] == pytest.approx(0.55)
    assert found[100:] == pytest.approx([0.1, 0.075, 0.05, 0.025])


def test_trapezoid():
    assert rates(10, Trapezoid(warmup=1, cooldown=4)) == [0.5, *[1.0] * 6, 0.75, 0.5, 0.25]


@pytest.mark.parametrize("kind", [Cosine, Linear, Constant, Trapezoid])
def test_a_run_of_one_step_learns(kind):
    assert schedule.learning_rate(0, 1, kind()) == 1.0
    assert schedule.learning_rate(0, 1, kind(warmup=5)) == pytest.approx(1 / 6)
    assert schedule.length(0, 1, kind(length={0.0: 8, 0.7: 16})) == 8
    assert schedule.rows(0, 1, kind(rows=Rows(start=2, stop=9))) == 2


def test_a_run_shorter_than_warmup_and_cooldown():
    """Both hold; nothing is divided by zero and every step learns."""
    assert rates(4, Cosine(warmup=3, cooldown=3)) == pytest.approx([1 / 4, 1 / 2, 3 / 4 * 2 / 3, 1 / 3])


def test_length_changes_at_its_share_of_the_steps():
    settings = Cosine(length={0.0: 128, 0.7: 256, 0.9: 512})
    found = [schedule.length(step, 10, settings) for step in range(10)]
    assert found == [128] * 7 + [256] * 2 + [512]


def test_rows_grow_and_give_way_to_longer_rows():
    """GPT-BERT: 8192 to 32768 rows of 128, half of them at 256, a quarter at 512."""
    settings = Cosine(length={0.0: 128, 0.7: 256, 0.9: 512}, rows=Rows(start=8192, stop=32768))
    steps = 15_625
    assert schedule.rows(0, steps, settings) == 8192
    assert schedule.rows(steps - 1, steps, settings) == 32768 // 4
    change = round(0.7 * steps)
    assert schedule.rows(change, steps, settings) == pytest.approx(
        schedule.rows(change - 1, steps, settings) / 2, abs=1
    )


def test_rows_never_vanish():
    assert schedule.rows(9, 10, Cosine(length={0.0: 64, 0.5: 512}, rows=4)) == 1


def test_the_ramp_meets_its_ends():
    assert [schedule.ramp(step, 4, 0.30, 0.15) for step in (0, 3)] == [0.30, 0.15]
    assert schedule.ramp(0, 1, 0.30, 0.15) == 0.30


def test_the_published_schedule():
    """GPT-BERT's code, from its formulas: 1.6% up, a cosine to a tenth, the last 1.6% down to 0.

    Its first step has rate 0, ours 1/251; its cosine runs on below the cooldown, ours ends there: within half a
    percent of the top everywhere.
    """
    steps, up, down = 15_625, 250, 250
    settings = Cosine(warmup=0.016, cooldown=0.016)
    for step in range(0, steps, 5):
        if step < up:
            published = step / up
        elif step >= steps - down:
            published = 0.1 * (steps - step) / down
        else:
            published = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - up) / (steps - up)))
        assert schedule.learning_rate(step, steps, settings) == pytest.approx(published, abs=0.015)
