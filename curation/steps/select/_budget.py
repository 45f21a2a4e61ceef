"""What selectors of a budget share: exactly so many words, quotas by source, and subsets that lie inside each other."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, model_validator

from curation.core.errors import BudgetError
from curation.core.fingerprint import seed_for
from curation.kernels.hashing import order_keys
from curation.steps.kinds import Selection, Selector, Table, Terms
from curation.steps.select._fit import fit_exactly, sentence_sizes


class Budget(Selector):
    """Takes exactly ``words`` words from the front of an order of the documents, source by source."""

    takes_parts: ClassVar[bool] = True

    words: int = Field(gt=0)
    """Words of the corpus."""
    cut: Literal["word", "sentence", "document"] = "word"
    """Where documents may be cut. With `sentence` and `document` the exact total is found by combining documents."""
    nested: tuple[int, ...] = ()
    """Sizes of smaller corpora written beside it, such as `[1_000_000, 10_000_000]`."""

    @model_validator(mode="after")
    def _nested_are_smaller(self) -> Budget:
        for size in self.nested:
            if not 0 < size < self.words:
                raise ValueError(f"nested: {size:,} must be smaller than words: {self.words:,}")
        return self

    @abstractmethod
    def rank(
        self, table: Table, rows: NDArray[np.int64], groups: list[list[int]], shuffled: NDArray[np.int64], terms: Terms
    ) -> NDArray[np.int64]:
        """Return the rows in the order in which they are taken.

        Args:
            table: all documents.
            rows: of it, those that are left [n].
            groups: sources that share a quota: their order among each other is all that matters.
            shuffled: a seeded order of the rows, as ranks [n]: for what is equal.
            terms: of the manifest.
        """

    def check(self, terms: Terms) -> None:
        """Refuse quotas that cannot add up to the budget."""
        self._groups(self.words, terms)

    def choose(self, table: Table, selection: Selection, terms: Terms) -> Selection:
        """Fill the budget; the selection keeps the order that it came in."""
        ranked = self._ranked(table, selection.rows, terms)
        full = self._fill(table, ranked, selection, self.words, terms)
        subsets: list[tuple[int, Selection]] = []
        inner = full
        for size in sorted(self.nested, reverse=True):
            inner = self._fill(table, _only(ranked, inner), inner, size, terms)
            subsets.append((size, inner))
        return Selection(full.rows, full.take, subsets[::-1])

    def _ranked(self, table: Table, rows: NDArray[np.int64], terms: Terms) -> NDArray[np.int64]:
        ids = table.ids[rows]
        keys = order_keys(ids, np.uint64(seed_for(terms.seed, "select.word_budget")))
        shuffled = np.empty(len(rows), np.int64)
        shuffled[np.lexsort((ids[:, 1], ids[:, 0], keys))] = np.arange(len(rows))
        groups = [members for members, _ in self._groups(self.words, terms)]
        return self.rank(table, rows, groups, shuffled, terms)

    def _fill(self, table: Table, ranked: NDArray[np.int64], before: Selection, budget: int, terms: Terms) -> Selection:
        """Take ``budget`` words from the ranked rows, group by group; return them in the order of ``before``."""
        available = np.zeros(len(table.words), np.int32)
        available[before.rows] = before.take
        source = table.source
        have = np.bincount(source[before.rows], weights=before.take, minlength=len(terms.sources)).astype(np.int64)
        groups = self._groups(budget, terms, have if budget < self.words else None)
        self._refuse_short_sources(groups, ranked, available, source, terms)
        take = np.zeros(len(table.words), np.int32)
        for members, quota in groups:
            mine = ranked[np.isin(source[ranked], members) & (available[ranked] > 0)]
            self._fill_group(table, mine, available, quota, take)
        rows = before.rows[take[before.rows] > 0]
        return Selection(rows, take[rows])

    def _groups(self, budget: int, terms: Terms, inner: NDArray[np.int64] | None = None) -> list[tuple[list[int], int]]:
        """Return (sources, words) for each quota, and for the sources without one together. They add up exactly.

        ``inner`` are the words of each source in the corpus that a subset is taken from.
        """
        shares: dict[int, float] = {}
        for index, quota in enumerate(terms.quotas):
            if isinstance(quota, float):
                shares[index] = quota * budget
            elif quota is not None:
                shares[index] = quota * budget / self.words
        open_sources = [index for index, quota in enumerate(terms.quotas) if quota is None]
        total = sum(shares.values())
        if total > budget * (1 + 1e-9):
            raise BudgetError(
                f"the quotas add up to {round(total):,} words, the budget is {budget:,}",
                where="sources[*].quota",
                hint="lower a quota or raise select.word_budget words",
            )
        if not open_sources and total < budget * (1 - 1e-9):
            raise BudgetError(
                f"the quotas add up to {round(total):,} words, {budget - round(total):,} short of {budget:,}",
                where="sources[*].quota",
                hint="raise a quota, or leave one source without a quota to take the rest",
            )
        values = list(shares.values())
        members = [[index] for index in shares]
        if open_sources:  # quotas are rounded down; what that leaves falls to the others
            values = [float(int(value + 1e-9)) for value in values]
            members, values = [*members, open_sources], [*values, budget - sum(values)]
        caps = [budget if inner is None else int(inner[group].sum()) for group in members]
        return list(zip(members, _round_to_sum(values, budget, caps), strict=True))

    def _refuse_short_sources(
        self,
        groups: list[tuple[list[int], int]],
        ranked: NDArray[np.int64],
        available: NDArray[np.int32],
        source: NDArray[np.int16],
        terms: Terms,
    ) -> None:
        have = np.bincount(source[ranked], weights=available[ranked], minlength=len(terms.sources)).astype(np.int64)
        short = []
        for members, quota in groups:
            found = int(have[members].sum())
            if found < quota:
                names = " + ".join(terms.sources[index] for index in members)
                read = sum(terms.words_read[index] for index in members) if terms.words_read else found
                short.append(
                    f"{names}: short by {quota - found:,} words (asked for {quota:,}, {found:,} left of {read:,} read)"
                )
        if short:
            raise BudgetError(
                "not enough words for the budget:\n    " + "\n    ".join(short),
                where="select",
                hint="lower the quota or the budget, loosen the steps that drop most (see each stage), or add text",
            )

    def _fill_group(
        self,
        table: Table,
        ranked: NDArray[np.int64],
        available: NDArray[np.int32],
        quota: int,
        take: NDArray[np.int32],
    ) -> None:
        total = np.cumsum(available[ranked], dtype=np.int64)
        whole = int(np.searchsorted(total, quota, side="right"))
        if self.cut == "word":
            take[ranked[:whole]] = available[ranked[:whole]]
            rest = quota - (int(total[whole - 1]) if whole else 0)
            if rest:
                take[ranked[whole]] = rest
            return

        def sizes(rows: NDArray[np.int64]) -> list[list[int]]:
            if self.cut == "document":
                return [[int(available[row])] for row in rows]
            return [
                sorted({*(size for size in found if size < available[row]), int(available[row])})
                for row, found in zip(rows, sentence_sizes(_texts(table, rows)), strict=True)
            ]

        taken = fit_exactly(available[ranked].astype(np.int64), whole, quota, ranked, sizes)
        if taken is None:
            raise BudgetError(
                f"no combination of whole {self.cut}s adds up to exactly {quota:,} words",
                where="select",
                hint="use cut: word, or another budget",
            )
        take[ranked] = taken


def _texts(table: Table, rows: NDArray[np.int64]) -> pa.Array:
    order = np.argsort(rows)
    texts = table.texts(rows[order])
    return texts.take(pa.array(np.argsort(order)))


def _only(ranked: NDArray[np.int64], inner: Selection) -> NDArray[np.int64]:
    return ranked[np.isin(ranked, inner.rows)]


def _round_to_sum(values: list[float], total: int, caps: list[int]) -> list[int]:
    """Round so that the sum is ``total``: down, then up where the remainder is largest and the cap leaves room."""
    result = [min(int(value + 1e-9), cap) for value, cap in zip(values, caps, strict=True)]
    order = sorted(range(len(values)), key=lambda i: (result[i] - values[i], i))
    while sum(result) < total:
        free = [i for i in order if result[i] < caps[i]]
        if not free:
            break  # the sources are short: that is told with their names
        for i in free[: total - sum(result)]:
            result[i] += 1
    return result
