"""Readability and vocabulary of a text stream: types, hapaxes, ranks, sentence length, grade level, age bands.

Words are those of ``str.split``. A *type* is a word without the punctuation around it, in lower case; a word without
letter or digit has no type. Grade level: Kincaid, Fishburne, Rogers and Chissom 1975, "Derivation of new readability
formulas for Navy enlisted personnel", which is made for English; syllables are counted by rule, not looked up.
``kernels/syllables.py`` holds the marks and the formula, and compiled, for ``filter.flesch_kincaid``, the same counts.
Age of acquisition: norms such as Kuperman, Stadthagen-Gonzalez and Brysbaert 2012.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from curation.core.errors import CorpusError
from curation.kernels.syllables import ABBREVIATIONS, CLOSERS, ENDS, OPENERS, VOWELS, grade_level

#: Distinct raw words that are held before they are folded: a bound on memory.
_HELD = 400_000
_RANKS = 60
_VOWELS = re.compile(f"[{VOWELS}]+")
_PLAIN_VOWELS = frozenset("aeiouy")
#: Upper ends of the age bands, in years; the last band is open.
AGES = (4, 6, 8, 10, 13)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SourceStatistics(_Frozen):
    """Readability and vocabulary of one source, or of the whole corpus."""

    name: str
    """Name of the source."""
    documents: int
    """Documents."""
    words: int
    """Words, white-space separated."""
    running: int
    """Words that have a type (a letter or a digit)."""
    types: int
    """Distinct types."""
    hapaxes: int
    """Types that occur once."""
    sentences: int
    """Stretches that end at a full stop, a question or exclamation mark, or the end of a line."""
    flesch_kincaid: float | None
    """Flesch-Kincaid grade level (US school years); null where there is no text."""
    ranks: tuple[tuple[int, int], ...]
    """(rank, frequency) of types at ranks spaced evenly on a logarithmic scale."""
    frequent: tuple[tuple[str, int], ...]
    """The ten most frequent types."""
    ages: tuple[float, ...] | None
    """Shares of the running words by age of acquisition: up to 4, 6, 8, 10, 13 years, later, not in the norms; null
    without norms."""

    @property
    def mean_sentence(self) -> float | None:
        """Mean words of a sentence; None where there is none."""
        return self.running / self.sentences if self.sentences else None


class Reader:
    """Takes texts one by one and counts what ``SourceStatistics`` states."""

    def __init__(self, name: str) -> None:
        """Start with nothing counted."""
        self.name = name
        self.documents = 0
        self.words = 0
        self._raw: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        self._sentences = 0

    def add(self, text: str) -> None:
        """Count one document."""
        words = text.split()
        self.documents += 1
        self.words += len(words)
        self._raw.update(words)
        # What ends a sentence inside a line is told by the words, later and once for each; a line end is one as well.
        self._sentences += sum(
            not line.endswith(ENDS) for line in (one.rstrip().rstrip(CLOSERS) for one in text.split("\n")) if line
        )
        if len(self._raw) > _HELD:
            self._fold()

    def _fold(self) -> None:
        for word, count in self._raw.items():
            kind = type_of(word)
            if kind:
                self._types[kind] += count
            bare = word.rstrip(CLOSERS)
            if bare.endswith(ENDS) and not _abbreviated(bare):
                self._sentences += count
        self._raw.clear()

    def types(self) -> Counter[str]:
        """Return how often each type occurs."""
        self._fold()
        return self._types

    def result(self, norms: Mapping[str, float] | None = None) -> SourceStatistics:
        """Return what was counted."""
        return summary(self.name, self.documents, self.words, self._sentences_of(), self.types(), norms)

    def _sentences_of(self) -> int:
        self._fold()
        return self._sentences

    def merge(self, other: Reader) -> None:
        """Add what another reader counted."""
        self.documents += other.documents
        self.words += other.words
        self._sentences += other._sentences_of()
        self._types.update(other.types())


def summary(
    name: str,
    documents: int,
    words: int,
    sentences: int,
    types: Counter[str],
    norms: Mapping[str, float] | None,
) -> SourceStatistics:
    """Return the statistics of a source from how often each type occurs."""
    running = types.total()
    syllables = sum(syllables_of(kind) * count for kind, count in types.items())
    grade = grade_level(running, syllables, sentences) if running and sentences else None
    return SourceStatistics(
        name=name,
        documents=documents,
        words=words,
        running=running,
        types=len(types),
        hapaxes=sum(count == 1 for count in types.values()),
        sentences=sentences,
        flesch_kincaid=None if grade is None else round(grade, 2),
        ranks=_ranks(types),
        # Of equals the first in the alphabet: the order of arrival must not decide.
        frequent=tuple(sorted(types.most_common(200), key=lambda pair: (-pair[1], pair[0]))[:10]),
        ages=None if norms is None else _ages(types, norms, running),
    )


def type_of(word: str) -> str:
    """Return the type of a word: lower case, without what is neither letter nor digit at its ends; may be empty."""
    if word.isalnum():
        return word.lower()
    start, end = 0, len(word)
    while start < end and not word[start].isalnum():
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end].lower()


@lru_cache(maxsize=500_000)
def syllables_of(word: str) -> int:
    """Return the syllables of an English word by rule: groups of vowels, less a silent ``e``; at least one."""
    count = len(_VOWELS.findall(word))
    silent = (word.endswith("e") and not (word.endswith("le") and word[-3:-2] not in _PLAIN_VOWELS)) or (
        word.endswith("ed") and word[-3:-2] not in {"t", "d"}
    )
    return max(count - silent, 1)


def read_norms(path: Path) -> dict[str, float]:
    """Return age of acquisition in years by word, from a CSV with a column of words and one whose name holds ``AoA``.

    Raises:
        CorpusError: the file cannot be read or has no such columns.
    """
    try:
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")  # as Kuperman's list is distributed
        rows = csv.DictReader(text.splitlines())
        names = [name for name in rows.fieldnames or () if name]
        word = next((name for name in names if name.lower() in {"word", "words", "lemma"}), None)
        # Kuperman's list rates few words themselves; of the others it gives the rating of the lemma.
        aged = sorted((name for name in names if "aoa" in name.lower()), key=lambda name: "lem" not in name.lower())
        if word is None or not aged:
            hint = "a CSV with a column `Word` and one such as `AoA_Kup_lem`"
            raise CorpusError("holds no age-of-acquisition norms", where=str(path), hint=hint)
        found: dict[str, float] = {}
        for row in rows:
            rating = next((row[name] for name in aged if row[name] not in {None, "", "NA"}), None)
            if rating is not None and row[word]:
                found[row[word].lower()] = float(rating)
    except (OSError, ValueError, csv.Error) as error:
        raise CorpusError(f"cannot be read: {error}", where=str(path), hint="norms are a CSV file") from error
    return found


def age_names() -> list[str]:
    """Return the names of the age bands."""
    between = [f"{low} to {high}" for low, high in pairwise(AGES)]
    return [f"up to {AGES[0]}", *between, f"after {AGES[-1]}", "not in the norms"]


def _ages(types: Counter[str], norms: Mapping[str, float], running: int) -> tuple[float, ...]:
    bands = [0] * (len(AGES) + 2)
    for kind, count in types.items():
        age = norms.get(kind)
        bands[-1 if age is None else int(np.searchsorted(AGES, age))] += count
    return tuple(round(count / max(running, 1), 5) for count in bands)


def _ranks(types: Counter[str]) -> tuple[tuple[int, int], ...]:
    counts = np.sort(np.fromiter(types.values(), np.int64, len(types)))[::-1]
    if not len(counts):
        return ()
    places = np.unique(np.geomspace(1, len(counts), _RANKS).round().astype(np.int64))
    return tuple((int(place), int(counts[place - 1])) for place in places)


def _abbreviated(word: str) -> bool:
    bare = word.lstrip(OPENERS).lower()
    return bare in ABBREVIATIONS or (len(bare) == 2 and bare[0].isalpha() and bare[0] not in "ai")
