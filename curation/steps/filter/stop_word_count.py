"""Documents that hold the small words of running text."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints

from curation.core.schema import Documents
from curation.kernels.compile import kernel
from curation.kernels.words import hash_word, word_hashes
from curation.steps.kinds import Filter, bound

StopWord = Annotated[str, StringConstraints(pattern=r"^\S+$")]


class StopWordCount(Filter):
    """Keep documents with at least `min_count` different stop words.

    A stop word is a word between white space, as written in `stop_words`, Capitalised or in UPPER CASE; one with
    punctuation on it (`that,`) is not found.
    """

    cites: ClassVar[str] = "Gopher: Rae et al. 2021, arXiv 2112.11446, appendix A.1.1"

    min_count: int | None = bound(2, ge=0)
    """Fewest different stop words."""
    stop_words: list[StopWord] = Field(default=["the", "be", "to", "of", "and", "that", "have", "with"], min_length=1)
    """The words that are counted, in lower case."""

    def measure(self, docs: Documents) -> NDArray[Any]:
        """Return how many different stop words each document holds."""
        return _distinct(*word_hashes(docs), *_table(tuple(self.stop_words)))


@cache
def _table(words: tuple[str, ...]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Return an open-addressing table of the hashes of all spellings (0 is free), and the word that each stands for."""
    numbers: dict[int, int] = {}
    for number, word in enumerate(dict.fromkeys(words)):
        for spelling in (word, word.capitalize(), word.upper()):
            numbers.setdefault(hash_word(spelling), number)
    size = 1 << (8 * len(numbers)).bit_length()  # sparse: most words of a text find a free slot at once
    keys = np.zeros(size, dtype=np.uint64)
    values = np.zeros(size, dtype=np.int32)
    for key, number in numbers.items():
        place = key % size
        while keys[place]:
            place = (place + 1) % size
        keys[place], values[place] = key, number
    return keys, values


@kernel
def _distinct(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], keys: NDArray[np.uint64], values: NDArray[np.int32]
) -> NDArray[np.int32]:
    found = np.zeros(len(offsets) - 1, dtype=np.int32)
    last = np.full(len(keys), -1, dtype=np.int64)  # the document in which each word was last seen
    mask = np.uint64(len(keys) - 1)
    for row in range(len(offsets) - 1):
        for i in range(offsets[row], offsets[row + 1]):
            place = hashes[i] & mask
            while keys[place] != 0 and keys[place] != hashes[i]:
                place = (place + np.uint64(1)) & mask
            if keys[place] != 0 and last[values[place]] != row:
                last[values[place]] = row
                found[row] += 1
    return found
