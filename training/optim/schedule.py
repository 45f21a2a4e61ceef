"""Learning rate, row length and rows of a step: pure functions of its number, so that a resumed run needs no state.

``step`` counts from 0 and ``steps`` is the length of the run. Each phase starts just before its first step and ends
just after its last: a warm-up of w steps gives 1/(w+1) ... w/(w+1), a fall to 0 never reaches it, and no step of a run
is spent at a rate of 0, as the first step is in the published code.
"""

from __future__ import annotations

import math

from training.optim.settings import Constant, Cosine, Part, ScheduleSettings, Trapezoid


def learning_rate(step: int, steps: int, settings: ScheduleSettings) -> float:
    """Return what the highest learning rate is multiplied with at a step: above 0 (if ``final`` is), at most 1."""
    warmup, cooldown = in_steps(settings.warmup, steps), in_steps(settings.cooldown, steps)
    main = steps - warmup - cooldown
    share = min(max((step - warmup) / main, 0.0), 1.0) if main > 0 else 0.0
    up = min((step + 1) / (warmup + 1), 1.0)
    down = min((steps - step) / cooldown, 1.0) if cooldown else 1.0
    # Where warm-up and cooldown overlap, in a run shorter than both, both factors hold.
    return up * down * _shape(share, settings)


def _shape(share: float, settings: ScheduleSettings) -> float:
    if isinstance(settings, Constant | Trapezoid):
        return 1.0
    fallen = (1 - math.cos(math.pi * share)) / 2 if isinstance(settings, Cosine) else share
    return (1 - fallen) + fallen * settings.final


def length(step: int, steps: int, settings: ScheduleSettings) -> int:
    """Return the tokens of a row at a step; a stage begins at the step nearest to its share of the run."""
    return [tokens for share, tokens in settings.length if step >= round(share * steps)][-1]


def rows(step: int, steps: int, settings: ScheduleSettings) -> int:
    """Return the rows of a step: the linear ramp, divided as rows grow longer, and at least 1."""
    wanted = round(ramp(step, steps, settings.rows.start, settings.rows.stop))
    return max(1, wanted * settings.length[0][1] // length(step, steps, settings))


def ramp(step: int, steps: int, start: float, stop: float) -> float:
    """Return the point at a step of a line that is ``start`` at the first step and ``stop`` at the last."""
    share = step / (steps - 1) if steps > 1 else 0.0
    return start * (1 - share) + stop * share


def in_steps(part: Part, steps: int) -> int:
    """Return the whole steps of a part of a run."""
    return part if isinstance(part, int) else round(part * steps)
