"""Item error: how much a score would move if the benchmark had drawn other items of the same paradigms.

Paradigms are fixed (BLiMP's 67 are the benchmark, no sample of paradigms), and items are a sample within each: a
stratified mean (Cochran 1977, ch. 5). A score is ``sum(weights * item scores)``, and its variance the sum over
paradigms of ``I/(I-1) * sum((weight * (value - paradigm mean))**2)``, which for equal weights is the familiar
``W**2 * sd**2 / I``. Bits per byte is the same with bytes as weights (a ratio, linearised) and one stratum.

``run_item_variance`` is the part of it that is noise of run and item together: it shrinks with more seeds, and it is
in the spread of the seed means as well, so that ``total_error`` must count it once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import satterthwaite
from evaluation.stats.scores import Floats


@dataclass(frozen=True)
class Items:
    """How items make up a score: their paradigm and their weight."""

    weights: Floats
    """``(items,)``, adding up to 1."""

    stratum: NDArray[np.intp]
    """``(items,)``, index into ``paradigms``."""

    paradigms: tuple[str, ...]
    sizes: Floats
    """``(paradigms,)``, items of each."""

    def within(self, values: Floats) -> Floats:
        """Return ``values`` ``(items,)`` less their paradigm's weighted mean."""
        total = np.bincount(self.stratum, self.weights)
        return values - (np.bincount(self.stratum, self.weights * values) / total)[self.stratum]


def macro(paradigms: Sequence[Hashable]) -> Items:
    """Weigh every paradigm alike, whatever its number of items: the mean of the paradigms' means."""
    names, stratum, sizes = _strata(paradigms)
    return Items(1 / (sizes[stratum] * len(names)), stratum, names, sizes)


def micro(paradigms: Sequence[Hashable]) -> Items:
    """Weigh every item alike; the paradigms still stratify the error."""
    names, stratum, sizes = _strata(paradigms)
    return Items(np.full(len(stratum), 1 / len(stratum)), stratum, names, sizes)


def weighted(sizes: ArrayLike) -> Items:
    """Weigh items by size, in one stratum: documents by their bytes, for bits per byte.

    Raises:
        StatisticsError: a size is not above 0, or there are fewer than two items.
    """
    amounts = np.asarray(sizes, dtype=np.float64)
    if amounts.ndim != 1 or not np.all(np.isfinite(amounts) & (amounts > 0)):
        hint = "give one size above 0 an item; leave empty documents out"
        raise StatisticsError("sizes of items are not all above 0", where="sizes", hint=hint)
    names, stratum, counts = _strata(["all"] * len(amounts))
    return Items(amounts / amounts.sum(), stratum, names, counts)


def item_variance(values: Floats, items: Items) -> tuple[float, float]:
    """Return (variance, degrees of freedom) of the weighted mean of ``values`` ``(items,)`` over other items."""
    squares = (items.weights * items.within(values)) ** 2
    by_stratum = items.sizes / (items.sizes - 1) * np.bincount(items.stratum, squares)
    df = satterthwaite([(float(v), float(n - 1)) for v, n in zip(by_stratum, items.sizes, strict=True)])
    return float(by_stratum.sum()), df or float(items.sizes.sum() - len(items.sizes))


def run_item_variance(scores: Floats, items: Items) -> tuple[float, float]:
    """Return (variance, degrees of freedom) of the mean of an arm that is noise of single items in single runs.

    Args:
        scores: ``(runs, items)`` with at least two runs.
        items: their paradigms and weights.
    """
    runs = len(scores)
    noise = scores - scores.mean(axis=0)
    squares = sum((items.weights * items.within(row)) ** 2 for row in noise)
    by_stratum = items.sizes / (items.sizes - 1) * np.bincount(items.stratum, squares)
    df = (runs - 1) * float(items.sizes.sum() - len(items.sizes))
    return float(by_stratum.sum()) / (runs * (runs - 1)), df


def _strata(paradigms: Sequence[Hashable]) -> tuple[tuple[str, ...], NDArray[np.intp], Floats]:
    names, stratum, sizes = np.unique(
        np.array([str(name) for name in paradigms]), return_inverse=True, return_counts=True
    )
    if not len(names) or sizes.min() < 2:
        lone = ", ".join(repr(str(name)) for name in names[sizes < 2]) or "none given"
        hint = "one item says nothing of the spread of items: leave the paradigm out, or join it with another"
        raise StatisticsError(f"paradigms with fewer than 2 items: {lone}", where="paradigms", hint=hint)
    return tuple(str(name) for name in names), stratum.astype(np.intp), sizes.astype(np.float64)
