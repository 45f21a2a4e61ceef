"""From comparisons of all arms on the primary metric to one verdict an arm, corrected by Holm over the arms planned.

Better or worse: the corrected p is below alpha. Equivalent: the corrected p of the equivalence test is, and no
difference was shown. Undecided: neither, which says how large a difference could have been missed. None: too few runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from evaluation.stats.compare import Comparison
from evaluation.stats.multiple import benjamini_hochberg, holm
from evaluation.stats.scores import Floats

Finding = Literal["better", "worse", "equivalent", "undecided", "none"]


@dataclass(frozen=True)
class Verdict:
    """What may be said of an arm."""

    arm: str
    finding: Finding
    p: float | None
    """Corrected for the number of arms."""

    equivalence_p: float | None
    """Corrected alike; None where no margin was named."""

    within_margin: bool
    """The difference, shown or not, is shown to be smaller than the margin."""

    why: str


def verdicts(comparisons: Sequence[Comparison], *, planned: int = 0, alpha: float = 0.05) -> tuple[Verdict, ...]:
    """Judge every arm on the primary metric.

    Args:
        comparisons: of the arms that have finished runs.
        planned: arms that were to be compared: the family does not shrink when some are stopped or fail. 0 takes those
            that gave a p value.
        alpha: over the family.
    """
    return _judge(comparisons, holm, planned, alpha)


def explore(comparisons: Sequence[Comparison], *, alpha: float = 0.05) -> tuple[Verdict, ...]:
    """Judge exploratory comparisons, of all metrics and arms together: a share ``alpha`` of findings may be false."""
    return _judge(comparisons, benjamini_hochberg, 0, alpha)


def _judge(
    comparisons: Sequence[Comparison], correct: Callable[[ArrayLike], Floats], planned: int, alpha: float
) -> tuple[Verdict, ...]:
    corrected = _corrected([c.p for c in comparisons], correct, planned)
    equal = _corrected([c.equivalence.p if c.equivalence else None for c in comparisons], correct, planned)
    return tuple(_verdict(c, p, e, alpha) for c, p, e in zip(comparisons, corrected, equal, strict=True))


def _corrected(values: list[float | None], correct: Callable[[ArrayLike], Floats], planned: int) -> list[float | None]:
    """Correct the p values that there are; of a planned family the others count as tests that found nothing."""
    known = [value for value in values if value is not None]
    adjusted = iter(correct([*known, *[1.0] * (planned - len(known))]).tolist())
    return [None if value is None else next(adjusted) for value in values]


def _verdict(comparison: Comparison, p: float | None, equal: float | None, alpha: float) -> Verdict:
    within = equal is not None and equal < alpha
    if p is None:
        return Verdict(comparison.arm, "none", None, equal, within, comparison.p_from)
    if p < alpha:
        good = (comparison.difference.value > 0) == comparison.higher_is_better
        why = f"{comparison.p_from}, corrected p {p:.2g}"
        return Verdict(comparison.arm, "better" if good else "worse", p, equal, within, why)
    if within and comparison.equivalence is not None:
        why = f"smaller than {comparison.equivalence.margin:g} either way, corrected p {equal:.2g}"
        return Verdict(comparison.arm, "equivalent", p, equal, within, why)
    missed = "" if comparison.detectable is None else f"; found with probability .8: {comparison.detectable:.2g}"
    return Verdict(comparison.arm, "undecided", p, equal, within, f"{comparison.p_from}, corrected p {p:.2g}{missed}")
