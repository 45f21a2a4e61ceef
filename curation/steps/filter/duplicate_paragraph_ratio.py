"""Documents that do not say the same paragraphs again."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.repetition import PIECES, REPEATED, repeated_paragraphs
from curation.kernels.scan import ratio
from curation.steps.kinds import Filter, bound


class DuplicateParagraphRatio(Filter):
    """Keep documents in which at most `max_ratio` of the paragraphs repeat an earlier paragraph.

    Paragraphs are lines with no blank line between them; they are compared to the letter, but for the white space
    around them.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.3, ge=0, le=1)
    """Largest share of paragraphs that occurred before in the document."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of paragraphs that occurred before."""
        counts = repeated_paragraphs(docs)
        return ratio(counts[:, REPEATED], counts[:, PIECES])
