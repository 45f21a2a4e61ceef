"""Documents not filled with one phrase."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.repetition import RUNS, TOP_CHARACTERS, run_counts
from curation.kernels.scan import CHARACTERS, ratio, scan
from curation.steps.kinds import Filter, bound


class TopNgramCharRatio(Filter):
    """Keep documents in which the most frequent run of `n` words takes at most `max_ratio` of the characters.

    Its characters are those of its words and `n` - 1 spaces, times its occurrences. Of runs that are equally frequent,
    the one that comes first counts, even if none occurs twice: so a text of hardly more than `n` words is dropped.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.2, ge=0)
    """Largest share of the text's code points; the table has 0.20 for 2 words, 0.18 for 3, 0.16 for 4."""
    n: int = Field(default=2, ge=2, le=100)
    """Words in a run."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of the most frequent run; NaN for a text of less than `n` words."""
        counts = run_counts(docs, self.n)
        share = ratio(counts[:, TOP_CHARACTERS], scan(docs).count(CHARACTERS))
        return np.where(counts[:, RUNS] > 0, share, np.nan)
