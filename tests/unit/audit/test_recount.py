"""The recount believes no file: each one that is edited must be noticed."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.audit.recount import recount
from curation.core.errors import CorpusError
from tests.unit.helpers import build_raw, flows_of, write_jsonl


@pytest.fixture
def corpus(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", ["one  two three", "four five", "one two three", "x"])
    write_jsonl(tmp_path / "b.jsonl", ["six seven"])
    raw = {
        "sources": [{"name": name, "use": "source.jsonl", "path": f"{name}.jsonl"} for name in "ab"],
        "steps": [
            {"use": "normalize.whitespace"},
            {"use": "filter.word_count", "min_words": 2},
            {"use": "dedup.exact"},
        ],
        "select": [{"use": "select.word_budget", "words": 6}],
        "output": {"text": True},
    }
    return build_raw(tmp_path, raw)


def test_a_whole_corpus_passes(corpus):
    """The audit that is written is the one that anyone can take again."""
    audit = recount(corpus.folder, corpus.lock)
    assert audit == json.loads((corpus.folder / "audit.json").read_text())
    assert (audit["words"], all(audit["checks"].values()), len(audit["checks"]) >= 7) == (6, True, True)
    assert [[vars(flow) for flow in step] for step in flows_of(corpus)] == [
        list(step["sources"].values()) for step in audit["steps"]
    ]


def edit(path, column, values):
    table = pq.read_table(path)
    place = table.schema.get_field_index(column)
    field = table.schema.field(place)
    pq.write_table(table.set_column(place, field, pa.array(values(table.column(column).to_pylist()), field.type)), path)


EDITS = {
    "a word more in data/": (
        "data/corpus-00000.parquet",
        "text",
        lambda old: [old[0] + " more", *old[1:]],
        "words in data/ equal the lock",
    ),
    "another source in data/": (
        "data/corpus-00000.parquet",
        "source",
        lambda old: ["b" if one == "a" else "a" for one in old],
        "by source",
    ),
    "taken in the ledger": (
        "ledger.parquet",
        "taken",
        lambda old: [one + (one > 0) for one in old],
        "words in data/ equal the ledger's, by source",
    ),
    "words read in the ledger": (
        "ledger.parquet",
        "words_read",
        lambda old: [one + 1 for one in old],
        "the last step leaves the words of the corpus",
    ),
    "a change in the ledger": (
        "ledger.parquet",
        "change.whitespace",
        lambda old: [1 for _ in old],
        "the last step leaves the words of the corpus",
    ),
    "a step in the ledger": (
        "ledger.parquet",
        "step",
        lambda old: [None for _ in old],
        "what each step did equals the lock",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_table_is_noticed(corpus, name):
    """A number that was made nicer, or a text that was mended by hand."""
    path, column, values, check = EDITS[name]
    edit(corpus.folder / path, column, values)
    with pytest.raises(CorpusError, match="the recount does not agree") as caught:
        recount(corpus.folder, corpus.lock)
    assert check in caught.value.message


def test_a_document_that_is_gone_is_noticed(corpus):
    """A shard that was cut."""
    path = corpus.folder / "data/corpus-00000.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(CorpusError, match="documents in data/ equal the lock"):
        recount(corpus.folder, corpus.lock)


@pytest.mark.parametrize("change", [lambda text: text + "more\n", lambda text: text.split(" ", 1)[1]])
def test_an_edited_text_file_is_noticed(corpus, change):
    """The text files are counted by Python itself."""
    path = corpus.folder / "text/a.train"
    path.write_text(change(path.read_text()))
    with pytest.raises(CorpusError, match="words in text/ equal those in data/"):
        recount(corpus.folder, corpus.lock)


def test_a_lock_that_says_otherwise_is_noticed(corpus):
    """The lock's word count is the claim that is checked."""
    with pytest.raises(CorpusError, match="words in data/ equal the lock"):
        recount(corpus.folder, {**corpus.lock, "words": 7})
