"""Gopher's repetition filters against slow plain Python, and at their published thresholds."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.steps.filter.duplicate_line_char_ratio import DuplicateLineCharRatio
from curation.steps.filter.duplicate_line_ratio import DuplicateLineRatio
from curation.steps.filter.duplicate_ngram_char_ratio import DuplicateNgramCharRatio
from curation.steps.filter.duplicate_paragraph_char_ratio import DuplicateParagraphCharRatio
from curation.steps.filter.duplicate_paragraph_ratio import DuplicateParagraphRatio
from curation.steps.filter.top_ngram_char_ratio import TopNgramCharRatio
from curation.steps.kinds import Filter, drop

PIECES = [
    "a",
    "b",
    "é",
    "中文",
    "c. ",
    " ",
    " ",
    "\n",
    "\n",
    "\n\n",
    "\n \t\n",
    "\u00a0",
    "\u3000",
    "a b\n",
    "b a b\n\n",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), min_size=1, max_size=8)
WORDS = st.lists(st.lists(st.sampled_from(["a", "bb", "é", "dddd"]), max_size=60).map(" ".join), min_size=1, max_size=8)


def lines_of(text: str) -> list[str]:
    """Return the non-blank lines without the white space around them."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def paragraphs_of(text: str) -> list[str]:
    """Return the runs of lines between blank lines, without the white space around them."""
    found: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            found[-1].append(line)
        else:
            found.append([])
    return ["\n".join(lines).strip() for lines in found if lines]


def duplicates(parts: list[str]) -> tuple[int, int]:
    """Return how many parts occurred before, and their characters (datatrove's ``find_duplicates``)."""
    seen: set[str] = set()
    count = characters = 0
    for part in parts:
        if part in seen:
            count += 1
            characters += len(part)
        seen.add(part)
    return count, characters


def top_ngram(words: list[str], n: int) -> float:
    """Return the characters of the most frequent n-gram, the first of equals; NaN if there is none."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    if not grams:
        return math.nan
    gram, count = Counter(grams).most_common(1)[0]
    return len(" ".join(gram)) * count


def duplicate_ngrams(words: list[str], n: int) -> int:
    """Return the characters of the n-grams met again (datatrove's ``find_all_duplicate``)."""
    seen: set[tuple[str, ...]] = set()
    characters = i = 0
    while i < len(words) - n + 1:
        gram = tuple(words[i : i + n])
        if gram in seen:
            characters += len("".join(gram))
            i += n
        else:
            seen.add(gram)
            i += 1
    return characters


def share(part: float, whole: float) -> float:
    """Return a ratio, or NaN where there is nothing to divide by."""
    return part / whole if whole else math.nan


def check(step: Filter, batch: Any, expected: list[float]) -> None:
    """Compare the measures of a batch with what is expected."""
    np.testing.assert_allclose(step.measures(batch), np.array(expected), rtol=1e-12, err_msg=repr(step))


@settings(max_examples=100, deadline=None)
@given(texts=TEXTS)
def test_lines_and_paragraphs_equal_the_oracle(docs: Any, texts: list[str]) -> None:
    """Repeated lines and paragraphs are those that plain Python finds."""
    batch = docs(texts)
    lines = [lines_of(text) for text in texts]
    paragraphs = [paragraphs_of(text) for text in texts]
    bare = [len(text.replace("\n", "")) for text in texts]

    check(DuplicateLineRatio(), batch, [share(duplicates(one)[0], len(one)) for one in lines])
    check(DuplicateParagraphRatio(), batch, [share(duplicates(one)[0], len(one)) for one in paragraphs])
    check(
        DuplicateLineCharRatio(),
        batch,
        [share(duplicates(one)[1], len(text)) for one, text in zip(lines, texts, strict=True)],
    )
    check(
        DuplicateLineCharRatio(of="lines"),
        batch,
        [share(duplicates(one)[1], whole) for one, whole in zip(lines, bare, strict=True)],
    )
    check(
        DuplicateParagraphCharRatio(),
        batch,
        [share(duplicates(one)[1], len(text)) for one, text in zip(paragraphs, texts, strict=True)],
    )


@settings(max_examples=100, deadline=None)
@given(texts=st.one_of(TEXTS, WORDS), sizes=st.permutations([2, 3, 4, 5, 7, 10]))
def test_ngrams_equal_the_oracle(docs: Any, texts: list[str], sizes: list[int]) -> None:
    """Runs of words are counted as plain Python counts them, in whatever order the lengths are asked for."""
    batch = docs(texts)
    for n in sizes:
        check(TopNgramCharRatio(n=n), batch, [share(top_ngram(text.split(), n), len(text)) for text in texts])
        check(
            DuplicateNgramCharRatio(n=n), batch, [share(duplicate_ngrams(text.split(), n), len(text)) for text in texts]
        )


def test_first_of_equally_frequent_runs_counts(docs: Any) -> None:
    """Ties go to the run that comes first, be it longer or shorter."""
    texts = ["a a long long a a long long", "long long a a long long a a", "x yy zzz"]
    expected = [2 * 3 / 27, 2 * 9 / 27, 4 / 8]

    check(TopNgramCharRatio(n=2), docs(texts), expected)


def test_long_documents(docs: Any) -> None:
    """Documents of very different lengths share the tables of a batch."""
    rng = np.random.default_rng(5)
    texts = [" ".join(map(str, rng.integers(0, size, size))) for size in (5, 3000, 1, 40, 700)]
    batch = docs(texts)
    for n in (2, 3, 5):
        check(TopNgramCharRatio(n=n), batch, [share(top_ngram(text.split(), n), len(text)) for text in texts])
        check(
            DuplicateNgramCharRatio(n=n), batch, [share(duplicate_ngrams(text.split(), n), len(text)) for text in texts]
        )


def test_removed_documents_do_not_disturb_the_others(docs: Any) -> None:
    """The runs of a document are the same whether or not an earlier step removed its neighbours."""
    texts = ["gone and gone and gone", "a b a b é", "gone too, gone too", "é b é b é b a", "gone"]
    batch = docs(texts)
    after = drop(batch, np.array([True, False, True, False, True]), 0)
    for n in (2, 3):
        for step in (TopNgramCharRatio(n=n), DuplicateNgramCharRatio(n=n)):
            expected = step.measures(batch)[[1, 3]]

            np.testing.assert_array_equal(expected, step.measures(after)[[1, 3]])


def kept(step: Filter, docs: Any, text: str) -> bool:
    """Return whether a filter keeps a text."""
    return bool(step.apply(docs([text]), 3).alive[0])


def numbered(count: int) -> str:
    """Return so many different lines of four characters."""
    return "".join(f"\n{number:04}" for number in range(count))


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        # 3 repeats in 10, in 9 and in 11 lines
        (DuplicateLineRatio(), "x\nx\nx\nx" + numbered(6), True),
        (DuplicateLineRatio(), "x\nx\nx\nx" + numbered(5), False),
        (DuplicateLineRatio(), "x\nx\nx\nx" + numbered(7), True),
        (DuplicateParagraphRatio(), ("x\nx\nx\nx" + numbered(6)).replace("\n", "\n\n"), True),
        (DuplicateParagraphRatio(), ("x\nx\nx\nx" + numbered(5)).replace("\n", "\n\n"), False),
        (DuplicateParagraphRatio(), ("x\nx\nx\nx" + numbered(7)).replace("\n", "\n\n"), True),
        (DuplicateParagraphRatio(), "x\nx\nx\nx", True),
        # 10 repeated characters in 50, 49, 51
        (DuplicateLineCharRatio(), "0123456789\n" * 2 + "w" * 28, True),
        (DuplicateLineCharRatio(), "0123456789\n" * 2 + "w" * 27, False),
        (DuplicateLineCharRatio(), "0123456789\n" * 2 + "w" * 29, True),
        (DuplicateParagraphCharRatio(), "0123456789\n\n" * 2 + "w" * 26, True),
        (DuplicateParagraphCharRatio(), "0123456789\n\n" * 2 + "w" * 25, False),
        (DuplicateParagraphCharRatio(), "0123456789\n\n" * 2 + "w" * 27, True),
        # 2 runs of 5 characters in 50, 49, 51
        (TopNgramCharRatio(), "aa bb aa bb " + "w" * 38, True),
        (TopNgramCharRatio(), "aa bb aa bb " + "w" * 37, False),
        (TopNgramCharRatio(), "aa bb aa bb " + "w" * 39, True),
        # a run of 15 characters met again, in 100, 99, 101
        (DuplicateNgramCharRatio(), "aaa bbb ccc ddd eee " * 2 + "w" * 60, True),
        (DuplicateNgramCharRatio(), "aaa bbb ccc ddd eee " * 2 + "w" * 59, False),
        (DuplicateNgramCharRatio(), "aaa bbb ccc ddd eee " * 2 + "w" * 61, True),
    ],
)
def test_published_thresholds(docs: Any, step: Filter, text: str, expected: bool) -> None:
    """At its threshold a document is kept, beyond it dropped."""
    assert expected == kept(step, docs, text)


def test_texts_without_runs_are_kept(docs: Any) -> None:
    """A text shorter than a run has none that could be too frequent."""
    for step in (TopNgramCharRatio(), DuplicateNgramCharRatio(), DuplicateLineRatio(), DuplicateParagraphRatio()):
        assert kept(step, docs, "word")
        assert kept(step, docs, "")
