"""Exactly so many words whose measure is distributed as in a source: the same readability, length or script.

A comparison of sources confounds what they say with how hard they are to read; matching holds one of them equal. The
order is stratified: documents are sorted into bins of the reference's distribution, each bin in a seeded order, and
whichever bin lies furthest behind its share gives the next document. So every prefix of the order, and with it every
nested subset, has the reference's distribution, until a bin is used up; then the others go on by their shares.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.errors import BudgetError
from curation.steps.kinds import Table, Terms
from curation.steps.select._budget import Budget


class MatchedBudget(Budget):
    """Take exactly `words` words whose measure `by` is distributed as in the source `like`.

    Quotas hold as in `select.word_budget`: each source that has one is matched by itself, the others together.
    Documents whose measure lies outside the reference's range come last, the nearest first: they are taken only where
    the budget leaves no choice.
    """

    cites: ClassVar[str] = "Cochran 1977, Sampling Techniques, chapter 5 (proportional allocation)"

    by: str
    """Name of the filter step whose measure is matched."""
    like: str
    """Name of the source whose documents, as they come to this step, have the wanted distribution."""
    bins: int = Field(default=20, ge=2, le=1000)
    """Strata of equal words of the reference; those that its ties make equal are joined."""

    def measures_used(self) -> dict[str, str]:
        """Return the filter step in ``by``."""
        return {"by": self.by}

    def check(self, terms: Terms) -> None:
        """Refuse a reference that is no source, and quotas that cannot add up to the budget."""
        super().check(terms)
        if self.like not in terms.sources:
            hint = f"sources of this manifest: {', '.join(terms.sources)}"
            raise BudgetError(f"like: {self.like!r} is no source", where="select.matched_budget.like", hint=hint)

    def rank(
        self, table: Table, rows: NDArray[np.int64], groups: list[list[int]], shuffled: NDArray[np.int64], terms: Terms
    ) -> NDArray[np.int64]:
        """Return the rows such that any first words of a group have the reference's distribution."""
        measure, words = table.measure(self.by)[rows], table.words[rows].astype(np.float64)
        source = table.source[rows]
        wanted = (source == terms.sources.index(self.like)) & np.isfinite(measure)
        if not wanted.any():
            hint = "loosen the steps that drop its documents, or match another source"
            raise BudgetError(f"no document of {self.like} has the measure {self.by}", where="select", hint=hint)
        edges = _quantiles(measure[wanted], words[wanted], self.bins)
        bins = np.clip(np.searchsorted(edges, measure, side="right") - 1, 0, max(len(edges) - 2, 0))
        shares = np.bincount(bins[wanted], words[wanted]) / words[wanted].sum()
        share = np.zeros(len(rows))
        inside = (measure >= edges[0]) & (measure <= edges[-1])
        share[inside] = np.append(shares, np.zeros(len(edges)))[bins[inside]]
        due = np.full(len(rows), np.inf)
        for members in groups:
            mine = np.flatnonzero(np.isin(source, members) & (share > 0))
            mine = mine[np.lexsort((shuffled[mine], bins[mine]))]
            before = np.cumsum(words[mine]) - words[mine]
            first = np.searchsorted(bins[mine], bins[mine], side="left")
            due[mine] = (before - before[first] + words[mine] / 2) / share[mine]
        beyond = np.maximum(np.maximum(edges[0] - measure, measure - edges[-1]), 0)
        return rows[np.lexsort((shuffled, np.nan_to_num(beyond, nan=np.inf), due))]


def _quantiles(values: NDArray[np.float64], weights: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the edges of at most ``count`` strata of equal weight: smallest value, quantiles, largest value."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    inner = np.searchsorted(total, total[-1] * np.arange(1, count) / count)
    return np.unique(values[order[[0, *inner, len(order) - 1]]])
