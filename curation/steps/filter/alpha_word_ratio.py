"""Documents made of words rather than numbers and symbols."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import ALPHA_WORDS, ratio, scan
from curation.steps.kinds import Filter, bound


class AlphaWordRatio(Filter):
    """Keep documents in which at least `min_ratio` of the words hold a letter."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    min_ratio: float | None = bound(0.8, ge=0, le=1)
    """Smallest share of words with a letter (`str.isalpha`)."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of words with a letter."""
        return ratio(scan(docs).count(ALPHA_WORDS), docs.words)
