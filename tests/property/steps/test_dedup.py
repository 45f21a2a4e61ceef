"""Deduplication and thresholds through real builds."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.strategies import documents, sentences
from tests.unit.helpers import build_texts, fresh_folder, ledger_of, texts_of

DEDUPS = [
    {"use": "dedup.exact"},
    {"use": "dedup.exact", "fold": True},
    {"use": "dedup.exact", "level": "line"},
    {"use": "dedup.exact", "level": "paragraph"},
    {"use": "dedup.minhash", "threshold": 0.5, "ngram": 1, "bands": 16, "rows": 1},
]
alike = st.lists(
    st.one_of(sentences(max_words=5), st.sampled_from(["a b\n\nc d\n", "\nc d", "a b", "A, b!"])),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("step", DEDUPS, ids=str)
@settings(max_examples=15)
@given(alike)
def test_dedup_is_idempotent(step, texts):
    """A second pass over its own result must find nothing."""
    with fresh_folder() as folder:
        once = texts_of(build_texts(folder, texts, [step], out="once"))
        twice = texts_of(build_texts(folder, once, [step], out="twice")) if once else []
        assert twice == once


@settings(max_examples=20)
@given(alike)
def test_exact_keeps_one_of_each(texts):
    """Each sequence of words stays once, whatever its white space, and nothing else goes."""
    with fresh_folder() as folder:
        kept = [tuple(text.split()) for text in texts_of(build_texts(folder, texts, [{"use": "dedup.exact"}]))]
        assert sorted(kept) == sorted({tuple(text.split()) for text in texts})


@settings(max_examples=20)
@given(alike)
def test_exact_keeps_each_line_once(texts):
    """Of equal lines one stays; a document without lines left goes."""
    with fresh_folder() as folder:
        kept = texts_of(build_texts(folder, texts, [{"use": "dedup.exact", "level": "line"}]))
        lines = [tuple(line.split()) for text in kept for line in text.split("\n") if line.split()]
        assert sorted(lines) == sorted({tuple(line.split()) for text in texts for line in text.split("\n")} - {()})


def paragraphs(text):
    """Return the words of each paragraph: what stands between runs of two newlines or more."""
    found, now = [], []
    for line in text.split("\n"):
        if line == "" and now:
            found.append(now)
            now = []
        now += line.split()
    return [tuple(one) for one in [*found, now] if one]


@settings(max_examples=25)
@given(alike, st.sampled_from([1, 2, 1000]))
@example(["x y\n", "\nc d\n\ne f", "c d"], 1000)
def test_exact_keeps_each_paragraph_once(texts, batch_rows):
    """What a document's neighbours in a batch end or begin with must not decide which of its paragraphs is cut."""
    with fresh_folder() as folder:
        step = {"use": "dedup.exact", "level": "paragraph"}
        kept = texts_of(build_texts(folder, texts, [step], batch_rows=batch_rows))
        found = [one for text in kept for one in paragraphs(text)]
        assert sorted(found) == sorted({one for text in texts for one in paragraphs(text)})


def test_the_right_paragraph_is_cut_when_a_neighbour_goes(tmp_path):
    """Parts are numbered in one stage and cut in the next, where other documents stand beside them."""
    texts = [text for k in range(6) for text in ("x y\n", f"\nc{k} d e\n\nf{k} g h", f"c{k} d e")]
    steps = [{"use": "filter.word_count", "min_words": 3}, {"use": "dedup.exact", "level": "paragraph"}]
    kept = texts_of(build_texts(tmp_path, texts, steps))
    assert sorted(one for text in kept for one in paragraphs(text)) == sorted(
        paragraph for k in range(6) for paragraph in [(f"c{k}", "d", "e"), (f"f{k}", "g", "h")]
    )


@settings(max_examples=15)
@given(documents)
def test_a_stricter_threshold_keeps_a_subset(texts):
    """Bounds are decided from one measure, so that a stricter one can only drop more."""
    with fresh_folder() as folder:
        kept = []
        for least in (0.0, 0.5, 1.0):
            steps = [{"use": "filter.alpha_word_ratio", "min_ratio": least}]
            rows = ledger_of(build_texts(folder, texts, steps, out=f"out{least}"))
            kept.append({row["id"] for row in rows if row["step"] is None})
        assert kept[2] <= kept[1] <= kept[0]
        assert len(kept[0]) == len(texts)


@settings(max_examples=15)
@given(alike, st.sampled_from([0.3, 0.6, 1.0]))
def test_near_duplicates_that_stay_are_below_the_threshold(texts, threshold):
    """With a key for every shingle no pair is missed: no two documents that stay may reach the threshold."""
    with fresh_folder() as folder:
        step = {"use": "dedup.minhash", "threshold": threshold, "ngram": 1, "bands": 200, "rows": 1}
        kept = [set(text.split()) for text in texts_of(build_texts(folder, texts, [step]))]
        indices = [len(a & b) / len(a | b) for i, a in enumerate(kept) for b in kept[:i]]
        assert [index for index in indices if index >= threshold] == []
