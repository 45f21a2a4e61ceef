"""Documents whose lines end like sentences."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.scan import L_LAST, scan
from curation.steps.kinds import Filter, bound


class LineEndPunctuationRatio(Filter):
    """Keep documents in which at least `min_ratio` of the lines end in a punctuation mark."""

    cites: ClassVar[str] = "FineWeb: Penedo et al. 2024, arXiv 2406.17557, section 3.6"

    min_ratio: float | None = bound(0.12, ge=0, le=1)
    """Smallest share of lines that end in one of the marks."""
    marks: str = Field(default=".!?'\"\u201d\u2019\u2026", min_length=1)
    """The characters that may end a line."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of lines whose last visible character is one of the marks."""
        points = [ord(mark) for mark in self.marks]
        return scan(docs).line_share(lambda lines: np.isin(lines[:, L_LAST], points))
