"""Documents whose lines are not cut off."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import L_ELLIPSIS, scan
from curation.steps.kinds import Filter, bound


class EllipsisLineRatio(Filter):
    """Keep documents in which at most `max_ratio` of the lines end in an ellipsis (`...` or `…`)."""

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    max_ratio: float | None = bound(0.3, ge=0, le=1)
    """Largest share of lines that end in an ellipsis."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the share of lines that end in an ellipsis."""
        return scan(docs).line_share(lambda lines: lines[:, L_ELLIPSIS] == 1)
