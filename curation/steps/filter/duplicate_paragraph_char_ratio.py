"""Documents that spend few characters on paragraphs they have said before."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.repetition import REPEATED_CHARACTERS, repeated_paragraphs
from curation.kernels.scan import CHARACTERS, ratio, scan
from curation.steps.kinds import Filter, bound


class DuplicateParagraphCharRatio(Filter):
    """Keep documents with at most `max_ratio` of their characters in paragraphs that repeat an earlier paragraph.

    Paragraphs are lines with no blank line between them; they are compared to the letter, but for the white space
    around them.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.2, ge=0, le=1)
    """Largest share of code points in paragraphs that occurred before in the document."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of all code points of the text that lie in paragraphs that occurred before."""
        return ratio(repeated_paragraphs(docs)[:, REPEATED_CHARACTERS], scan(docs).count(CHARACTERS))
