"""Documents that are no program code."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.steps.kinds import Filter, bound


class WithoutCurlyBrackets(Filter):
    """Keep documents without a curly bracket: most programming languages use them, and prose does not."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    max_hits: int | None = bound(0, ge=0)
    """Most brackets."""
    brackets: str = Field(default="{", min_length=1)
    """The characters that count. C4's code looks for the opening one only."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the number of brackets."""
        pattern = f"[{re.escape(self.brackets)}]"
        hits = pc.count_substring_regex(docs.batch.column("text"), pattern)
        return hits.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
