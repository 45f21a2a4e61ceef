"""One layout for white space: single spaces, clean line ends, at most one blank line."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from curation.core.schema import Documents, text_array
from curation.kernels.whitespace import collapse
from curation.steps.kinds import Rewriter


class Whitespace(Rewriter):
    """Collapse runs of white space, without touching any word.

    A run that holds a line end becomes line ends (as many as it had, up to `max_blank_lines` + 1), any other becomes
    one space. White space at the ends of lines and of the text goes.
    """

    cites: ClassVar[str] = "str.split(): what counts as white space"
    keeps_words: ClassVar[bool] = True

    max_blank_lines: int = Field(default=1, ge=0)
    """Blank lines kept between two lines."""
    keep_tabs: bool = True
    """Leave a tab between words a tab: transcripts use it after the speaker (`*MOT:\\t…`)."""

    def rewrite(self, docs: Documents) -> pa.Array:
        """Collapse the white space of every text."""
        return text_array(*collapse(*docs.text, self.max_blank_lines + 1, self.keep_tabs))
