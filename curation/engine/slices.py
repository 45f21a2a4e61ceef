"""Slices: the unit of work and of resume. A slice is one Arrow file, whole or absent, named by what made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.artifact import atomic_file
from curation.core.schema import ALIVE
from curation.engine.plan import Stage
from curation.engine.stage import Cuts, decide, run_batch
from curation.steps.kinds import Chunk, File, Source


@dataclass(frozen=True)
class FromSource:
    """A slice that is read: which chunk of which file of which source."""

    name: str
    index: int
    source: Source
    file_index: int
    file: File
    chunk: Chunk

    def batches(self, rows: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Yield batches of at most ``rows`` rows, and where each starts."""
        batch = self.source.read_chunk(self.name, self.index, self.file_index, self.file, self.chunk)
        yield from _in_batches(batch, rows)


@dataclass(frozen=True)
class FromSlice:
    """A slice that continues another: its rows that are left."""

    path: Path
    keep: NDArray[np.bool_]

    def batches(self, rows: int) -> Iterator[tuple[pa.RecordBatch, int]]:
        """Yield batches of at most ``rows`` rows, and where each starts among the rows that are left."""
        with open_slice(self.path) as table:
            names = [name for name in table.column_names if not name.startswith("key:")]
            left = table.select(names).filter(pa.array(self.keep)).combine_chunks()
            batches = left.to_batches() or [pa.RecordBatch.from_pylist([], schema=left.schema)]
            assert len(batches) == 1
            yield from _in_batches(batches[0], rows)


@dataclass(frozen=True)
class Task:
    """Everything a worker needs to make one slice."""

    stage: Stage
    origin: FromSource | FromSlice
    out: Path
    batch_rows: int
    cuts: Cuts | None = None


@dataclass
class Facts:
    """What is left of a slice, and how many documents each step (by number) removed: for the display."""

    documents: int = 0
    words: int = 0
    dropped: dict[int, int] = field(default_factory=dict)

    def add(self, stage: Stage, batch: pa.RecordBatch | pa.Table) -> None:
        """Count a batch, the deferred filters decided as they will be."""
        step = np.array(batch.column("step").to_numpy())
        measures = {placed.index: batch.column(f"measure:{placed.index}").to_numpy() for placed in stage.deferred}
        decide(stage, step, np.zeros(len(step)), measures)
        left = step == ALIVE
        self.documents += int(left.sum())
        self.words += int(batch.column("words").to_numpy()[left].sum())
        for number, count in zip(*np.unique(step[~left], return_counts=True), strict=True):
            self.dropped[int(number)] = self.dropped.get(int(number), 0) + int(count)


def make_slice(task: Task) -> Facts:
    """Run a stage over one slice and write the result."""
    facts = Facts()
    with atomic_file(task.out) as temporary, pa.OSFile(str(temporary), "wb") as sink:
        writer = None
        for batch, start in task.origin.batches(task.batch_rows):
            cuts = task.cuts.of_batch(start, start + batch.num_rows) if task.cuts else None
            result = run_batch(task.stage, batch, cuts)
            if writer is None:
                writer = pa.ipc.new_file(sink, result.schema)
            writer.write_batch(result)
            facts.add(task.stage, result)
        if writer is not None:
            writer.close()
    return facts


def known_slice(stage: Stage, path: Path) -> Facts:
    """Return the facts of a slice that an earlier run made."""
    facts = Facts()
    with open_slice(path) as table:
        facts.add(stage, table)
    return facts


def _in_batches(batch: pa.RecordBatch, rows: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    # A slice without documents still makes a file with the right columns.
    for start in range(0, max(batch.num_rows, 1), rows):
        yield batch.slice(start, rows), start


@contextmanager
def open_slice(path: Path) -> Iterator[pa.Table]:
    """Map a slice file into memory; only what is touched is read, and it is let go at the end of the block."""
    with pa.memory_map(str(path)) as source:
        yield pa.ipc.open_file(source).read_all()


def read_columns(paths: Sequence[Path], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return numeric columns of all slices, end to end, as copies."""
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    for path in paths:
        with open_slice(path) as table:
            for name in names:
                parts[name].append(np.array(table.column(name).to_numpy()))
    return {name: np.concatenate(arrays) if arrays else np.zeros(0) for name, arrays in parts.items()}
