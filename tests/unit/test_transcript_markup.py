"""Transcripts lose their markup, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.schema import ALIVE, DOCUMENT, FROM_SOURCE, Documents
from curation.steps.normalize.transcript_markup import TranscriptMarkup

KEEP: dict[str, Any] = dict.fromkeys(
    ["speakers", "comments", "tiers", "unintelligible", "headers", "empty_turns"], "keep"
)
#: Lines as they stand in the BabyLM files, and without markup that goes by default.
CLEAN = [
    "*EXP:\tit says to make it easy to catch the fish every time.",
    "it says here.",
    "A:\tThat's right,",
    "B:\tUh-huh.",
    "fe016:\twell, yes.",
    "= = = childes/CHILDES_NA/Haggerty/haggerty.cha = = =",
    "= = = [playing with toys] = = =",
    "see www.example.org (in part) at 10:30",
    "NARRATOR: once upon a time (a long time ago) . . .",
    "*CHI:\tthat's (be)cause  dog@c and mxxx.",
    "50% of it & more, me@home.",
    "",
    "-",
    "@home I am.",
]


def documents(texts: list[str], alive: list[bool] | None = None) -> Documents:
    """Return documents with these texts."""
    n = len(texts)
    words = np.array([len(text.split()) for text in texts], np.int32)
    step = np.where([True] * n if alive is None else alive, ALIVE, 0).astype(np.int16)
    columns: dict[str, Any] = {
        "id": pa.array([row.to_bytes(16, "big") for row in range(n)], pa.binary(16)),
        "text": pa.array(texts, pa.large_string()),
        "words_read": words,
        "words": words,
        "born": np.full(n, FROM_SOURCE, np.int16),
        "origin": pa.array(["human"] * n, pa.string()),
        "step": step,
        **{name: np.zeros(n, DOCUMENT.field(name).type.to_pandas_dtype()) for name in ("source", "file", "position")},
    }
    arrays = [
        pa.array(columns[field.name], type=field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in DOCUMENT
    ]
    return Documents(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


def cleaned(text: str, **fields: Any) -> str:
    """Return a text after the step."""
    return TranscriptMarkup(**fields).apply(documents([text]), 0).texts()[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("*CHI:\thaha. [giggles]", "*CHI:\thaha."),
        ("*CHI:\t[laughs] more [cries].", "*CHI:\tmore."),
        ("*MOT:\tand Jim [friend] got it.", "*MOT:\tand Jim got it."),
        ("*MOT:\tokay [said [twice] softly] then.", "*MOT:\tokay then."),
        ("*MOT:\tthe <red ball> [//] blue ball &=laughs (.) yes (1.5).", "*MOT:\tthe red ball blue ball yes."),
        ("*CHI:\tpick those xxx.", "*CHI:\tpick those."),
        ("*CHI:\txxx, here you're goin'.", "*CHI:\there you're goin'."),
        ("*MOT:\tmhm, www. [tchooka noises]", "*MOT:\tmhm."),
        ("*SIS:\twho's www?", "*SIS:\twho's?"),
        ("-[ Boy ] It 's five miles.", "- It 's five miles."),
        ("hi\n%add:\tSIS\nthere", "hi\nthere"),
        ("hi\n@Situation:\tat home\n@End\nthere", "hi\nthere"),
        ("hi\n*CHI:\txxx.\nthere", "hi\nthere"),
        ("hi\n*CHI:\n*MOT:\t?[MOT looks at CHI]\nthere", "hi\nthere"),
        ("hi\n[Helen is upstairs.]\n\nthere", "hi\n\nthere"),
        ("*CHI:\t[unclosed", "*CHI:\t[unclosed"),
    ],
)
def test_markup_goes(before: str, after: str) -> None:
    """What is removed by default, with the space and the comma that it leaves."""
    assert after == cleaned(before)


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({"speakers": "remove"}, "*MOT:\thello.\nA:\tyes.\nfe016:\tno.\nMAN: hey.", "hello.\nyes.\nno.\nMAN: hey."),
        ({"comments": "remove"}, "*CHI:\txxx [laughs]\n*CHI:\t[cries]\n%add:\tx", "*CHI:\txxx\n*CHI:\t\n%add:\tx"),
        ({"tiers": "remove"}, "*CHI:\txxx [laughs]\n%add:\tx", "*CHI:\txxx [laughs]"),
        ({"unintelligible": "remove"}, "*CHI:\txxx [laughs] yyy", "*CHI:\t[laughs]"),
        ({"headers": "remove"}, "= = = title = = =\nhi\n= = =\n= = 1", "hi\n= = 1"),
        ({"empty_turns": "remove"}, "*CHI:\t\n*CHI:\t.\n*CHI:\t0\n- .", "*CHI:\t0\n- ."),
    ],
)
def test_each_field_alone(fields: dict[str, str], before: str, after: str) -> None:
    """A field removes its own kind of markup and no other."""
    assert after == cleaned(before, **{**KEEP, **fields})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(CLEAN), max_size=8).map("\n".join), min_size=1, max_size=4))
def test_clean_text_is_not_touched(texts: list[str]) -> None:
    """Lines that have nothing to remove stay as they are, to the byte."""
    assert texts == TranscriptMarkup().apply(documents(texts), 0).texts()


PIECES = [*"ab.,?[](<)>&=*%@:\t \n", "xxx", "www", "*CHI:\t", "A:\t", "\n%add:\t", "[laughs]", "(.)", "&=x", "é"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), min_size=1, max_size=4))
def test_lines_are_cleaned_one_by_one(texts: list[str]) -> None:
    """The step does to a text what it does to its lines; with everything kept it does nothing."""
    step = TranscriptMarkup()
    actual = step.rewrite(documents(texts)).to_pylist()
    for text, new in zip(texts, actual, strict=True):
        lines = [step._line(line) for line in text.split("\n")]

        assert "\n".join(line for line in lines if line is not None) == new

    assert texts == TranscriptMarkup(**KEEP).rewrite(documents(texts)).to_pylist()


def test_removed_documents_are_not_read() -> None:
    """A document that an earlier step removed stays as it was then."""
    texts = ["hi [laughs]", "hi [laughs]"]

    assert ["hi [laughs]", "hi"] == TranscriptMarkup().apply(documents(texts, [False, True]), 1).texts()


def test_document_of_markup_is_dropped() -> None:
    """A document of which nothing is left is removed by this step."""
    after = TranscriptMarkup().apply(documents(["*CHI:\txxx.\n[laughs]", "*CHI:\tyes [nods]."]), 4)

    assert [4, ALIVE] == after.column("step").tolist()
    assert [0, 2] == after.words.tolist()
    assert [-3, -1] == after.column("change:4").tolist()
