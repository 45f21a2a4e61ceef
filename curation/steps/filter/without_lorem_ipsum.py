"""Documents that are no placeholder."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow.compute as pc
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.steps.kinds import Filter, bound


class WithoutLoremIpsum(Filter):
    """Keep documents without the phrase "lorem ipsum", in upper or lower case."""

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    max_hits: int | None = bound(0, ge=0)
    """Most occurrences."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return how often the phrase occurs."""
        hits = pc.count_substring(docs.batch.column("text"), "lorem ipsum", ignore_case=True)
        return hits.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
