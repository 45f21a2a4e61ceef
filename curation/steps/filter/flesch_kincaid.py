"""Documents of a reading level."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.syllables import RUNNING, SENTENCES, SYLLABLES, grade_level, reading_counts
from curation.steps.kinds import Filter, bound


class FleschKincaid(Filter):
    """Keep documents whose Flesch-Kincaid grade level is from `min_grade` to `max_grade`.

    The grade is 0.39 words a sentence + 11.8 syllables a word - 15.59: about the US school year that reads such text,
    below 0 for very short sentences of short words. It is made for English; syllables are counted by rule, not looked
    up. Words, syllables and sentences are those of the audit's report: a sentence ends at `.`, `!`, `?` or `…` (not at
    `Mr.` or an initial) and at the end of a line, so text that is wrapped at a fixed width comes out too easy.

    Without bounds nothing is dropped and the grade is only measured, for steps that name this one: `select.word_budget`
    with `by:` takes the easiest or the hardest documents, `select.order` with `by:` makes a curriculum.
    """

    cites: ClassVar[str] = "Kincaid, Fishburne, Rogers and Chissom 1975, Navy Research Branch Report 8-75"

    min_grade: float | None = bound(None)
    """Lowest grade level, in US school years; may be negative."""
    max_grade: float | None = bound(None)
    """Highest grade level, in US school years."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return the grade level; NaN without a running word. A text in which no sentence ends is one sentence."""
        counts = reading_counts(docs).astype(np.float64)
        running = np.where(counts[:, RUNNING] > 0, counts[:, RUNNING], np.nan)
        return grade_level(running, counts[:, SYLLABLES], np.maximum(counts[:, SENTENCES], 1))
