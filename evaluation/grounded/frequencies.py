"""What the suite needs to know of a corpus: how often each word occurs, and how sentences are written.

Words here are white-space separated strings without punctuation at their ends, in small letters: "Dog," and "dog" are
one word. The whole corpus is read once, in order, and only the distinct strings are kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curation.corpus import Corpus
from evaluation.grounded.lexicon import names
from evaluation.grounded.style import Style
from evaluation.scorers.lexicon import EDGES, blocks

#: First letter of a line, after a speaker's tag (``*MOT:``, ``A:``) if there is one.
_FIRST = re.compile(r"^(?:\*?[A-Z0-9]{1,3}:\s+)?[\"'(\-\s]*([^\W\d_])", re.MULTILINE)
_ENDS = (".", "?", "!")


@dataclass(frozen=True)
class Frequencies:
    """Counts of the words of a corpus, and its style."""

    counts: dict[str, int]
    style: Style

    @property
    def total(self) -> int:
        """Words that were counted."""
        return sum(self.counts.values())


def of_corpus(corpus: Corpus, subset: int | None = None) -> Frequencies:
    """Count the words of a corpus, or of one of its nested subsets."""
    batches = corpus.batches(["text"], subset)
    return of_texts(text for batch in batches for text in batch.column("text").to_pylist())


def of_path(path: str | Path) -> Frequencies:
    """Count the words of a corpus folder or of a UTF-8 text file.

    Raises:
        DataError: the path is neither, or the file is not UTF-8.
        CorpusError: a folder holds no whole corpus.
    """
    path = Path(path)
    if path.is_dir():
        return of_corpus(Corpus.open(path))
    return of_texts(blocks(path))


def of_texts(texts: Iterable[str]) -> Frequencies:
    """Count the words of texts."""
    raw: Counter[str] = Counter()
    lines = capital = marked = 0
    for text in texts:
        raw.update(text.split())
        first = _FIRST.findall(text)
        lines += len(first)
        capital += sum(map(str.isupper, first))
        marked += sum(text.count(f"{mark}\n") for mark in _ENDS) + text.endswith(_ENDS)
    counts: Counter[str] = Counter()
    for token, number in raw.items():
        word = EDGES.sub("", token).lower()
        if word:
            counts[word] += number
    style = Style(
        sentence_capital=2 * capital >= lines,
        name_capital=_capitalised(raw, names()),
        pronoun_capital=_capitalised(raw, {"i"}),
        marks=2 * marked >= lines,
        attached=_attached(raw),
    )
    return Frequencies(dict(counts), style)


def _capitalised(raw: Counter[str], words: Iterable[str]) -> bool:
    """Say whether these words are written with a capital more often than not; yes if there are none of them."""
    words = set(words)
    balance = 0
    for token, number in raw.items():
        word = EDGES.sub("", token)
        if word.lower() in words:
            balance += number if word[0].isupper() else -number
    return balance >= 0


def _attached(raw: Counter[str]) -> bool:
    balance = 0
    for token, number in raw.items():
        if token[-1] in _ENDS:
            balance += number if len(token) > 1 and token[-2].isalnum() else -number * (len(token) == 1)
    return balance >= 0
