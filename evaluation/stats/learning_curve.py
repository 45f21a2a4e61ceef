"""Learning curves: area under the score against the logarithm of words seen, and ribbons over seeds.

The area is divided by its width, so that it is a mean score in the metric's own unit, each doubling of words counting
alike. One number a run: it is compared like any other score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats import seed_error
from evaluation.stats.errors import StatisticsError
from evaluation.stats.scores import Floats, item_scores


@dataclass(frozen=True)
class RibbonPoint:
    """The runs of an arm after ``words`` words."""

    words: float
    mean: float
    low: float | None
    high: float | None
    """Interval of the mean over seeds, of this point alone; None for one run, or runs that do not vary."""

    least: float
    most: float


def curve_area(words: ArrayLike, scores: ArrayLike) -> Floats:
    """Return the area under each run's curve against log words, divided by its width.

    Args:
        words: ``(points,)`` words seen, rising, above 0.
        scores: ``(runs, points)``.

    Returns:
        ``(runs,)`` in the metric's unit.

    Raises:
        StatisticsError: fewer than two points, words that do not rise, or scores of another shape.
    """
    grid = np.log10(_grid(words))
    runs = item_scores(scores, len(grid), where="learning curve")
    area: Floats = np.trapezoid(runs, grid, axis=1) / (grid[-1] - grid[0])
    return area


def on_grid(words: ArrayLike, scores: ArrayLike, grid: ArrayLike) -> Floats:
    """Read one run's curve at other words seen, straight between its points on the log axis.

    Args:
        words: ``(points,)`` at which the run was scored.
        scores: ``(points,)``.
        grid: ``(wanted,)`` inside the run's range.

    Raises:
        StatisticsError: the grid goes beyond the run: a curve is not made longer than it was trained.
    """
    known, wanted = _grid(words), _grid(grid)
    values = item_scores(np.asarray(scores, dtype=np.float64)[None], len(known), where="learning curve")[0]
    if wanted[0] < known[0] * (1 - 1e-9) or wanted[-1] > known[-1] * (1 + 1e-9):
        message = (
            f"the grid goes from {wanted[0]:g} to {wanted[-1]:g} words, the run from {known[0]:g} to {known[-1]:g}"
        )
        hint = "compare curves where all runs have points"
        raise StatisticsError(message, where="learning curve", hint=hint)
    curve: Floats = np.interp(np.log10(wanted), np.log10(known), values)
    return curve


def seed_ribbon(words: ArrayLike, scores: ArrayLike, *, level: float = 0.95) -> tuple[RibbonPoint, ...]:
    """Return mean, t interval and range over seeds at each point.

    Args:
        words: ``(points,)`` words seen, rising.
        scores: ``(runs, points)``.
        level: of each point's interval.
    """
    grid = _grid(words)
    runs = item_scores(scores, len(grid), where="learning curve")
    points = []
    for seen, column in zip(grid, runs.T, strict=True):
        mean = seed_error.mean(column, level=level)
        points.append(
            RibbonPoint(float(seen), mean.value, mean.low, mean.high, float(column.min()), float(column.max()))
        )
    return tuple(points)


def _grid(words: ArrayLike) -> Floats:
    grid = np.asarray(words, dtype=np.float64)
    if grid.ndim != 1 or len(grid) < 2 or grid[0] <= 0 or not np.all(np.isfinite(grid)) or np.any(np.diff(grid) <= 0):
        hint = "give words seen, above 0 and rising, at two points or more; leave the untrained model out"
        raise StatisticsError("words seen do not rise from above 0", where="learning curve", hint=hint)
    return grid
