"""All documents of a stage as columns in memory: ids, words, fates. Texts stay in the slices until asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.schema import ALIVE, id_halves, text_array, text_buffers
from curation.engine.plan import Stage
from curation.engine.slices import open_slice, read_columns
from curation.engine.stage import decide
from curation.kernels.texts import gather


class StageTable:
    """The rows of a stage's slices, end to end in reading order, and what became of each."""

    def __init__(self, stage: Stage, paths: Sequence[Path]) -> None:
        """Load the small columns of every slice and apply the deferred filters."""
        self.stage = stage
        self.paths = list(paths)
        counts, ids, lengths = [], [], []
        for path in self.paths:
            with open_slice(path) as table:
                counts.append(table.num_rows)
                ids.append(id_halves(table.column("id").combine_chunks()))
                lengths += [np.diff(text_buffers(chunk)[1]).astype(np.int32) for chunk in table.column("text").chunks]
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        self.ids = np.concatenate(ids) if ids else np.zeros((0, 2), np.uint64)
        self.lengths = np.concatenate(lengths) if lengths else np.zeros(0, np.int32)
        columns = read_columns(self.paths, ["words", "source", "step"])
        self.words: NDArray[np.int32] = columns["words"].astype(np.int32)
        self.source: NDArray[np.int16] = columns["source"].astype(np.int16)
        self.step: NDArray[np.int16] = columns["step"].astype(np.int16)
        self.value = np.full(len(self.step), np.nan)
        self.head = np.full(len(self.step), -1, np.int64)
        self.details: dict[int, str] = {}
        for number, path in enumerate(self.paths):
            rows = slice(self.starts[number], self.starts[number + 1])
            names = [f"measure:{placed.index}" for placed in stage.deferred]
            measures = read_columns([path], [*names, "value"])
            self.value[rows] = measures.pop("value")
            by_index = {placed.index: measures[name] for placed, name in zip(stage.deferred, names, strict=True)}
            decide(stage, self.step[rows], self.value[rows], by_index)

    def __len__(self) -> int:
        """Return the number of rows, removed documents included."""
        return len(self.step)

    @property
    def alive(self) -> NDArray[np.int64]:
        """Return the rows that are still in."""
        return np.flatnonzero(self.step == ALIVE)

    def rows_of(self, number: int) -> slice:
        """Return the rows of one slice."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))


class View:
    """The documents that are left, as a global step sees them (``curation.steps.kinds.Table``)."""

    def __init__(
        self,
        documents: StageTable,
        step: int | None,
        measures: dict[str, int],
        progress: Callable[[str, int, int, str], None],
    ) -> None:
        """Show the rows that are alive to step number ``step``; ``measures`` maps filter names to numbers."""
        self._documents = documents
        self._step = step
        self._measures = measures
        self.rows = documents.alive
        self.ids = documents.ids[self.rows]
        self.words = documents.words[self.rows]
        self.source = documents.source[self.rows]
        self.progress = progress

    def keys(self, names: list[str]) -> dict[str, NDArray[Any]]:
        """Return key columns of the step."""
        columns = read_columns(self._documents.paths, [f"key:{self._step}:{name}" for name in names])
        return {name: values[self.rows] for name, values in zip(names, columns.values(), strict=True)}

    def key_lists(self, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return a key column of lists as values and offsets."""
        values, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for number, path in enumerate(self._documents.paths):
            alive = self._documents.step[self._documents.rows_of(number)] == ALIVE
            with open_slice(path) as table:
                lists = table.column(f"key:{self._step}:{name}").filter(pa.array(alive)).combine_chunks()
                values.append(np.array(lists.flatten().to_numpy()))
                counts.append(np.array(lists.value_lengths().to_numpy()))
        return np.concatenate(values), np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))])

    def measure(self, step: str) -> NDArray[np.float64]:
        """Return what a filter measured, or ``words``."""
        if step == "words":
            return self.words.astype(np.float64)
        name = f"measure:{self._measures[step]}"
        return read_columns(self._documents.paths, [name])[name][self.rows]

    def texts(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the texts of some rows of this view, in their order."""
        return gather_texts(self._documents, self.rows[rows])


def gather_texts(documents: StageTable, rows: NDArray[np.int64]) -> pa.Array:
    """Return the texts of some rows, in their order, touching only the slices that hold them."""
    order = np.argsort(rows, kind="stable")
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(documents.lengths[rows], dtype=np.int64)])
    out = np.empty(int(offsets[-1]), np.uint8)
    bounds = np.searchsorted(rows[order], documents.starts)
    for number, path in enumerate(documents.paths):
        places = order[bounds[number] : bounds[number + 1]]
        if len(places) == 0:
            continue
        local = rows[places] - documents.starts[number]
        with open_slice(path) as table:
            first = 0
            for chunk in table.column("text").chunks:
                mine = (local >= first) & (local < first + len(chunk))
                data, starts = text_buffers(chunk)
                here = places[mine]
                gather(data, starts[local[mine] - first], documents.lengths[rows[here]], out, offsets[here])
                first += len(chunk)
    return text_array(out, offsets)
