"""Exactly so many words, with quotas by source: the last document is cut to fit."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.steps.kinds import Table, Terms
from curation.steps.select._budget import Budget


class WordBudget(Budget):
    """Take exactly `words` words, or say which source is short by how much.

    Documents are taken in a seeded order (or by a measure) until the budget is full; the last one is cut. Sources with
    a `quota:` give exactly that many words, the others share what is left. Because each source is taken from the front
    of one fixed order, the subsets in `nested` lie inside each other and inside the corpus, with the same mixture.
    """

    cites: ClassVar[str] = "BabyLM Challenge call for papers 2024, arXiv 2404.06214, section 4"

    by: str = "random"
    """Which documents come first: `random` (seeded), or the name of a filter step: by its measure."""
    order: Literal["highest", "lowest"] = "highest"
    """With a measure: which end comes first. Equal measures are ordered at random (seeded)."""

    def measures_used(self) -> dict[str, str]:
        """Return the filter step in ``by``."""
        return {} if self.by == "random" else {"by": self.by}

    def rank(
        self, table: Table, rows: NDArray[np.int64], groups: list[list[int]], shuffled: NDArray[np.int64], terms: Terms
    ) -> NDArray[np.int64]:
        """Return the rows shuffled, or by the measure."""
        del groups, terms
        if self.by == "random":
            return rows[np.argsort(shuffled)]
        score = np.nan_to_num(table.measure(self.by)[rows], nan=-np.inf if self.order == "highest" else np.inf)
        score = -score if self.order == "highest" else score
        return rows[np.lexsort((shuffled, score))]
