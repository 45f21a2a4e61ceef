"""Ages of acquisition: where a sigmoid through a learning curve crosses half of the way (Chang & Bergen 2022).

The child's curve and the model's are fitted as the challenge does, in ``evaluation_pipeline/utils.py`` of
babylm/evaluation-pipeline-2025 and of its revision of July 2026 (serdardoesml/babylm-eval). The revision mends three
things: the level of chance was log2(300,000) beside surprisals in nats, each context was a point, and the fit of the
model's curve had no bounds, so that it went astray on many clean curves.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.stats.libraries import library

Floats = NDArray[np.float64]

#: Level of chance in 2025, whatever the model's vocabulary and the unit of its surprisals.
CHANCE_2025 = math.log2(300_000)
_FLAT = 1e-6


def child_age(ages: Floats, shares: Floats) -> float | None:
    """Return the age in months at which half of the children say a word; None if the curve does not tell.

    Args:
        ages: ``[n]``, months.
        shares: ``[n]``, of children, NaN where it is not known.
    """
    known = ~np.isnan(shares)
    ages, shares = ages[known], shares[known]
    if len(ages) < 3:
        return None
    start = (1.0, 0.1, float(ages.mean()), 0.0)
    found = _fit(ages, shares, start, ([0, 0, ages[0], -0.5], [2, 1, ages[-1], 0.5]), 1000)
    age = None if found is None else _crossing(found, 0.5, 0.0)
    return age if age is not None and ages[0] <= age <= ages[-1] else None


def model_step_2025(steps: Floats, surprisals: Floats) -> float | None:
    """Return log10 of the words seen at which a model has half learnt a word, by the rule of 2025; None if it has not.

    Args:
        steps: ``[n]``, words seen, ascending; one point a context.
        surprisals: ``[n]``, nats, NaN where it is not known.
    """
    return _model_step(steps, surprisals, CHANCE_2025, bounded=False)


def model_step(steps: Floats, surprisals: Floats, chance: float) -> float | None:
    """Return log10 of the words seen at which a model has half learnt a word, as revised in 2026; None if it has not.

    Args:
        steps: ``[n]``, words seen, ascending.
        surprisals: ``[n]``, nats, means over contexts, NaN where it is not known.
        chance: surprisal of a guess, nats: tokens of the word times the logarithm of the vocabulary.
    """
    return _model_step(steps, surprisals, chance, bounded=True)


def _model_step(steps: Floats, surprisals: Floats, chance: float, *, bounded: bool) -> float | None:
    if len(steps) < 3:
        return None
    known = ~np.isnan(surprisals)
    steps, learnt = steps[known], -surprisals[known]
    if not len(steps):
        return None
    level = -chance + (chance + float(learnt.max())) / 2
    times = np.log10(steps + 1)
    low, high = float(learnt.min()), float(learnt.max())
    reach = high - low
    start = (reach, 1.0, float(times.mean()), low)
    bounds = None
    if bounded:
        bounds = (
            [0, 0, float(times.min()) - 1, low - 2 * reach - 1],
            [10 * reach + 1, 100, float(times.max()) + 1, high + 1],
        )
    found = _fit(times, learnt, start, bounds, 20_000 if bounded else 1000)
    time = None if found is None else _crossing(found, level, _FLAT if bounded else 0.0)
    if time is None or not math.isfinite(time):
        return None
    return time if time < 300 and steps[0] <= 10**time - 1 <= steps[-1] else None


def _fit(
    x: Floats,
    y: Floats,
    start: tuple[float, ...],
    bounds: tuple[Sequence[float], Sequence[float]] | None,
    most: int,
) -> Floats | None:
    """Return height, slope, middle and foot of the sigmoid through points; None if none is found."""
    curve_fit = library("scipy.optimize").curve_fit
    options = {} if bounds is None else {"bounds": bounds}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # its errors are not asked for
        try:
            found, _ = curve_fit(_sigmoid, x, y, p0=start, maxfev=most, **options)
        except (RuntimeError, ValueError, TypeError):  # it went astray, or there are fewer points than parameters
            return None
    values: Floats = np.asarray(found, np.float64)
    return values


def _sigmoid(x: Floats, height: float, slope: float, middle: float, foot: float) -> Floats:
    value: Floats = height / (1 + np.exp(-slope * (x - middle))) + foot
    return value


def _crossing(found: Floats, level: float, least: float) -> float | None:
    """Return where the curve has a level; None if it never has it, or does not rise."""
    height, slope, middle, foot = found.tolist()
    if slope <= least or height <= least or level <= foot or level >= height + foot:
        return None
    return float(middle - math.log(height / (level - foot) - 1) / slope)
