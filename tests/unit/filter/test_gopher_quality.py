"""Gopher's quality filters against slow plain Python, and at their published thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.steps.filter.alpha_word_ratio import AlphaWordRatio
from curation.steps.filter.bullet_line_ratio import BulletLineRatio
from curation.steps.filter.ellipsis_line_ratio import EllipsisLineRatio
from curation.steps.filter.ellipsis_word_ratio import EllipsisWordRatio
from curation.steps.filter.hash_word_ratio import HashWordRatio
from curation.steps.filter.mean_word_length import MeanWordLength
from curation.steps.filter.stop_word_count import StopWordCount
from curation.steps.filter.word_count import WordCount
from curation.steps.kinds import Filter

PIECES = [
    *"aZé7中.#-•*…!,\t\n \u00a0\u2009\u3000\u2028\x85",
    "...",
    "..",
    "the ",
    "The ",
    "THE ",
    "and\n",
    "with ",
    "that, ",
    "…\n",
    "\n- ",
    "\n\n",
    "𝔘𐐀",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), min_size=1, max_size=8)


def lines_of(text: str) -> list[str]:
    """Return the non-blank lines without the white space around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def share(hits: float, whole: float) -> float:
    """Return a ratio, or NaN where there is nothing to divide by."""
    return hits / whole if whole else math.nan


STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with"]
ORACLES: list[tuple[Filter, Callable[[str], float]]] = [
    (WordCount(), lambda text: len(text.split())),
    (MeanWordLength(), lambda text: share(sum(map(len, text.split())), len(text.split()))),
    (HashWordRatio(), lambda text: share(text.count("#"), len(text.split()))),
    (EllipsisWordRatio(), lambda text: share(text.count("...") + text.count("…"), len(text.split()))),
    (BulletLineRatio(), lambda text: share(sum(line[0] in "•-" for line in lines_of(text)), len(lines_of(text)))),
    (
        BulletLineRatio(marks="*中é"),
        lambda text: share(sum(line[0] in "*中é" for line in lines_of(text)), len(lines_of(text))),
    ),
    (
        EllipsisLineRatio(),
        lambda text: share(sum(line.endswith(("...", "…")) for line in lines_of(text)), len(lines_of(text))),
    ),
    (
        AlphaWordRatio(),
        lambda text: share(sum(any(c.isalpha() for c in word) for word in text.split()), len(text.split())),
    ),
    (
        StopWordCount(),
        lambda text: sum(
            any(form in text.split() for form in (word, word.capitalize(), word.upper())) for word in STOP_WORDS
        ),
    ),
    (
        StopWordCount(stop_words=["a", "é", "7"]),
        lambda text: sum(bool({*forms} & {*text.split()}) for forms in ("aA", "éÉ", "7")),
    ),
]


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_measures_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """Every measure equals what plain Python counts, NaN where there is no word or line."""
    batch = docs(texts)
    for step, oracle in ORACLES:
        expected = np.array([oracle(text) for text in texts])
        actual = step.measures(batch)

        np.testing.assert_allclose(actual, expected, rtol=1e-12, err_msg=repr(step))


def kept(step: Filter, docs: Any, text: str) -> bool:
    """Return whether a filter keeps a text."""
    return bool(step.apply(docs([text]), 3).alive[0])


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        (WordCount(), "w " * 49, False),
        (WordCount(), "w " * 50, True),
        (WordCount(), "w " * 100_000, True),
        (WordCount(), "w " * 100_001, False),
        (MeanWordLength(), "abc abc", True),
        (MeanWordLength(), "abc ab", False),
        (MeanWordLength(), "0123456789", True),
        (MeanWordLength(), "0123456789 0123456789a", False),
        (HashWordRatio(), "# " + "w " * 9, True),
        (HashWordRatio(), "# " + "w " * 8, False),
        (HashWordRatio(), "# " + "w " * 10, True),
        (EllipsisWordRatio(), "w... " + "w " * 9, True),
        (EllipsisWordRatio(), "w… " + "w " * 8, False),
        (EllipsisWordRatio(), "w... " + "w " * 10, True),
        (BulletLineRatio(), "- w\n" * 9 + "w", True),
        (BulletLineRatio(), "• w\n" * 10 + "w", False),
        (BulletLineRatio(), "- w\n" * 8 + "w\nw", True),
        (EllipsisLineRatio(), "w...\n" * 3 + "w\n" * 7, True),
        (EllipsisLineRatio(), "w…\n" * 3 + "w\n" * 6, False),
        (EllipsisLineRatio(), "w...\n" * 3 + "w\n" * 8, True),
        (AlphaWordRatio(), "w w w w 1", True),
        (AlphaWordRatio(), "w w w 1", False),
        (AlphaWordRatio(), "w w w w w 1", True),
        (StopWordCount(), "The cat AND dog", True),
        (StopWordCount(), "the the cat the", False),
        (StopWordCount(), "the, cat and, dog", False),
        (StopWordCount(), "the cat of that", True),
    ],
)
def test_published_thresholds(docs: Any, step: Filter, text: str, expected: bool) -> None:
    """At its threshold a document is kept, beyond it dropped."""
    assert expected == kept(step, docs, text)


def test_rules_without_a_word_keep_the_document(docs: Any) -> None:
    """A ratio of nothing decides nothing."""
    for step in (MeanWordLength(), HashWordRatio(), EllipsisWordRatio(), BulletLineRatio(), EllipsisLineRatio()):
        assert kept(step, docs, " \n ")


def test_repeated_stop_words_in_the_list_count_once(docs: Any) -> None:
    """The list is a set."""
    assert 1 == StopWordCount(stop_words=["the", "the"]).measures(docs(["the The cat"]))[0]


@pytest.mark.parametrize("word", ["", "two words", " the"])
def test_stop_words_are_single_words(word: str) -> None:
    """A stop word with white space could never be found and is refused."""
    with pytest.raises(ValueError, match="stop_words"):
        StopWordCount(stop_words=[word])
