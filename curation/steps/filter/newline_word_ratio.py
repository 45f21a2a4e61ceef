"""Documents that are no list of words."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import NEWLINES, ratio, scan
from curation.steps.kinds import Filter, bound


class NewlineWordRatio(Filter):
    """Keep documents with at most `max_ratio` line ends a word."""

    cites: ClassVar[str] = "FineWeb: Penedo et al. 2024, arXiv 2406.17557, section 3.6"

    max_ratio: float | None = bound(0.3, ge=0)
    """Largest number of `\\n` over the number of words."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the number of line ends over the number of words."""
        return ratio(scan(docs).count(NEWLINES), docs.words)
