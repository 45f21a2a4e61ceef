"""Lines of words rather than of data."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.scan import line_words
from curation.steps.kinds import LineFilter


class LinesMaxWordLength(LineFilter):
    """Keep lines in which no word is longer than `max_length` characters."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140); the rule is in its code only (c4_utils.py)"

    max_length: int = Field(default=1000, ge=1)
    """Most code points in a word."""

    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which lines have no longer word."""
        return line_words(docs)[:, 1] <= self.max_length
