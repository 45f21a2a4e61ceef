"""From a list of steps to stages: runs of batch steps, fused, that end where a step must see everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from curation.core.fingerprint import fingerprint
from curation.kernels.hashing import HASH_VERSION
from curation.steps.kinds import BatchStep, Deduplicator, Filter, Step

#: Bumped when the layout of slice files changes: older cached slices are then not read.
LAYOUT = 1


@dataclass(frozen=True)
class Placed:
    """A step and its number in the manifest."""

    index: int
    name: str
    use: str
    step: Step

    def identity(self, *, without_bounds: bool = False) -> list[object]:
        """Return what decides the step's output, for fingerprints."""
        return [self.index, self.use, self.step.version, self.step.settings(without_bounds=without_bounds)]


@dataclass(frozen=True)
class Stage:
    """Batch steps that run together on a slice, and the global steps that decide when all its slices are done.

    ``deferred`` filters stand at the end: they only measure in the stage, and decide afterwards from the kept
    measures, so that a new threshold costs no new pass over the text.
    """

    number: int
    steps: tuple[Placed, ...]
    decisions: tuple[Placed, ...] = ()
    cutter: Placed | None = None
    deferred: tuple[Placed, ...] = field(default=())

    @property
    def title(self) -> str:
        """Return a short name: what happens in it."""
        names = [placed.name for placed in (*self.steps, *self.deferred)]
        first = [f"cut by {self.cutter.name}"] if self.cutter else ["read"] if self.number == 0 else []
        return " ".join([*first, *names]) or "keep"

    @property
    def in_processes(self) -> bool:
        """Whether a step holds the GIL, so that threads would wait for each other."""
        placed = (*self.steps, *self.deferred, *self.decisions)
        return any(one.step.runs == "process" for one in placed)

    def fingerprint(self) -> str:
        """Return a digest of everything in the stage that decides what its slices hold."""
        return fingerprint(
            LAYOUT,
            HASH_VERSION,
            [placed.identity() for placed in self.steps],
            [placed.identity(without_bounds=True) for placed in self.deferred],
            [placed.identity(without_bounds=True) for placed in self.decisions],
            self.cutter.identity() if self.cutter else None,
        )


def stages(steps: Sequence[Placed]) -> list[Stage]:
    """Cut the steps into stages. There is always one, which reads."""
    result: list[Stage] = []
    batch: list[Placed] = []
    decisions: list[Placed] = []
    cutter: Placed | None = None

    def close() -> None:
        nonlocal batch, decisions, cutter
        deferred: list[Placed] = []
        while batch and isinstance(batch[-1].step, Filter) and batch[-1].step.runs == "thread":
            deferred.insert(0, batch.pop())
        result.append(Stage(len(result), tuple(batch), tuple(decisions), cutter, tuple(deferred)))
        cutter = decisions[-1] if decisions and _cuts(decisions[-1]) else None
        batch, decisions = [], []

    for placed in steps:
        if isinstance(placed.step, BatchStep):
            if decisions:
                close()
            batch.append(placed)
        else:
            if decisions and _cuts(decisions[-1]):
                close()
            decisions.append(placed)
    close()
    if cutter is not None:
        close()
    return result


def _cuts(placed: Placed) -> bool:
    return isinstance(placed.step, Deduplicator) and placed.step.cuts_parts
