"""Lines that end like sentences."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import L_ELLIPSIS, L_LAST, scan
from curation.steps.kinds import LineFilter


class LinesTerminalPunctuation(LineFilter):
    """Keep lines that end in a terminal punctuation mark."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    marks: str = ".?!\"'\u201d\u2019\u2026"
    """The characters that may end a line."""
    ellipsis: Literal["keep", "remove"] = "keep"
    """What becomes of lines that end in `...` or `…`. C4's code removes them, its paper does not say so."""

    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which lines end in one of the marks."""
        lines = scan(docs).lines
        keep = np.isin(lines[:, L_LAST], [ord(mark) for mark in self.marks])
        return keep & (lines[:, L_ELLIPSIS] == 0) if self.ellipsis == "remove" else keep
