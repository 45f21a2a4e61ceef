"""Documents of several sentences."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.scan import sentence_counts
from curation.steps.kinds import Filter, bound


class SentenceCount(Filter):
    """Keep documents of at least `min_sentences` sentences.

    A sentence ends at a word that ends in `.`, `!`, `?` or `…`, closing quotes and brackets not counted; what
    follows the last one is a sentence too. So `Mr. Smith` is two sentences: it is a count to compare, not to quote.
    """

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    min_sentences: int | None = bound(5, ge=0)
    """Fewest sentences."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the number of sentences."""
        return sentence_counts(docs)
