"""The counts of `scan` against plain Python."""

import re

import numpy as np
from hypothesis import given

from curation.kernels.scan import (
    ALPHA_WORDS,
    CHARACTERS,
    ELLIPSES,
    HASHES,
    L_CHARACTERS,
    L_ELLIPSIS,
    L_END,
    L_FIRST,
    L_LAST,
    L_START,
    NEWLINES,
    WORD_CHARACTERS,
    line_words,
    ratio,
    scan,
    sentence_counts,
)
from tests.strategies import batches
from tests.unit.helpers import docs_of

ENDS = re.compile(r"[.!?\u2026][\"')\]\u201d\u2019]*\Z")
ELLIPSIS = re.compile(r"\.\.\.|\u2026")


def counts_of(text):
    words = text.split()
    return {
        CHARACTERS: len(text),
        WORD_CHARACTERS: sum(map(len, words)),
        ALPHA_WORDS: sum(any(character.isalpha() for character in word) for word in words),
        HASHES: text.count("#"),
        ELLIPSES: len(ELLIPSIS.findall(text)),
        NEWLINES: text.count("\n"),
    }


def lines_of(text):
    found = []
    start = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            left = start + len(line[: len(line) - len(line.lstrip())].encode())
            found.append(
                {
                    L_START: left,
                    L_END: left + len(bare.encode()),
                    L_CHARACTERS: len(bare),
                    L_FIRST: ord(bare[0]),
                    L_LAST: ord(bare[-1]),
                    L_ELLIPSIS: int(bare.endswith(("...", "\u2026"))),
                }
            )
        start += len(line.encode()) + 1
    return found


@given(batches)
def test_counts_equal_plain_python(batch):
    """Published thresholds mean what they say only if the counts are the ones the papers describe."""
    found = scan(docs_of(batch)).counts
    assert [dict(enumerate(row)) for row in found.tolist()] == [
        {column: counts_of(text)[column] for column in range(found.shape[1])} for text in batch
    ]


@given(batches)
def test_sentence_counts_equal_plain_python(batch):
    """A sentence ends at a word that ends in a stop, closing marks aside; what follows the last is one too."""
    expected = [sum(1 for word in text.split()[:-1] if ENDS.search(word)) + bool(text.split()) for text in batch]
    assert sentence_counts(docs_of(batch)).tolist() == expected


@given(batches)
def test_lines_equal_plain_python(batch):
    """Line rules look at lines without the white space around them, and not at blank lines."""
    found = scan(docs_of(batch))
    expected = [lines_of(text) for text in batch]
    assert np.diff(found.line_offsets).tolist() == [len(lines) for lines in expected]
    assert [dict(enumerate(row)) for row in found.lines.tolist()] == [line for lines in expected for line in lines]


@given(batches)
def test_line_words_equal_plain_python(batch):
    """A line's longest word is counted in code points, as `len` does."""
    lines = [line.split() for text in batch for line in text.split("\n") if line.split()]
    expected = [[len(words), max(map(len, words))] for words in lines]
    assert line_words(docs_of(batch)).tolist() == expected


@given(batches)
def test_line_share_equals_plain_python(batch):
    """A share of lines is a share of the document's own lines; a document without lines has none."""
    share = scan(docs_of(batch)).line_share(lambda lines: lines[:, L_CHARACTERS] <= 3)
    lines = [[line.strip() for line in text.split("\n") if line.strip()] for text in batch]
    expected = [sum(len(line) <= 3 for line in some) / len(some) if some else np.nan for some in lines]
    np.testing.assert_array_equal(share, np.array(expected, np.float64))


def test_ratio_of_nothing_is_nan():
    """A document without words has no ratio, and so no rule may drop it for one."""
    np.testing.assert_array_equal(ratio(np.array([1, 0, 3]), np.array([2, 0, 0])), [0.5, np.nan, np.nan])
