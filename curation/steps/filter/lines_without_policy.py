"""Lines that are no notice about cookies or terms."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.steps.filter._phrases import Phrase, lines_with
from curation.steps.kinds import LineFilter


class LinesWithoutPolicy(LineFilter):
    """Keep lines without a phrase of the notices about cookies, privacy and terms of use."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140); the phrases are in its code only (c4_utils.py)"

    phrases: list[Phrase] = Field(
        default=[
            "terms of use",
            "privacy policy",
            "cookie policy",
            "uses cookies",
            "use of cookies",
            "use cookies",
        ],
        min_length=1,
    )
    """The phrases, found anywhere in a line, in upper or lower case."""

    def keep_lines(self, docs: Documents) -> NDArray[np.bool_]:
        """Return which lines hold none of the phrases."""
        return ~lines_with(docs, self.phrases)
