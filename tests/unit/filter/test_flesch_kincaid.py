"""The readability filter: counts by hand, against the audit's report, and uncompiled."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation.audit.readability import Reader, syllables_of
from curation.kernels.syllables import ABBREVIATIONS, classes, reading_counts
from curation.steps.filter.flesch_kincaid import FleschKincaid
from tests.strategies import texts as any_text
from tests.unit.filter.conftest import make_docs

WORDS = [
    *sorted(ABBREVIATIONS), "J.", "I.", "A.", "É.", "7.", "\u0130.", "Mr!", "(Mr.)", '"J.', "e.g.,", "PROF.", "Capt.'",
    "table", "made", "wanted", "walked", "le", "(le", "ed", "e", "THE", "CAFÉ", "cafe\u0301", "\u0130le", "a\u0130e",
    "naïve", "Ünder", "x", "42", "--", ")", "_", "*", "?!", "...", "end.)", "end…”", "\u4e2d\u6587。", "no?\u3000",
    "\ufffd", "\u212alede", "mother-in-law's", "\U00010400e",
]  # fmt: skip
GAPS = [" ", "  ", "\n", "\r\n", "\n\n", "\t", "\u00a0", "\u2028", "", " \n "]
TEXTS = st.one_of(
    st.lists(st.sampled_from([*WORDS, *GAPS]), max_size=30).map("".join),
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
    st.text("aeldtMr.!?\"') \n\r(_*", max_size=40),
    any_text,
)


def by_report(text: str) -> list[int]:
    """Return running words, syllables and sentences as the audit's report counts them."""
    reader = Reader("s")
    reader.add(text)
    found = reader.result()
    return [found.running, sum(syllables_of(kind) * n for kind, n in reader.types().items()), found.sentences]


def grade_of(text: str) -> float:
    """Return the measure of one text."""
    return float(FleschKincaid().measures(make_docs([text]))[0])


@pytest.mark.parametrize(
    ("text", "running", "syllables", "sentences"),
    [
        ("The cat sat. The banana ran away.", 7, 10, 2),
        ("It is a table. They wanted to walk!", 8, 10, 2),
        ("Mr. Smith met Dr. J. Brown.", 6, 6, 1),
        ("So do I. A dog, too.", 6, 6, 2),
        ('He said "Stop." Then he left.', 6, 6, 2),
        ("no full stop\r\nbut two lines\r\n", 6, 7, 2),
        ("one\n\n \n\t\n\ntwo.", 2, 2, 2),
        ("Élan à café, naïve", 4, 6, 1),
        ("Psst, hmm 42 x", 4, 4, 1),
        ("-- walk -- .", 1, 1, 1),
        ("\ufffd\ufffdab\ufffd \ufeffcd", 2, 2, 1),
        ("\u4e2d\u6587。 \u4e2d\u6587\uff01", 2, 2, 2),
        ("", 0, 0, 0),
        (" \r\n \u3000", 0, 0, 0),
        ("... !? --", 0, 0, 3),
    ],
)
def test_counts_by_hand(text: str, running: int, syllables: int, sentences: int) -> None:
    """What the grade rests on, and its formula; a text without a running word has none."""
    assert reading_counts(make_docs([text]))[0].tolist() == [running, syllables, sentences]
    expected = 0.39 * running / sentences + 11.8 * syllables / running - 15.59 if running else math.nan
    assert grade_of(text) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("text", ["Dear Mr.", "J.", "vol."])
def test_a_text_in_which_no_sentence_ends_is_one_sentence(text: str) -> None:
    """A line that is only a name with a title still has words that are read."""
    running, syllables, sentences = reading_counts(make_docs([text]))[0].tolist()
    assert sentences == 0
    assert grade_of(text) == pytest.approx(0.39 * running + 11.8 * syllables / running - 15.59)


@given(TEXTS)
@example(" )")
@example("foo. )")
@example(" \t_ *\n)\nfoo")
def test_counts_equal_those_of_the_report(text: str) -> None:
    """One definition of a word, a syllable and a sentence, in ASCII and beyond, for any text."""
    assert reading_counts(make_docs([text]))[0].tolist() == by_report(text)


def test_every_character_is_classed_as_python_does() -> None:
    """Letters, digits, vowels and white space of all Unicode, not of the part that the tests above draw."""
    points = [point for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    known = classes()
    alnum = np.array([chr(point).isalnum() for point in points])
    space = np.array([chr(point).isspace() for point in points])
    assert ((known[points] & 2 != 0) == alnum).all()
    assert ((known[points] & 1 != 0) == space).all()
    texts = [f"x{chr(point)}e {chr(point)}. " for point in range(0x2000)]
    counts = reading_counts(make_docs(texts))
    assert [text for text, row in zip(texts, counts.tolist(), strict=True) if row != by_report(text)] == []


@given(st.lists(TEXTS, max_size=8), st.integers(1, 4))
def test_batch_size_does_not_matter(texts: list[str], size: int) -> None:
    """A grade is a property of the document."""
    whole = FleschKincaid().measures(make_docs(texts))
    parts = [FleschKincaid().measures(make_docs(texts[start : start + size])) for start in range(0, len(texts), size)]
    np.testing.assert_array_equal(np.concatenate([*parts, np.empty(0)]), whole)


def test_bounds_are_included_and_documents_without_words_stay(docs: Any) -> None:
    """At its bound a document is kept; what has no grade is not judged; without bounds nothing is dropped."""
    texts = ["The cat sat.", "Immediately afterwards, governmental organisations deliberated.", "--"]
    easy, hard = (grade_of(text) for text in texts[:2])
    assert easy < 0 < hard

    def kept(**bounds: float) -> list[bool]:
        alive: list[bool] = FleschKincaid(**bounds).apply(docs(texts), 3).alive.tolist()
        return alive

    assert kept() == [True, True, True]
    assert kept(max_grade=easy) == [True, False, True]
    assert kept(min_grade=hard) == [False, True, True]
    assert kept(min_grade=easy, max_grade=hard) == [True, True, True]


UNCOMPILED = """
import numba
from tests.unit.filter.conftest import make_docs
from tests.unit.filter.test_flesch_kincaid import WORDS, GAPS
from curation.kernels.syllables import reading_counts
assert numba.config.DISABLE_JIT
print(reading_counts(make_docs([gap.join(WORDS) for gap in GAPS] + WORDS)).tolist())
"""


@pytest.mark.slow
def test_without_the_compiler_the_counts_are_the_same() -> None:
    """The kernel's own source, run by Python, is its oracle."""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", UNCOMPILED],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    compiled = reading_counts(make_docs([gap.join(WORDS) for gap in GAPS] + WORDS)).tolist()
    assert (done.returncode, done.stdout.strip()) == (0, str(compiled)), done.stderr[-800:]
