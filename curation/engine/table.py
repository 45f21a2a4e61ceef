"""All documents of a stage as columns in memory: ids, words, fates. Texts stay in the slices until asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
        counts, ids = [], []
        for path in self.paths:
            with open_slice(path) as table:
                counts.append(table.num_rows)
                ids.append(id_halves(table.column("id").combine_chunks()))
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        self.ids = np.concatenate(ids) if ids else np.zeros((0, 2), np.uint64)
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

    def key(self, name: str) -> NDArray[Any]:
        """Return a key column of the step."""
        return self._column(f"key:{self._step}:{name}")

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
        return self._column(f"measure:{self._measures[step]}")

    def _column(self, name: str) -> NDArray[Any]:
        return read_columns(self._documents.paths, [name])[name][self.rows]

    def texts(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the texts of some rows of this view, in their order."""
        return gather_texts(self._documents, self.rows[rows])


def gather_texts(documents: StageTable, rows: NDArray[np.int64]) -> pa.Array:
    """Return the texts of some rows, in their order, touching only the slices that hold them."""
    order = np.argsort(rows, kind="stable")
    lengths = np.zeros(len(rows), np.int64)
    cuts = np.searchsorted(rows[order], documents.starts)
    touched = [number for number in range(len(documents.paths)) if cuts[number] < cuts[number + 1]]
    for turn in range(2):
        if turn == 1:
            offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
            out = np.empty(int(offsets[-1]), np.uint8)
        for number in touched:
            places = order[cuts[number] : cuts[number + 1]]
            local = rows[places] - documents.starts[number]
            for data, starts, mine in _texts_of(documents.paths[number], local):
                sizes = starts[1]
                if turn == 0:
                    lengths[places[mine]] = sizes
                else:
                    gather(data, starts[0], sizes, out, offsets[places[mine]])
    return text_array(out, offsets)


def _texts_of(
    path: Path, local: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.uint8], tuple[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]]:
    """Yield for each batch of a slice: its bytes, (starts, lengths) of the wanted texts, and which are wanted."""
    with open_slice(path) as table:
        first = 0
        for chunk in table.column("text").chunks:
            mine = (local >= first) & (local < first + len(chunk))
            if mine.any():
                data, offsets = text_buffers(chunk)
                places = local[mine] - first
                yield data, (offsets[places], offsets[places + 1] - offsets[places]), mine
            first += len(chunk)
