"""The law of the ledger, for every step of the catalogue on any texts."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core import catalog
from tests.strategies import documents
from tests.unit.helpers import REQUIRED, build_raw, build_texts, flows_of, fresh_folder, ledger_of, rows_of, write_jsonl

STEPS = [name for name in catalog.names() if name.split(".")[0] in {"filter", "normalize", "dedup"}]
#: Settings that send a step through other code than its defaults do.
VARIANTS = [
    ("dedup.exact", {"level": "line"}),
    ("dedup.exact", {"level": "paragraph", "fold": True}),
    ("dedup.minhash", {"threshold": 0.2, "ngram": 1, "bands": 8, "rows": 1}),
    ("normalize.unicode", {"form": "NFKC", "replacement_character": "space", "invisible": "keep"}),
    ("normalize.transcript_markup", {"speakers": "remove", "headers": "remove"}),
    ("filter.word_count", {"min_words": 3, "max_words": 6}),
    ("filter.lines_min_words", {"min_words": 2}),
]


def check_law(corpus):
    """State the law, and what follows from it for the corpus, from ledger and documents alone."""
    by_step = flows_of(corpus)
    for step in by_step:
        for flow in step:
            assert flow.words_in + flow.added == flow.words_out + flow.dropped
            assert min(vars(flow).values()) >= 0
    for before, after in pairwise(by_step):
        assert [flow.words_out for flow in before] == [flow.words_in for flow in after]
    words = sum(len(row["text"].split()) for row in rows_of(corpus))
    assert sum(flow.words_out for flow in by_step[-1]) == words
    rows = ledger_of(corpus)
    assert sum(row["words_read"] for row in rows) == sum(flow.words_in for flow in by_step[0])
    assert sum(row["taken"] for row in rows) == words
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize(("use", "more"), [*((name, REQUIRED.get(name, {})) for name in STEPS), *VARIANTS], ids=str)
@settings(max_examples=8)
@given(documents)
def test_every_word_is_accounted_for(use, more, texts):
    """Whatever a step does to any text, words in and added are words out and dropped, document by document."""
    with fresh_folder() as folder:
        corpus = build_texts(folder, texts, [{"use": use, **more}])
        check_law(corpus)
        assert len(ledger_of(corpus)) == len(texts)


@settings(max_examples=30)
@given(
    documents,
    documents,
    st.lists(st.sampled_from(VARIANTS), max_size=4),
    st.integers(1, 12),
    st.sampled_from([1, 3, 1000]),
)
def test_every_word_is_accounted_for_in_any_pipeline(one, two, steps, words, batch_rows):
    """Stages are fused, split and deferred in many ways: the law holds across all of them, with a selection too."""
    with fresh_folder() as folder:
        write_jsonl(folder / "one.jsonl", [*one, "always here " * 6])
        write_jsonl(folder / "two.jsonl", two)
        raw = {
            "sources": [{"name": name, "use": "source.jsonl", "path": f"{name}.jsonl"} for name in ("one", "two")],
            "steps": [{"name": f"s{number}", "use": use, **more} for number, (use, more) in enumerate(steps)],
            "select": [{"use": "select.order"}],
        }
        whole = build_raw(folder, raw, out="whole", batch_rows=batch_rows)
        check_law(whole)
        left = sum(len(row["text"].split()) for row in rows_of(whole))
        if left:
            raw["select"].insert(0, {"use": "select.word_budget", "words": min(words, left)})
            corpus = build_raw(folder, raw, out="some", batch_rows=batch_rows)
            check_law(corpus)
            assert sum(len(row["text"].split()) for row in rows_of(corpus)) == min(words, left)


@settings(max_examples=10)
@given(documents)
def test_reasons_name_the_step_that_dropped(texts):
    """Every document that is not in the corpus says in the ledger which step dropped it and why."""
    with fresh_folder() as folder:
        steps = [{"use": "filter.word_count", "min_words": 3, "max_words": 9}, {"use": "dedup.exact"}]
        rows = ledger_of(build_texts(folder, texts, steps))
        allowed = {
            (None, None),
            ("word_count", "below min_words 3"),
            ("word_count", "above max_words 9"),
            ("exact", "duplicate"),
        }
        assert {(row["step"], row["reason"]) for row in rows} <= allowed
        assert [row["taken"] > 0 for row in rows] == [row["step"] is None for row in rows]
        kept = {row["id"] for row in rows if row["step"] is None}
        assert {row["kept_instead"] for row in rows if row["step"] == "exact"} <= kept
