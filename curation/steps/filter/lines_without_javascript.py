"""Lines that do not ask for a browser feature."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.steps.filter._phrases import lines_with
from curation.steps.kinds import LineFilter


class LinesWithoutJavascript(LineFilter):
    """Keep lines that do not mention Javascript, however it is capitalised."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which lines do not mention it."""
        return ~lines_with(docs, ["javascript"])
