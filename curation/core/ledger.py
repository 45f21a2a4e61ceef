"""The law of the ledger: for every step and source, words_in + added == words_out + dropped.

Flows are *derived* from ledger rows, one a document, by one function: the build uses it to state what each step did,
and anyone who holds the rows can derive the same numbers again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import ALIVE, UNREADABLE


@dataclass
class Rows:
    """The columns of ledger rows that flows are derived from; all arrays have one length.

    ``changes`` maps the index of a step that rewrites to the words it added to (or took from) each document.
    ``taken`` is how many words of the document the corpus holds.
    """

    source: NDArray[np.int16]
    born: NDArray[np.int16]
    words_read: NDArray[np.int32]
    words: NDArray[np.int32]
    step: NDArray[np.int16]
    taken: NDArray[np.int32]
    changes: Mapping[int, NDArray[np.int32]] = field(default_factory=dict)


@dataclass
class Flow:
    """What one step did to the documents and words of one source."""

    documents_in: int = 0
    documents_added: int = 0
    documents_dropped: int = 0
    words_in: int = 0
    added: int = 0
    words_out: int = 0
    dropped: int = 0

    @property
    def balanced(self) -> bool:
        """Return whether the law holds."""
        return self.words_in + self.added == self.words_out + self.dropped

    def __iadd__(self, other: Flow) -> Flow:
        """Add another flow field by field."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def flows(rows: Rows, steps: int, sources: int, *, cuts: Sequence[int] = ()) -> list[list[Flow]]:
    """Return ``flow[step][source]`` of the rows.

    ``cuts`` are the steps that may take a part of a document (selectors): the first of them is charged with the words
    of kept documents that are not in the corpus.
    """
    result = [[Flow() for _ in range(sources)] for _ in range(steps)]
    here = (rows.born < 0) & (rows.step != UNREADABLE)  # what could not be used has no words to account for
    now = np.where(here, rows.words_read, 0).astype(np.int64)
    partly = (rows.step == ALIVE) & (rows.taken < rows.words)
    for step in range(steps):
        before = now.copy()
        change = rows.changes.get(step)
        if change is not None:
            now = now + np.where(here, change, 0)
        born = rows.born == step
        # A derived document's words at birth are what its later changes leave to explain.
        now = np.where(born, _words_at_birth(rows, step), now)
        gone = here & (rows.step == step) | born & (rows.step == step)
        lost = np.where(gone, now, 0)
        if cuts and step == cuts[0]:
            lost = lost + np.where(partly, now - rows.taken, 0)
        up = np.where(here | born, np.maximum(now - np.where(born, 0, before), 0), 0)
        down = np.where(here, np.maximum(before - now, 0), 0)
        for source in range(sources):
            mine = rows.source == source
            if not mine.any():
                continue
            flow = result[step][source]
            flow.documents_in += int((here & mine).sum())
            flow.documents_added += int((born & mine).sum())
            flow.documents_dropped += int((gone & mine).sum())
            flow.words_in += int(before[here & mine].sum())
            flow.added += int(up[mine].sum())
            flow.dropped += int(down[mine].sum() + lost[mine].sum())
            flow.words_out += int((now - lost)[(here | born) & mine].sum())
        here = (here | born) & ~gone
        now = np.where(here, now - np.where(gone, 0, lost), 0)
    return result


def _words_at_birth(rows: Rows, step: int) -> NDArray[np.int64]:
    later = [change for index, change in rows.changes.items() if index > step]
    return rows.words.astype(np.int64) - (np.sum(later, axis=0, dtype=np.int64) if later else 0)
