"""Documents of a sensible length."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.steps.kinds import Filter, bound


class WordCount(Filter):
    """Keep documents of `min_words` to `max_words` words."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    min_words: int | None = bound(50, ge=0)
    """Fewest words."""
    max_words: int | None = bound(100_000, ge=0)
    """Most words."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the number of words."""
        return docs.words
