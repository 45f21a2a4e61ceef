import numpy as np
import pytest

from curation.audit.measured import Remeasured
from curation.audit.statistics import EXCERPT, statistics, text_statistics
from curation.core.errors import CorpusError, SourceError
from tests.unit.helpers import build_texts, ledger_of

TWIN = "a twin text that stands here twice and is removed once"
TEXTS = ["a b", "one two three four five", TWIN, TWIN, "c " * 300, "just six words are in here"]
STEPS = [{"use": "filter.word_count", "min_words": 3, "max_words": 100}, {"use": "dedup.exact"}]


def built(folder, texts=TEXTS, steps=STEPS, select=()):
    return build_texts(folder, texts, steps, select)


def test_filters_are_measured_again_and_the_removed_come_from_the_ledger(tmp_path):
    """No bin holds both kept and removed documents: thresholds are edges."""
    corpus = built(tmp_path)
    (values,) = statistics(corpus).filters
    assert (values.step, values.use, values.note) == ("word_count", "filter.word_count", "")
    assert {(one.setting, one.value) for one in values.thresholds} == {("min_words", 3.0), ("max_words", 100.0)}
    assert (sum(values.kept), sum(values.removed)) == (3, 2)
    assert not any(kept and removed for kept, removed in zip(values.kept, values.removed, strict=True))
    assert [value for _, value in values.near] == [5.0, 6.0, 11.0]


def test_texts_of_removed_documents_are_read_again_from_the_source(tmp_path):
    """The file is found through the manifest's folder, and used because its digest is the lock's."""
    corpus = built(tmp_path)
    found = statistics(corpus, bases=[tmp_path])
    groups = {(one.step, one.reason): one for one in found.removed}
    assert groups["word_count", "below min_words 3"].samples[0].text == "a b"
    long = groups["word_count", "above max_words 100"].samples[0]
    assert (long.words, len(long.text), long.value) == (300, EXCERPT + 1, 300.0)
    assert groups["exact", "duplicate"].documents == found.duplicates["exact"] == 1
    (pair,) = found.pairs
    assert pair.removed.text == pair.kept.text == TWIN
    assert {pair.removed.id, pair.kept.id} == {row["id"] for row in ledger_of(corpus) if row["position"] in {3, 4}}
    assert [one.text for one in found.near["word_count"]] == [TEXTS[1], TEXTS[5], TWIN]


def test_what_is_not_at_hand_is_left_out_with_the_reason(tmp_path):
    """A source that moved, or changed, shows no text: nothing is invented."""
    corpus = built(tmp_path)
    samples = [one for group in statistics(corpus).removed for one in group.samples]
    assert samples
    assert all(one.text is None and one.note for one in samples)
    (tmp_path / "docs.jsonl").write_text('{"text": "another file"}\n', encoding="utf-8")
    changed = [one for group in statistics(corpus, bases=[tmp_path]).removed for one in group.samples]
    assert {one.text for one in changed} == {None}
    assert {one.note for one in changed} == {"docs.jsonl is another file than the lock's"}


def test_what_a_budget_leaves_out_is_counted_and_not_shown(tmp_path):
    """It was not judged; a duplicate whose twin is over the budget is still shown beside it."""
    select = [{"use": "select.word_budget", "words": 5}]
    texts = [*(f"{word} is a text of its own" for word in "abcdefgh"), TWIN, TWIN]
    corpus = built(tmp_path, texts, select=select)
    found = statistics(corpus, bases=[tmp_path])
    (over,) = (group for group in found.removed if group.step == "word_budget")
    assert (over.documents, over.samples) == (8, ())
    assert found.pairs[0].removed.text == found.pairs[0].kept.text == TWIN
    assert found.whole.words == 5


def test_statistics_do_not_depend_on_the_order_of_sources_or_batches(tmp_path):
    """The same corpus gives the same bytes."""
    one, two = (statistics(built(tmp_path / name), bases=[tmp_path / name]) for name in ("a", "b"))
    assert one.model_dump_json() == two.model_dump_json()


def test_a_filter_that_cannot_be_run_says_why():
    """An audit runs no code that it is handed, and none of another version."""
    outside = Remeasured("own", "my_package.steps:Mine", {}, 1).result(np.zeros(0))
    assert "imports no other code" in outside.note
    assert outside.edges == ()
    newer = Remeasured("word_count", "filter.word_count", {"min_words": 1, "max_words": None}, 99)
    assert "version 99" in newer.result(np.ones(3)).note
    gone = Remeasured("gone", "filter.no_such", {}, 1)
    assert "cannot run the step" in gone.result(np.zeros(0)).note


def test_plain_text_has_vocabulary_and_nothing_else(tmp_path):
    """Files without a build: a source a file, a document a line."""
    (tmp_path / "a.train").write_text("One two.\n\nThree two.\n", encoding="utf-8")
    found = text_statistics([tmp_path / "a.train"])
    assert [(one.name, one.documents, one.words, one.types) for one in found.sources] == [("a", 2, 4, 3)]
    assert (found.filters, found.removed, found.pairs) == ((), (), ())
    with pytest.raises(SourceError, match="cannot be read"):
        text_statistics([tmp_path / "absent.train"])


def test_a_corpus_without_its_ledger_is_an_error(tmp_path):
    """The report is then made without statistics; the verdict says what is missing."""
    corpus = built(tmp_path)
    (corpus.folder / "ledger.parquet").unlink()
    with pytest.raises(CorpusError, match="is absent"):
        statistics(corpus)
    for name in ("ledger.parquet", "data/corpus-00000.parquet"):
        (corpus.folder / name).write_bytes(b"no parquet")
        with pytest.raises(CorpusError, match="too damaged"):
            statistics(corpus)
