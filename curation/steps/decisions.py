"""The kinds that see all documents at once: deduplicators and selectors, and the table they see."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.steps.component import Step


class Table(Protocol):
    """What a global step sees: every document that is left, as columns; texts only on demand."""

    @property
    def ids(self) -> NDArray[np.uint64]:
        """(n, 2) halves of the ids."""

    @property
    def words(self) -> NDArray[np.int32]:
        """Words of each document."""

    @property
    def source(self) -> NDArray[np.int16]:
        """Index of the source of each document."""

    def keys(self, names: list[str]) -> dict[str, NDArray[Any]]:
        """Return key columns of the step that asks."""

    def key_lists(self, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return a key column of lists: values end to end and n + 1 offsets."""

    def measure(self, step: str) -> NDArray[np.float64]:
        """Return the measure that the named filter kept, or ``words``."""

    def texts(self, rows: NDArray[np.int64]) -> pa.Array:
        """Return the texts of some rows, in their order."""

    @property
    def progress(self) -> Callable[[str, int, int, str], None]:
        """Report (title, done, total, unit)."""


@dataclass
class Duplicates:
    """What a deduplicator found.

    ``head[i]`` is the row kept instead of row i, or -1; ``value[i]`` the proof (similarity). For parts of documents,
    ``part_rows`` and ``part_numbers`` list the parts to cut out, sorted.
    """

    head: NDArray[np.int64]
    value: NDArray[np.float64]
    part_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    part_numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    note: str = ""


class Deduplicator(Step):
    """Drops documents, or parts of them, that the corpus already holds."""

    kind: ClassVar[str] = "deduplicator"

    @property
    def cuts_parts(self) -> bool:
        """Whether it cuts parts out of documents (and the texts so change)."""
        return False

    @abstractmethod
    def keys(self, docs: Documents) -> dict[str, NDArray[Any] | pa.Array]:
        """Return columns computed batch by batch, where the text is at hand."""

    @abstractmethod
    def duplicates(self, table: Table) -> Duplicates:
        """Decide over all documents at once."""

    def cut(self, docs: Documents, rows: NDArray[np.int64], parts: NDArray[np.int64]) -> pa.Array:
        """Return the texts without the given parts (only where ``cuts_parts``)."""
        raise NotImplementedError(f"{type(self).__name__} says that it cuts parts, and has no cut()")


@dataclass
class Selection:
    """The corpus in order: rows of the table, and the words taken of each."""

    rows: NDArray[np.int64]
    take: NDArray[np.int32]
    subsets: list[tuple[int, Selection]] = field(default_factory=list)


@dataclass(frozen=True)
class Terms:
    """What a selector needs from the manifest: the seed, the names of the sources and their quotas."""

    seed: int
    sources: tuple[str, ...]
    quotas: tuple[int | float | None, ...]
    words_read: tuple[int, ...] = ()


class Selector(Step):
    """Chooses documents, how many words of each, and their order."""

    kind: ClassVar[str] = "selector"
    takes_parts: ClassVar[bool] = False
    """True for a selector that may take a part of a document: the ledger charges it with the rest."""

    def check(self, terms: Terms) -> None:
        """Raise a ``BudgetError`` for what can be seen to be impossible before anything is read."""

    @abstractmethod
    def choose(self, table: Table, selection: Selection, terms: Terms) -> Selection:
        """Return the new selection out of the old one."""
