"""Scores of one model on minimal pairs: accuracy and mean clipped log-odds, with errors over items.

Items are nested in paradigms. ``se`` of the estimates takes paradigms as fixed (stratified, see ``item_error``): it is
for claims about this benchmark. ``clustered_se`` takes them as a sample (Liang & Zeger 1986 clusters, corrected by
G/(G-1)): for claims about grammar at large; it is several times larger, and rests on the paradigms' number.

Log-odds are log p(good) - log p(bad) in nats, clipped so that a few long sentences do not carry the mean. A tie is half
right (not right, as ``max`` over a tie makes it).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate, t_estimate
from evaluation.stats.item_error import Items, item_variance, macro, micro
from evaluation.stats.scores import Floats

CLIP = 10.0


@dataclass(frozen=True)
class PairMean:
    """A mean over pairs with both its errors."""

    estimate: Estimate
    """Paradigms fixed, items sampled."""

    clustered_se: float | None
    """Paradigms sampled; None for a single one."""


@dataclass(frozen=True)
class ParadigmScore:
    """One paradigm."""

    paradigm: str
    pairs: int
    accuracy: float
    log_odds: float


@dataclass(frozen=True)
class PairScores:
    """One model on one suite. Accuracy is a share from 0 to 1, log-odds are in nats."""

    accuracy_macro: PairMean
    accuracy_micro: PairMean
    log_odds_macro: PairMean
    log_odds_micro: PairMean
    pairs: int
    ties: int
    clipped: int
    """Pairs beyond ``clip``."""

    clip: float
    paradigms: tuple[ParadigmScore, ...]


def accuracy_by_item(log_odds: ArrayLike) -> Floats:
    """Return 1 where the good sentence is likelier, 0 where it is not, .5 at a tie; same shape."""
    return (np.sign(np.asarray(log_odds, dtype=np.float64)) + 1) / 2


def clipped_by_item(log_odds: ArrayLike, *, clip: float = CLIP) -> Floats:
    """Return log-odds cut off at ``-clip`` and ``clip``; same shape."""
    return np.clip(np.asarray(log_odds, dtype=np.float64), -clip, clip)


def score_pairs(
    log_odds: ArrayLike, paradigms: Sequence[Hashable], *, clip: float = CLIP, level: float = 0.95
) -> PairScores:
    """Score one model.

    Args:
        log_odds: ``(pairs,)`` log p(good) - log p(bad), nats. Infinite ones are clipped.
        paradigms: ``(pairs,)`` names.
        clip: largest log-odds that count, nats.
        level: of the intervals.

    Raises:
        StatisticsError: not as many names as pairs, a log-odds that is no number, or a paradigm with a single pair.
    """
    odds = np.asarray(log_odds, dtype=np.float64)
    if odds.ndim != 1 or len(odds) != len(paradigms) or np.isnan(odds).any():
        message = f"{odds.shape} log-odds for {len(paradigms)} pairs, {int(np.isnan(odds).sum())} of them no number"
        raise StatisticsError(message, where="minimal pairs", hint="score every pair; a model that fails has no score")
    right, cut = accuracy_by_item(odds), clipped_by_item(odds, clip=clip)
    by_paradigm, by_pair = macro(paradigms), micro(paradigms)
    within = [np.bincount(by_pair.stratum, values) / by_pair.sizes for values in (right, cut)]
    return PairScores(
        accuracy_macro=pair_mean(right, by_paradigm, level=level),
        accuracy_micro=pair_mean(right, by_pair, level=level),
        log_odds_macro=pair_mean(cut, by_paradigm, level=level),
        log_odds_micro=pair_mean(cut, by_pair, level=level),
        pairs=len(odds),
        ties=int((odds == 0).sum()),
        clipped=int((np.abs(odds) > clip).sum()),
        clip=clip,
        paradigms=tuple(
            ParadigmScore(name, int(size), float(accuracy), float(mean))
            for name, size, accuracy, mean in zip(by_pair.paradigms, by_pair.sizes, *within, strict=True)
        ),
    )


def pair_mean(values: Floats, items: Items, *, level: float = 0.95) -> PairMean:
    """Return the weighted mean of ``values`` ``(items,)`` with both errors."""
    mean = float(items.weights @ values)
    variance, df = item_variance(values, items)
    groups = len(items.paradigms)
    if groups < 2:
        return PairMean(t_estimate(mean, variance, df, level=level), None)
    sums = np.bincount(items.stratum, items.weights * (values - mean))
    clustered = float((sums**2).sum()) * groups / (groups - 1)
    return PairMean(t_estimate(mean, variance, df, level=level), clustered**0.5)
