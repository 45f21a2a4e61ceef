"""Documents with few hash signs."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import HASHES, ratio, scan
from curation.steps.kinds import Filter, bound


class HashWordRatio(Filter):
    """Keep documents with at most `max_ratio` characters `#` a word."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    max_ratio: float | None = bound(0.1, ge=0)
    """Largest number of `#` over the number of words."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the number of `#` over the number of words."""
        return ratio(scan(docs).count(HASHES), docs.words)
