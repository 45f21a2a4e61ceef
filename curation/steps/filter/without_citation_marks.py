"""Text without the marks of references."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from curation.core.schema import Documents
from curation.steps.kinds import Rewriter

_MARKS = r"\[\d*\]|\[edit\]|\[citation needed\]"


class WithoutCitationMarks(Rewriter):
    """Keep texts, without the marks that Wikipedia leaves in them: `[1]`, `[]`, `[edit]`, `[citation needed]`."""

    kind: ClassVar[str] = "filter"
    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    def rewrite(self, docs: Documents) -> pa.Array:
        """Return the texts without the marks."""
        texts = docs.batch.column("text")
        if not pc.any(pc.match_substring_regex(texts, _MARKS), min_count=0).as_py():
            return texts
        return pc.replace_substring_regex(texts, _MARKS, "")
