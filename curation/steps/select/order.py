"""The order of the corpus: shuffled, by source, or a curriculum by a measure."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for
from curation.kernels.hashing import order_keys
from curation.steps.kinds import Selection, Selector, Table, Terms


class Order(Selector):
    """Put the chosen documents in order; without this step they stand as they were read.

    `shuffle` mixes all documents (seeded), `source` keeps each source together, in the manifest's order, as it was
    read, and the name of a filter step (or `words`) sorts by its measure: a curriculum.
    """

    cites: ClassVar[str] = "Bengio et al. 2009, Curriculum learning (ICML)"

    by: str = "shuffle"
    """`shuffle`, `source`, `words`, or the name of a filter step."""
    direction: Literal["ascending", "descending"] = "ascending"
    """With a measure: which end comes first. Equal measures are shuffled (seeded)."""

    def measures_used(self) -> dict[str, str]:
        """Return the filter step in ``by``."""
        return {} if self.by in {"shuffle", "source"} else {"by": self.by}

    def choose(self, table: Table, selection: Selection, terms: Terms) -> Selection:
        """Reorder the selection and its subsets."""
        subsets = [(size, self._ordered(table, subset, terms)) for size, subset in selection.subsets]
        ordered = self._ordered(table, selection, terms)
        return Selection(ordered.rows, ordered.take, subsets)

    def _ordered(self, table: Table, selection: Selection, terms: Terms) -> Selection:
        order = self._order(table, selection.rows, terms.seed)
        return Selection(selection.rows[order], selection.take[order])

    def _order(self, table: Table, rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
        if self.by == "source":
            return np.lexsort((rows, table.source[rows]))
        ids = table.ids[rows]
        keys = order_keys(ids, np.uint64(seed_for(seed, "select.order")))
        if self.by == "shuffle":
            return np.lexsort((ids[:, 1], ids[:, 0], keys))
        score = table.measure(self.by)[rows]
        score = np.nan_to_num(-score if self.direction == "descending" else score, nan=np.inf)
        return np.lexsort((ids[:, 1], ids[:, 0], keys, score))
