"""Everything that a person could change in a corpus is caught, and named."""

import json

import pytest

from curation.audit.verdict import Verdict
from curation.core.errors import CorpusError
from curation.corpus import LOCK
from tests.unit.audit.tampering import (
    BUDGET,
    PARSER,
    TALES,
    broken,
    data_file,
    edit_rows,
    look,
    profile_of,
    seal,
    small,
)
from tests.unit.helpers import build_texts, ledger_of, rows_of, write_jsonl


@pytest.fixture
def corpus(tmp_path):
    return small(tmp_path)


def test_an_honest_corpus_holds(corpus):
    """What nobody touched must not be doubted."""
    verdict = look(corpus, profile_of(BUDGET))
    assert (verdict.status, verdict.exit_code) == ("holds", 0), verdict.summary
    assert (verdict.words, verdict.documents, verdict.digest) == (BUDGET, corpus.lock["documents"], corpus.digest)
    assert {finding.rule for finding in verdict.of("holds")} >= {
        "files", "lock", "words", "digest", "text", "repeated_text", "mixture", "words:subsets/100", "ledger", "law",
        "trace", "origin", "sources", "budget", "own_data",
    }  # fmt: skip
    kinds = {part.kind: 0 for part in verdict.budget.parts}
    for part in verdict.budget.parts:
        kinds[part.kind] += part.words
    assert kinds.keys() == {"human", "rule"}
    assert sum(kinds.values()) == verdict.budget.counted == BUDGET
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    assert len(verdict.disclose) == 3


def test_a_corpus_without_selection_holds(tmp_path):
    """Everything that was read and kept is a corpus too."""
    verdict = look(small(tmp_path, words=None))
    assert verdict.status == "holds", verdict.summary
    assert verdict.finding("budget").status == "not_checked"


def test_one_word_too_many_is_named(corpus):
    """The budget is a number, not a neighbourhood."""
    verdict = look(corpus, profile_of(BUDGET - 1))
    assert verdict.exit_code == 1
    found = verdict.finding("budget")
    assert (found.status, found.amount, found.unit) == ("broken", 1, "words")
    assert "1 words too many" in found.message
    assert "2404.06214" in found.source


def test_a_word_added_to_parquet(corpus):
    """By hand, and with the lock's digest of the file put right: the count, the digest and the trace still tell."""

    def add_a_word(rows):
        rows[3]["text"] += " more"
        return rows

    name = rows_of(corpus)[3]["id"]
    edit_rows(data_file(corpus), add_a_word)
    assert "files" in broken(look(corpus))
    seal(corpus.folder)
    verdict = look(corpus, profile_of(BUDGET))
    assert broken(verdict) >= {"words", "digest", "text", "trace", "mixture", "budget"}
    words = verdict.finding("words")
    assert (words.amount, words.documents_total) == (1, 1)
    assert words.documents[0].startswith(name)
    assert verdict.finding("trace").documents[0].startswith(f"{name}: words: the ledger says ")
    assert verdict.finding("budget").amount == 1


def test_a_word_replaced_in_parquet(corpus):
    """As many words as before: only the digest and the export can tell."""

    def replace(rows):
        rows[0]["text"] = rows[0]["text"].replace(rows[0]["text"].split()[-1], "swapped")
        return rows

    edit_rows(data_file(corpus), replace)
    seal(corpus.folder)
    assert broken(look(corpus)) == {"digest", "text"}


def test_an_edited_text_export(corpus):
    """The text files are what other people train on."""
    path = corpus.folder / "text" / "talk.train"
    path.write_text(path.read_text() + "one more line\n")
    seal(corpus.folder)
    found = look(corpus).finding("text")
    assert (found.status, found.amount) == ("broken", 3)
    assert found.documents == ("text/talk.train (+3 words)",)
    path.unlink()
    assert look(corpus).finding("text").documents[0].startswith("text/talk.train (missing, ")


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        (lambda lock: lock.update(seed=9), "lock", "settings"),
        (lambda lock: lock["sources"][0]["settings"].update(licence="CC0"), "lock", "settings"),
        (lambda lock: lock["steps"][1]["settings"].update(min_words=1), "lock", "settings"),
        (lambda lock: lock["steps"][1].update(dropped=7), "lock", "word_count"),
        (lambda lock: lock.update(word_definition="letters"), "lock", "word_definition"),
        (lambda lock: lock.update(words=BUDGET - 1), "words", ""),
        (lambda lock: lock.update(digest="0" * 64), "digest", ""),
        (lambda lock: lock["sources"][0].update(words_read=1), "ledger", "tales: words_read"),
        (lambda lock: lock["sources"][1]["files"][0].update(sha256="0" * 64), "trace", "does not follow"),
        (lambda lock: lock["subsets"]["100"].update(words=101), "words:subsets/100", ""),
    ],
)
def test_a_changed_lock(corpus, change, rule, said):
    """Whatever the lock says can be taken again from somewhere else."""
    seal(corpus.folder, change)
    found = look(corpus).finding(rule)
    assert found.status == "broken"
    assert said in found.message + " ".join(found.documents)


def test_a_swapped_source_file(corpus):
    """The file that is at hand now is not the one that was read; where none is at hand nothing is said."""
    write_jsonl(corpus.folder.parent / "tales.jsonl", [*TALES[:-1], "another tale"])
    found = look(corpus).finding("sources")
    assert found.status == "broken"
    assert found.documents[0].startswith("tales: tales.jsonl")
    for name in ("tales", "talk"):
        (corpus.folder.parent / f"{name}.jsonl").unlink()
    found = look(corpus).finding("sources")
    assert (found.status, found.message) == ("not_checked", "files absent: tales, talk")
    assert look(corpus).status == "holds"


def test_a_generated_document_passed_off_as_human(corpus):
    """In the data alone; in the ledger too; and with a made-up place in a source file."""

    def as_human(rows):
        for row in rows:
            row["origin"] = "human"
        return rows

    before = ledger_of(corpus)
    generated = next(row["id"] for row in rows_of(corpus) if row["origin"] == "rule:echo")
    edit_rows(data_file(corpus), as_human)
    seal(corpus.folder)
    found = look(corpus).finding("trace")
    assert found.status == "broken"
    line = next(line for line in found.documents if line.startswith(generated))
    assert "origin: the ledger says 'rule:echo', the corpus 'human'" in line

    def in_the_ledger(rows):
        for row in rows:
            if row["born"]:
                row.update(origin="human", born=None, parent=None, words_read=row["words"])
        return rows

    edit_rows(data_file(corpus), lambda rows: [{**row, "parent": None} for row in rows])
    edit_rows(corpus.folder / "ledger.parquet", in_the_ledger)
    seal(corpus.folder)
    verdict = look(corpus)
    assert broken(verdict) >= {"ledger", "law", "trace"}
    assert all("does not follow from its source, file and place" in line for line in verdict.finding("trace").documents)
    assert verdict.finding("trace").amount == sum(row["origin"] == "rule:echo" for row in before)


def test_a_generator_without_a_record(corpus):
    """A model wrote words, and nobody says which text that model has read."""

    def by_a_model(rows):
        return [{**row, "origin": "model:big" if row["origin"] == "rule:echo" else row["origin"]} for row in rows]

    edit_rows(data_file(corpus), by_a_model)
    edit_rows(corpus.folder / "ledger.parquet", by_a_model)
    seal(corpus.folder)
    found = look(corpus).finding("origin")
    assert found.status == "broken"
    assert "words by big, of which there is no record" in found.documents[0]
    seal(corpus.folder, lambda lock: lock.update(generators=[{"name": "big", "used_by": "Echo"}]))
    verdict = look(corpus, profile_of(BUDGET))
    assert verdict.finding("origin").status == "holds"
    assert verdict.finding("auxiliary:big").status == "holds"  # it only writes words of the budget
    assert {reading.status for reading in verdict.finding("auxiliary:big").readings} == {"holds", "unknown"}

    def back(rows):
        return [{**row, "origin": "human" if row["origin"] == "model:big" else row["origin"]} for row in rows]

    edit_rows(data_file(corpus), back)
    edit_rows(corpus.folder / "ledger.parquet", back)
    seal(corpus.folder)
    found = look(corpus).finding("origin")
    assert "made by Echo, which uses a generator, and said to be human" in found.documents[0]


@pytest.mark.parametrize("kept", [True, False])
def test_a_removed_ledger_row(corpus, kept):
    """Of a document that was kept, and of one that was dropped."""
    gone = next(row for row in ledger_of(corpus) if bool(row["taken"]) is kept and row["born"] is None)
    edit_rows(corpus.folder / "ledger.parquet", lambda rows: [row for row in rows if row["id"] != gone["id"]])
    seal(corpus.folder)
    verdict = look(corpus)
    rows = verdict.finding("ledger")
    assert (rows.status, rows.amount, rows.unit) == ("broken", 1, "rows")
    assert any(line.startswith(f"{gone['source']}: documents_read") for line in rows.documents)
    assert "law" in broken(verdict)
    if kept:
        assert f"{gone['id']}: is in no row of the ledger" in verdict.finding("trace").documents


def test_a_ledger_row_that_takes_more_than_there_is(corpus):
    """Rows are checked by themselves, before they are added up."""

    def more(rows):
        next(row for row in rows if row["taken"])["taken"] += 1000
        return rows

    edit_rows(corpus.folder / "ledger.parquet", more)
    seal(corpus.folder)
    assert any("more was taken than it has" in line for line in look(corpus).finding("ledger").documents)


def test_a_document_that_stands_twice(corpus):
    """The same text twice is words spent twice."""
    edit_rows(data_file(corpus), lambda rows: [*rows, rows[0]])
    seal(corpus.folder)
    verdict = look(corpus)
    twice = rows_of(corpus)[0]
    found = verdict.finding("repeated_text")
    assert (found.status, found.amount) == ("broken", len(twice["text"].split()))
    assert found.documents == (f"{twice['id']} (as {twice['id']})",)
    assert f"{twice['id']}: stands in the corpus more than once" in verdict.finding("trace").documents
    assert look(corpus, profile_of(None, repeated_text=_allowed())).finding("repeated_text").status == "holds"


def _allowed():
    return profile_of(1).repeated_text.model_copy(update={"value": "allowed"})


def test_files_that_are_missing_or_strange(corpus):
    """Nothing in the folder may be unknown to the lock."""
    (corpus.folder / "data" / "extra.parquet").write_bytes(data_file(corpus).read_bytes())
    (corpus.folder / "ledger.parquet").unlink()
    verdict = look(corpus)
    names = verdict.finding("files").documents
    assert set(names) == {"data/extra.parquet (not in the lock)", "ledger.parquet (missing)"}
    assert verdict.finding("ledger").message.startswith("ledger.parquet is missing")
    data_file(corpus).write_bytes(b"no parquet")
    assert look(corpus).finding("data").status == "broken"


def test_a_lock_without_its_parts_cannot_be_judged(corpus):
    """Exit 2: there is nothing to compare with."""
    path = corpus.folder / LOCK
    lock = json.loads(path.read_text())
    del lock["steps"][0]["settings"]
    path.write_text(json.dumps(lock))
    with pytest.raises(CorpusError, match=r"lacks steps\[0\]\.settings"):
        look(corpus)


def test_held_out_text_inside_the_corpus(tmp_path):
    """Development text that was trained on measures nothing."""
    page = [" ".join(f"{word}{number}" for number in range(8)) for word in ("sea", "sky", "sun", "ice")]
    corpus = build_texts(tmp_path / "pages", ["\n".join(page), " ".join(page)])
    fresh, seen = tmp_path / "a.dev", tmp_path / "b.test.txt"
    fresh.write_text("\n".join([page[0], "another line", page[1], page[3]]))
    seen.write_text("\n".join(["something new", *page[:3], "something else"]))
    assert look(corpus, held_out=[fresh]).finding("splits").status == "holds"
    found = look(corpus, held_out=[fresh, seen]).finding("splits")
    assert (found.status, found.amount) == ("broken", 24)
    assert found.documents == ("b.test.txt (24 of 28 words)",)


def test_a_parser_whose_training_text_is_not_counted(tmp_path, monkeypatch):
    """A step uses a model; its record is taken out of the lock."""
    from curation.core.auxiliary import AuxiliaryModel
    from curation.steps.filter.word_count import WordCount

    monkeypatch.setattr(WordCount, "auxiliary_models", lambda _: (AuxiliaryModel.model_validate(PARSER),))
    corpus = small(tmp_path)
    assert corpus.lock["auxiliary_models"] == [{**PARSER, "used_by": "word_count"}]
    rules = profile_of(BUDGET + 100)
    assert look(corpus, rules).status == "holds"
    assert look(corpus, profile_of(BUDGET + 99)).finding("budget").amount == 1

    seal(corpus.folder, lambda lock: lock.update(auxiliary_models=[{**PARSER, "used_by": "word_count", "words": 1}]))
    assert "something else than the step says" in look(corpus, rules).finding("auxiliary_models").documents[0]
    seal(corpus.folder, lambda lock: lock.update(auxiliary_models=[]))
    found = look(corpus, rules).finding("auxiliary_models")
    assert (found.status, found.documents_total) == ("broken", 1)
    assert found.documents[0] == "en_core_web_sm, used by word_count, is not on record: its text is not counted"


def test_a_model_that_the_manifest_declares(tmp_path):
    """What produced a source by hand is in the lock, and covered by its fingerprint."""
    corpus = small(tmp_path, auxiliary_models=[PARSER])
    assert corpus.lock["auxiliary_models"] == [PARSER]
    verdict = look(corpus, profile_of(BUDGET))
    assert broken(verdict) == {"budget", "auxiliary:en_core_web_sm"}
    assert verdict.finding("budget").amount == 100
    seal(corpus.folder, lambda lock: lock.update(auxiliary_models=[]))
    assert "lock" in broken(look(corpus))
