"""Total error of a difference of arms: other seeds AND other items, with both parts shown.

``total² = sd_A²/n_A + sd_B²/n_B + item²``, where ``item`` is the error of the *difference* on the same items: items are
paired, so what makes an item hard for both arms falls out. Item resampling alone gives intervals about half as wide as
they should be on Zorro (``training.md`` §4: .6 to .7 points against 1.2 of seeds at n = 3).

Noise of single items in single runs is in the spread of seed means and in the spread of items' differences. With
scores by item it can be told apart, and is counted once, as in errors clustered two ways (Cameron, Gelbach & Miller
2011, J. Bus. Econ. Stat. 29:238: seeds + items - both; Owen 2007, Ann. Appl. Stat. 1:386). Without (``from_parts``) it
counts twice, and the interval is somewhat too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate, satterthwaite, t_estimate
from evaluation.stats.item_error import Items, item_variance, run_item_variance
from evaluation.stats.scores import Floats, item_scores
from evaluation.stats.seed_error import from_variances, mean_variance


@dataclass(frozen=True)
class TotalError:
    """A score or a difference of scores with each part of its error."""

    seeds: Estimate
    """Error over seeds alone: holds for just these items."""

    items: Estimate
    """Error over items alone: holds for just these trained runs. Too narrow to claim anything of a corpus."""

    total: Estimate
    """Over both: what a claim about a corpus and an ability rests on."""

    seed_se: float | None
    item_se: float
    """As ``items.se``; includes the noise of item and run."""

    shared_se: float | None
    """The noise of item and run that is in both of the above, and counted once in ``total``."""


def of_difference(a: ArrayLike, b: ArrayLike, items: Items, *, paired: bool = False, level: float = 0.95) -> TotalError:
    """Estimate the difference of two arms with its total error.

    Args:
        a: ``(runs, items)`` scores of the first arm.
        b: the same for the second arm, on the same items in the same order; runs may be fewer or more.
        items: paradigms and weights.
        paired: run i of both arms shares its seed and order, and seeds are known to correlate (see ``pairing``).
        level: of the intervals.

    Raises:
        StatisticsError: items differ between the arms, scores are not finite, or runs cannot be paired.
    """
    count = len(items.weights)
    first, second = item_scores(a, count, where="a"), item_scores(b, count, where="b")
    if not paired:
        by_item = first.mean(axis=0) - second.mean(axis=0)
        return _total([first, second], by_item, items, level)
    if len(first) != len(second):
        hint = "leave out the seeds that only one arm has, or compare unpaired"
        raise StatisticsError(f"{len(first)} and {len(second)} runs cannot be paired", where="paired", hint=hint)
    return _total([first - second], (first - second).mean(axis=0), items, level)


def of_mean(scores: ArrayLike, items: Items, *, level: float = 0.95) -> TotalError:
    """Estimate the score of one arm, from ``(runs, items)``, with its total error."""
    runs = item_scores(scores, len(items.weights))
    return _total([runs], runs.mean(axis=0), items, level)


def from_parts(
    difference: float,
    seeds: list[tuple[float, int]],
    item_se: float,
    item_df: float,
    *,
    level: float = 0.95,
) -> Estimate:
    """Estimate a difference from published parts: (sd over runs, runs) of each arm, and an error over items."""
    parts = [(sd**2 / runs, float(runs - 1)) if runs > 1 else None for sd, runs in seeds]
    return from_variances(difference, [*parts, (item_se**2, item_df)], level=level)


def _total(arms: list[Floats], by_item: Floats, items: Items, level: float) -> TotalError:
    value = float(items.weights @ by_item)
    seed_parts = [mean_variance(arm @ items.weights) for arm in arms]
    item_part = item_variance(by_item, items)
    seeds = from_variances(value, seed_parts, level=level)
    only_items = t_estimate(value, *item_part, level=level)
    known = [part for part in seed_parts if part is not None]
    # Runs that do not vary at all tell as little of the seeds' error as a single run does.
    if len(known) < len(arms) or not sum(variance for variance, _ in known):
        unknown = t_estimate(value, None, None, level=level)
        return TotalError(seeds, only_items, unknown, None, item_part[0] ** 0.5, None)
    both = [run_item_variance(arm, items) for arm in arms]
    shared = sum(variance for variance, _ in both)
    seed_variance = sum(variance for variance, _ in known)
    variance = seed_variance + max(0.0, item_part[0] - shared)
    # Satterthwaite over all mean squares; a subtracted one adds to the uncertainty as an added one does.
    spread = satterthwaite([*known, item_part, *both])
    squares = (seed_variance + item_part[0] + shared) ** 2
    df = spread * variance**2 / squares if spread and squares else None
    total = t_estimate(value, variance, df, level=level)
    return TotalError(seeds, only_items, total, seed_variance**0.5, item_part[0] ** 0.5, shared**0.5)
