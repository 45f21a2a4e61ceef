"""Documents of full lines."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.scan import L_CHARACTERS, scan
from curation.steps.kinds import Filter, bound


class ShortLineRatio(Filter):
    """Keep documents in which at most `max_ratio` of the lines are short."""

    cites: ClassVar[str] = "FineWeb: Penedo et al. 2024, arXiv 2406.17557, section 3.6"

    max_ratio: float | None = bound(0.67, ge=0, le=1)
    """Largest share of short lines."""
    max_line_characters: int = Field(default=30, ge=1)
    """Code points up to which a line is short, the white space around it not counted."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of short lines."""
        return scan(docs).line_share(lambda lines: lines[:, L_CHARACTERS] <= self.max_line_characters)
