"""Racing: which arms stop after a rung of training, by a rule that is declared before the run.

Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943) with a guard that it lacks. After a rung, arms are
ordered by the primary metric; only arms below the best ``1/keep`` may stop, and of these only the *clearly worse*: the
one-sided Welch interval of (leader - arm) lies above the margin, at alpha divided by rungs and by rivals. So the truly
best arm is stopped in at most a share ``alpha`` of races, whichever arm leads by luck (union bound over leaders and
rungs). The baseline never stops: all else is compared with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from evaluation.stats.compare import LEAST_SEEDS
from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate
from evaluation.stats.scores import run_scores
from evaluation.stats.seed_error import welch


@dataclass(frozen=True)
class RacingRule:
    """The declared rule."""

    rungs: int
    """How often the race is judged."""

    higher_is_better: bool
    keep: int = 2
    """The best 1/keep of the arms, rounded up, stay whatever their scores."""

    alpha: float = 0.05
    margin: float = 0.0
    """How much worse than the leader an arm must surely be, in the metric's unit."""

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        if self.rungs < 1 or self.keep < 2 or self.margin < 0 or not 0 < self.alpha < 0.5:
            message = f"rungs {self.rungs}, keep {self.keep}, margin {self.margin}, alpha {self.alpha}"
            hint = "rungs from 1, keep from 2, margin from 0, alpha between 0 and 0.5"
            raise StatisticsError(message, where="racing", hint=hint)


@dataclass(frozen=True)
class RaceDecision:
    """What happens to one arm after a rung."""

    arm: str
    stops: bool
    leader: str
    """The arm with the best mean, which it is compared with."""

    behind: Estimate | None
    """How far it is behind the leader, above 0 where it is worse; two-sided interval of twice the one-sided alpha."""

    why: str


def race(scores: Mapping[str, ArrayLike], baseline: str, rule: RacingRule) -> tuple[RaceDecision, ...]:
    """Decide which arms stop after a rung.

    Args:
        scores: of each arm still running, its runs' primary metric ``(runs,)`` after as many words for all.
        baseline: the arm that never stops.
        rule: the declared rule.

    Returns:
        One decision an arm, best mean first.

    Raises:
        StatisticsError: the baseline is not among the arms, or a score is not finite.
    """
    if baseline not in scores:
        hint = f"arms still running: {', '.join(scores)}"
        raise StatisticsError(f"the baseline {baseline!r} is not in the race", where="racing", hint=hint)
    sign = 1.0 if rule.higher_is_better else -1.0
    runs = {name: sign * run_scores(values, where=name) for name, values in scores.items()}
    order = sorted(runs, key=lambda name: (-runs[name].mean(), name))
    leader, safe = order[0], math.ceil(len(order) / rule.keep)
    alpha = rule.alpha / (rule.rungs * max(1, len(order) - 1))
    decisions = []
    for rank, name in enumerate(order):
        behind = None if name == leader else welch(runs[leader], runs[name], level=1 - 2 * alpha)
        if name == baseline:
            stops, why = False, "the baseline never stops"
        elif rank < safe:
            stops, why = False, f"among the best {safe} of {len(order)}"
        elif min(len(runs[leader]), len(runs[name])) < LEAST_SEEDS:
            stops, why = False, f"fewer than {LEAST_SEEDS} runs: nothing is clear"
        elif behind is None or behind.low is None or behind.low <= rule.margin:
            stops, why = False, "not clearly worse than the leader"
        else:
            stops = True
            why = f"clearly worse than {leader}: at least {behind.low:.3g} behind at one-sided alpha {alpha:.2g}"
        decisions.append(RaceDecision(name, stops, leader, behind, why))
    return tuple(decisions)
