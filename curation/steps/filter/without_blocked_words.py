"""Documents without the words of a list."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from curation.core.schema import Documents
from curation.steps.filter._phrases import Phrase, as_numpy, escaped
from curation.steps.kinds import Filter, bound

_SPACE = r"[\s\pZ\x{85}\x0b\x1c-\x1f]+"  # RE2's name for what is `\s+` in Python


class WithoutBlockedWords(Filter):
    """Keep documents without any of `words`, in upper or lower case.

    Only whole words and phrases count: no letter, digit or `_` may touch them, and any white space may stand between
    the words of a phrase. C4 used the list at github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words;
    it does not ship with curate. Put a list into a manifest of its own, and let other manifests extend that one.
    """

    cites: ClassVar[str] = "C4: Raffel et al. 2020, JMLR 21(140), section 2.2"

    words: list[Phrase] = Field(min_length=1)
    """The words and phrases, in any order."""
    max_hits: int | None = bound(0, ge=0)
    """Most occurrences."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return how often the words occur, overlapping occurrences not counted twice."""
        coarse, exact = _patterns(tuple(self.words))
        texts = docs.batch.column("text")
        hits = np.zeros(len(docs))
        rows = np.flatnonzero(as_numpy(pc.match_substring_regex(texts, coarse, ignore_case=True)))
        for row, text in zip(rows, texts.take(pa.array(rows)).to_pylist(), strict=True):
            hits[row] = sum(1 for _ in exact.finditer(text))
        return hits


@cache
def _patterns(words: tuple[str, ...]) -> tuple[str, re.Pattern[str]]:
    """Return the pattern that finds the texts (RE2, fast), and the one that counts in them (RE2 cannot look around)."""
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    parts = [[escaped(part) for part in word.split()] for word in longest_first]
    coarse = "|".join(_SPACE.join(part) for part in parts)
    exact = "|".join(r"\s+".join(part) for part in parts)
    outside = r"[^\pL\pN_]"
    return (
        rf"(?:^|{outside})(?:{coarse})(?:$|{outside})",
        re.compile(rf"(?<!\w)(?:{exact})(?!\w)", re.IGNORECASE),
    )
