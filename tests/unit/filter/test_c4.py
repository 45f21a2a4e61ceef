"""C4's filters against slow plain Python, and at their published thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.steps.filter.lines_max_word_length import LinesMaxWordLength
from curation.steps.filter.lines_min_words import LinesMinWords
from curation.steps.filter.lines_terminal_punctuation import LinesTerminalPunctuation
from curation.steps.filter.lines_without_javascript import LinesWithoutJavascript
from curation.steps.filter.lines_without_policy import LinesWithoutPolicy
from curation.steps.filter.sentence_count import SentenceCount
from curation.steps.filter.without_blocked_words import WithoutBlockedWords
from curation.steps.filter.without_citation_marks import WithoutCitationMarks
from curation.steps.filter.without_curly_brackets import WithoutCurlyBrackets
from curation.steps.filter.without_lorem_ipsum import WithoutLoremIpsum
from curation.steps.kinds import Filter, LineFilter, Rewriter

PIECES = [
    *"aZé7中.!?'\")]…,_{} \n\n\t\u00a0\u2009\u3000”\u2019",
    "...",
    "a b c. ",
    "JavaScript",
    "javascript ",
    "Terms of Use",
    "uses cookies",
    "use of  cookies",
    "Lorem Ipsum ",
    "lorem\nipsum",
    "[1]",
    "[]",
    "[edit]",
    "[citation needed]",
    "[12a]",
    "bad ",
    "Bad",
    "very bad",
    "very\u00a0\nbad ",
    "ébad ",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), min_size=1, max_size=8)
MARKS = ".?!\"'”\u2019…"
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

LINE_ORACLES: list[tuple[LineFilter, Callable[[str], bool]]] = [
    (LinesTerminalPunctuation(), lambda line: line[-1] in MARKS),
    (
        LinesTerminalPunctuation(ellipsis="remove"),
        lambda line: line[-1] in MARKS and not line.endswith(("...", "…")),
    ),
    (LinesMinWords(), lambda line: len(line.split()) >= 3),
    (LinesMaxWordLength(max_length=6), lambda line: max(map(len, line.split())) <= 6),
    (LinesWithoutJavascript(), lambda line: "javascript" not in line.lower()),
    (LinesWithoutPolicy(), lambda line: not any(phrase in line.lower() for phrase in POLICY)),
    (LinesWithoutPolicy(phrases=[".", "é7"]), lambda line: "." not in line and "é7" not in line.lower()),
]


def lines_of(text: str) -> list[str]:
    """Return the non-blank lines without the white space around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_lines_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """Every line filter leaves the lines that plain Python would, in their order, and unharmed texts as they are."""
    for step, keep in LINE_ORACLES:
        actual = step.apply(docs(texts), 0).texts()
        expected = [[line for line in lines_of(text) if keep(line)] for text in texts]

        assert expected == [lines_of(text) for text in actual]
        for before, after in zip(texts, actual, strict=True):
            if all(keep(line) for line in lines_of(before)):
                assert before == after


def sentences(text: str) -> int:
    """Count words that end a sentence, and what follows the last one."""
    words = text.split()
    ends = [word.rstrip("\"')]”\u2019").endswith((".", "!", "?", "…")) for word in words]
    return sum(ends) + bool(words and not ends[-1])


BLOCKED = re.compile(r"(?<!\w)(?:very\s+bad|bad|7)(?!\w)", re.IGNORECASE)
ORACLES: list[tuple[Filter, Callable[[str], int]]] = [
    (SentenceCount(), sentences),
    (WithoutLoremIpsum(), lambda text: text.lower().count("lorem ipsum")),
    (WithoutCurlyBrackets(), lambda text: text.count("{")),
    (WithoutCurlyBrackets(brackets="{}]^-"), lambda text: sum(text.count(mark) for mark in "{}]^-")),
    (WithoutBlockedWords(words=["bad", "very bad", "7"]), lambda text: len(BLOCKED.findall(text))),
]


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_measures_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """Every measure equals what plain Python counts."""
    batch = docs(texts)
    for step, oracle in ORACLES:
        np.testing.assert_array_equal(step.measures(batch), [oracle(text) for text in texts], err_msg=repr(step))


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_citation_marks_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """The marks are gone and nothing else is."""
    actual = WithoutCitationMarks().apply(docs(texts), 0).texts()

    assert [re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", text) for text in texts] == actual


def test_untouched_batches_are_not_copied(docs: Any) -> None:
    """A step with nothing to do hands back the column it was given."""
    batch = docs(["Nothing to see here.", "And nothing here."])
    steps: list[Rewriter] = [WithoutCitationMarks(), LinesWithoutJavascript(), LinesWithoutPolicy(), LinesMinWords()]
    for step in steps:
        assert batch.batch.column("text").buffers()[2].address == step.rewrite(batch).buffers()[2].address


def left(step: Rewriter | Filter, docs: Any, text: str) -> str | None:
    """Return what a step leaves of a text, None if the document goes."""
    after = step.apply(docs([text]), 3)
    return after.texts()[0] if after.alive[0] else None


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        (LinesMinWords(), "one two three\none two\n1 2 3 4", "one two three\n1 2 3 4"),
        (LinesMinWords(), "one two", None),
        (LinesMaxWordLength(), f"{'é' * 1000}\n{'é' * 1001}", "é" * 1000),
        (LinesMaxWordLength(), f"{'w' * 999} w", f"{'w' * 999} w"),
        (LinesTerminalPunctuation(), "One.\nTwo\nThree...", "One.\nThree..."),
        (LinesTerminalPunctuation(ellipsis="remove"), "One.\nTwo\nThree...", "One."),
        (LinesWithoutJavascript(), "Enable JavaScript now.\nHello.", "Hello."),
        (LinesWithoutPolicy(), "Hello.\nThis site USES COOKIES.", "Hello."),
        (WithoutCitationMarks(), "Rome[1] is[edit] old[citation needed].[a]", "Rome is old.[a]"),
        (WithoutCitationMarks(), "[12]", None),
        (SentenceCount(), "A. B! C? D.", None),
        (SentenceCount(), 'A. B! C? D. "E."', 'A. B! C? D. "E."'),
        (SentenceCount(), "A. B! C? D. E. f", "A. B! C? D. E. f"),
        (WithoutLoremIpsum(), "Lorem ipsum dolor", None),
        (WithoutLoremIpsum(), "lorem dolor ipsum", "lorem dolor ipsum"),
        (WithoutLoremIpsum(max_hits=1), "lorem ipsum", "lorem ipsum"),
        (WithoutCurlyBrackets(), "if (a) { b }", None),
        (WithoutCurlyBrackets(), "if (a) b }", "if (a) b }"),
        (WithoutBlockedWords(words=["ass"]), "The class passes.", "The class passes."),
        (WithoutBlockedWords(words=["ass"]), "An ASS, it is.", None),
        (WithoutBlockedWords(words=["c++"]), "I like C++.", None),
        (WithoutBlockedWords(words=["strap on"]), "strap\non", None),
    ],
)
def test_published_rules(docs: Any, step: Rewriter | Filter, text: str, expected: str | None) -> None:
    """Each rule as its paper or code has it, at the threshold and beyond."""
    assert expected == left(step, docs, text)


def test_adjacent_blocked_words_all_count(docs: Any) -> None:
    """Two words may share the space between them."""
    assert 3 == WithoutBlockedWords(words=["bad"]).measures(docs(["bad bad bad"]))[0]


@pytest.mark.parametrize("words", [[], [""], ["  "]])
def test_blocked_words_are_needed(words: list[str]) -> None:
    """A list without words is a mistake."""
    with pytest.raises(ValueError, match="words"):
        WithoutBlockedWords(words=words)
