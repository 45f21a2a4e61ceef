"""Documents whose words are of a usual length."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import WORD_CHARACTERS, ratio, scan
from curation.steps.kinds import Filter, bound


class MeanWordLength(Filter):
    """Keep documents whose words are on average `min_length` to `max_length` characters long."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    min_length: float | None = bound(3, ge=0)
    """Smallest mean number of code points in a word."""
    max_length: float | None = bound(10, ge=0)
    """Largest mean number of code points in a word."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the mean number of code points in a word, punctuation included."""
        return ratio(scan(docs).count(WORD_CHARACTERS), docs.words)
