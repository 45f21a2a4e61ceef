"""Documents that are more than a list."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.scan import L_FIRST, scan
from curation.steps.kinds import Filter, bound


class BulletLineRatio(Filter):
    """Keep documents in which at most `max_ratio` of the lines start with a bullet."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    max_ratio: float | None = bound(0.9, ge=0, le=1)
    """Largest share of lines that start with one of the marks."""
    marks: str = Field(default="\u2022-", min_length=1)
    """The characters that open a line of a list; `\u2023 \u25aa *` are others in use."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of lines whose first visible character is one of the marks."""
        points = [ord(mark) for mark in self.marks]
        return scan(docs).line_share(lambda lines: np.isin(lines[:, L_FIRST], points))
