"""Documents that do not repeat their phrases."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.repetition import DUPLICATE_CHARACTERS, run_counts
from curation.kernels.scan import CHARACTERS, ratio, scan
from curation.steps.kinds import Filter, bound


class DuplicateNgramCharRatio(Filter):
    """Keep documents with at most `max_ratio` of their characters in repeated runs of `n` words.

    The text is walked once: a run that was met before counts with the characters of its words (without the spaces) and
    is jumped over, so that none counts twice; any other is remembered, and the walk goes on one word later.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.15, ge=0, le=1)
    """Largest share of the text's code points; the table goes from 0.15 for 5 words down to 0.10 for 10."""
    n: int = Field(default=5, ge=2, le=100)
    """Words in a run."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of all code points of the text that lie in repeated runs."""
        return ratio(run_counts(docs, self.n)[:, DUPLICATE_CHARACTERS], scan(docs).count(CHARACTERS))
