"""Lines that say something."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.kernels.scan import line_words
from curation.steps.kinds import LineFilter


class LinesMinWords(LineFilter):
    """Keep lines of at least `min_words` words."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    min_words: int = Field(default=3, ge=1)
    """Fewest words in a line."""

    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which lines have enough words."""
        return line_words(docs)[:, 0] >= self.min_words
