"""How long a run is, and how long and how many its rows are at each step: computed before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.batches.loader import Batches
from training.config import Recipe
from training.errors import RecipeError
from training.optim import schedule
from training.shards import Shards

if TYPE_CHECKING:
    from collections.abc import Callable

#: Rows that are laid out to learn how many words a row has.
SAMPLE = 256


@dataclass(frozen=True)
class Steps:
    """The shape of a run."""

    lengths: list[int]
    """Tokens of a row at each step."""

    counts: list[int]
    """Rows at each step."""

    words: int
    """Words that the run will see, estimated from a sample of rows of each length."""

    @property
    def tokens(self) -> int:
        """Positions of all steps, padding included."""
        return sum(length * count for length, count in zip(self.lengths, self.counts, strict=True))

    def tokens_in(self, step: int) -> int:
        """Return the positions of a step, padding included."""
        return self.lengths[step] * self.counts[step]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.lengths)


def shape(recipe: Recipe, total: int) -> tuple[list[int], list[int]]:
    """Return lengths and counts of a run of ``total`` steps."""
    steps = range(total)
    lengths = [schedule.length(step, total, recipe.schedule) for step in steps]
    return lengths, [schedule.rows(step, total, recipe.schedule) for step in steps]


def plan_steps(recipe: Recipe, shards: Shards, make: Callable[[list[int], list[int]], Batches]) -> Steps:
    """Return the steps of a run; ``make(lengths, counts)`` builds its batches.

    Raises:
        RecipeError: the corpus has no row of a length that the schedule asks for.
    """
    words_in_row: dict[int, float] = {}

    def words(lengths: list[int], counts: list[int]) -> float:
        for length in set(lengths) - words_in_row.keys():
            words_in_row[length] = _words_in_row(make, length, shards)
        return sum(words_in_row[length] * count for length, count in zip(lengths, counts, strict=True))

    duration = recipe.duration
    if duration.steps is not None:
        total = duration.steps
    else:
        target = duration.words or (duration.epochs or 1) * shards.words_total
        total = _steps_for(target, lambda steps: words(*shape(recipe, steps)))
    lengths, counts = shape(recipe, total)
    return Steps(lengths, counts, round(words(lengths, counts)))


def _words_in_row(make: Callable[[list[int], list[int]], Batches], length: int, shards: Shards) -> float:
    batches = make([length], [1])
    available = batches.rows_in_epoch(length)
    if available < 1:
        raise RecipeError(
            f"the training text has {shards.tokens_total:,} tokens: not one row of {length}",
            where="schedule.length",
            hint="use shorter rows or a larger corpus",
        )
    count = min(SAMPLE, available)
    # Text of very long words may show none in the sample; over all rows there are some.
    return make([length], [count])[0].words / count or max(shards.words_total, 1) / available


def _steps_for(target: float, words: Callable[[int], float]) -> int:
    """Return the smallest number of steps that sees at least ``target`` words."""
    high = 1
    while words(high) < target:
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if words(middle) < target else (low, middle)
    return high
