"""Documents that do not say the same lines again."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.repetition import PIECES, REPEATED, repeated_lines
from curation.kernels.scan import ratio
from curation.steps.kinds import Filter, bound


class DuplicateLineRatio(Filter):
    """Keep documents in which at most `max_ratio` of the lines repeat an earlier line.

    A line is compared without the white space around it; blank lines are not lines.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.3, ge=0, le=1)
    """Largest share of lines that occurred before in the document."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of lines that occurred before."""
        counts = repeated_lines(docs)
        return ratio(counts[:, REPEATED], counts[:, PIECES])
