"""FineWeb's filters against slow plain Python, and at their published thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.steps.filter.duplicate_line_char_ratio import DuplicateLineCharRatio
from curation.steps.filter.line_end_punctuation_ratio import LineEndPunctuationRatio
from curation.steps.filter.newline_word_ratio import NewlineWordRatio
from curation.steps.filter.short_line_ratio import ShortLineRatio
from curation.steps.kinds import Filter

PIECES = [
    *"aé中\U0001d518.!?'\"”\u2019…, \n\n\t\u00a0\u3000\u2028",
    "word ",
    "a longer line of more than thirty characters",
    " \n\n",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), min_size=1, max_size=8)


def lines_of(text: str) -> list[str]:
    """Return the non-blank lines without the white space around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def share(hits: float, whole: float) -> float:
    """Return a ratio, or NaN where there is nothing to divide by."""
    return hits / whole if whole else math.nan


ORACLES: list[tuple[Filter, Callable[[str], float]]] = [
    (
        LineEndPunctuationRatio(),
        lambda text: share(sum(line[-1] in ".!?'\"”\u2019…" for line in lines_of(text)), len(lines_of(text))),
    ),
    (
        LineEndPunctuationRatio(marks="é,"),
        lambda text: share(sum(line[-1] in "é," for line in lines_of(text)), len(lines_of(text))),
    ),
    (ShortLineRatio(), lambda text: share(sum(len(line) <= 30 for line in lines_of(text)), len(lines_of(text)))),
    (
        ShortLineRatio(max_line_characters=4),
        lambda text: share(sum(len(line) <= 4 for line in lines_of(text)), len(lines_of(text))),
    ),
    (NewlineWordRatio(), lambda text: share(text.count("\n"), len(text.split()))),
]


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_measures_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """Every measure equals what plain Python counts, NaN where there is no word or line."""
    batch = docs(texts)
    for step, oracle in ORACLES:
        expected = np.array([oracle(text) for text in texts])

        np.testing.assert_allclose(step.measures(batch), expected, rtol=1e-12, err_msg=repr(step))


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        (LineEndPunctuationRatio(), "w.\n" * 3 + "w\n" * 22, True),
        (LineEndPunctuationRatio(), "w.\n" * 3 + "w\n" * 23, False),
        (LineEndPunctuationRatio(), "w.\n" * 3 + "w\n" * 21, True),
        (ShortLineRatio(), f"{'w' * 30}\n" * 67 + f"{'w' * 31}\n" * 33, True),
        (ShortLineRatio(), f"{'w' * 30}\n" * 68 + f"{'w' * 31}\n" * 32, False),
        (ShortLineRatio(), f"{'w' * 30}\n" * 66 + f"{'w' * 31}\n" * 34, True),
        (DuplicateLineCharRatio(max_ratio=0.01, of="lines"), "w\nw\n" + "x" * 98, True),
        (DuplicateLineCharRatio(max_ratio=0.01, of="lines"), "w\nw\n" + "x" * 97, False),
        (DuplicateLineCharRatio(max_ratio=0.01, of="lines"), "w\nw\n" + "x" * 99, True),
        (NewlineWordRatio(), "w\n" * 3 + "w " * 7, True),
        (NewlineWordRatio(), "w\n" * 3 + "w " * 6, False),
        (NewlineWordRatio(), "w\n" * 3 + "w " * 8, True),
    ],
)
def test_published_thresholds(docs: Any, step: Filter, text: str, expected: bool) -> None:
    """At its threshold a document is kept, beyond it dropped."""
    assert expected == bool(step.apply(docs([text]), 3).alive[0])
