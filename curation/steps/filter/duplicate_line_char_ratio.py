"""Documents that spend few characters on lines they have said before."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.repetition import REPEATED_CHARACTERS, repeated_lines
from curation.kernels.scan import CHARACTERS, NEWLINES, ratio, scan
from curation.steps.kinds import Filter, bound


class DuplicateLineCharRatio(Filter):
    """Keep documents with at most `max_ratio` of their characters in lines that repeat an earlier line.

    A line is compared and counted without the white space around it; blank lines are not lines.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, table A1"

    max_ratio: float | None = bound(0.2, ge=0, le=1)
    """Largest share of code points in lines that occurred before in the document."""
    of: Literal["text", "lines"] = "text"
    """What it is a share of: all code points of the text (Gopher), or those that are no line ends (FineWeb)."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of code points in lines that occurred before."""
        found = scan(docs)
        whole = found.count(CHARACTERS) - (found.count(NEWLINES) if self.of == "lines" else 0)
        return ratio(repeated_lines(docs)[:, REPEATED_CHARACTERS], whole)
