"""Scores as they come in: checked once, then plain float64 arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.stats.errors import StatisticsError

Floats = NDArray[np.float64]


def run_scores(values: ArrayLike, *, where: str = "scores", least: int = 1) -> Floats:
    """Return one score a training run, float64 ``(runs,)``.

    Raises:
        StatisticsError: not one-dimensional, not finite, or fewer than ``least`` runs.
    """
    scores = _finite(values, where)
    if scores.ndim != 1:
        hint = "give one number a training run: average its items first"
        raise StatisticsError(f"scores have the shape {scores.shape}, not (runs,)", where=where, hint=hint)
    _enough(len(scores), least, where)
    return scores


def item_scores(values: ArrayLike, items: int, *, where: str = "scores", least: int = 1) -> Floats:
    """Return one score a run and item, float64 ``(runs, items)``.

    Raises:
        StatisticsError: another shape, not finite, or fewer than ``least`` runs.
    """
    scores = _finite(values, where)
    if scores.ndim != 2 or scores.shape[1] != items:
        hint = "every run of every arm must be scored on the same items, in the same order"
        raise StatisticsError(f"scores have the shape {scores.shape}, not (runs, {items})", where=where, hint=hint)
    _enough(len(scores), least, where)
    return scores


def _finite(values: ArrayLike, where: str) -> Floats:
    scores = np.asarray(values, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(scores))
    if len(bad):
        place = ", ".join(str(int(index)) for index in bad[0])
        hint = "leave a failed run out, and say so: it is not a score"
        raise StatisticsError(f"score [{place}] is {scores[tuple(bad[0])]}", where=where, hint=hint)
    return scores


def _enough(runs: int, least: int, where: str) -> None:
    if runs < least:
        hint = "train more seeds"
        raise StatisticsError(f"{runs} run(s), and this needs at least {least}", where=where, hint=hint)
