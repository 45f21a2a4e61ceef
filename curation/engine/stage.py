"""What a stage does to a batch: a pure function, the same in a thread, a process or a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.errors import CurateError, StepError
from curation.core.schema import ALIVE, Documents
from curation.engine.plan import Placed, Stage
from curation.steps.kinds import BatchStep, Deduplicator, Filter, rewritten

T = TypeVar("T")


@dataclass(frozen=True)
class Cuts:
    """Parts of documents to cut out of a slice: row in the slice and number of the part, sorted by row."""

    rows: NDArray[np.int64]
    parts: NDArray[np.int64]

    def of_batch(self, start: int, stop: int) -> Cuts:
        """Return the cuts of rows ``start`` to ``stop``, counted from ``start``."""
        first, last = np.searchsorted(self.rows, [start, stop])
        return Cuts(self.rows[first:last] - start, self.parts[first:last])


def run_batch(stage: Stage, batch: pa.RecordBatch, cuts: Cuts | None = None) -> pa.RecordBatch:
    """Return the batch after every step of the stage, with measures, changes and keys as further columns."""
    docs = Documents(batch)
    if stage.cutter is not None and cuts is not None:
        docs = guard(stage.cutter, partial(_cut, stage.cutter, docs, cuts))
    for placed in stage.steps:
        assert isinstance(placed.step, BatchStep)
        docs = guard(placed, partial(placed.step.apply, docs, placed.index))
    columns: dict[str, Any] = {}
    for placed in stage.deferred:
        assert isinstance(placed.step, Filter)
        measures = guard(placed, partial(placed.step.measures, docs))
        columns[f"measure:{placed.index}"] = np.where(docs.alive, measures, np.nan)
    for placed in stage.decisions:
        assert isinstance(placed.step, Deduplicator)
        for name, values in guard(placed, partial(placed.step.keys, docs)).items():
            columns[f"key:{placed.index}:{name}"] = values
    docs = docs.replace(**columns) if columns else docs
    return _without_dead_text(docs)


def _cut(placed: Placed, docs: Documents, cuts: Cuts) -> Documents:
    assert isinstance(placed.step, Deduplicator)
    texts = placed.step.cut(docs, cuts.rows, cuts.parts) if len(cuts.rows) else docs.batch.column("text")
    return rewritten(docs, texts, placed.index)


def guard(placed: Placed, call: Callable[[], T]) -> T:
    """Run a step; a failure inside it names the step."""
    try:
        return call()
    except CurateError:
        raise
    except Exception as error:
        raise StepError(
            f"failed with {type(error).__name__}: {error}", where=placed.name, hint="run with -v for the traceback"
        ) from error


def _without_dead_text(docs: Documents) -> pa.RecordBatch:
    """Drop the text of removed documents: only their row is still needed."""
    if docs.alive.all():
        return docs.batch
    empty = pa.scalar("", pa.large_string())
    return docs.replace(text=pa.compute.if_else(pa.array(docs.alive), docs.batch.column("text"), empty)).batch


def decide(
    stage: Stage, step: NDArray[np.int16], value: NDArray[np.float64], measures: dict[int, NDArray[np.float64]]
) -> None:
    """Apply the deferred filters in order: write the step and the value of what fails into the two arrays."""
    for placed in stage.deferred:
        assert isinstance(placed.step, Filter)
        gone = (step == ALIVE) & placed.step.fails(measures[placed.index])
        step[gone] = placed.index
        value[gone] = measures[placed.index][gone]
