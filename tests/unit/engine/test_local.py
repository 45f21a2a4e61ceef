"""Reading and caching on one machine."""

import hashlib
import os

import pytest

from curation.core.errors import SourceError
from curation.core.events import SliceDone, StageDone
from tests.unit.helpers import build_raw, build_texts, ledger_of, texts_of, write_jsonl

TEXT = {"sources": [{"name": "a", "use": "source.text", "path": "a.txt", "documents": "line"}]}


def changing(monkeypatch, path, text):
    """Make a file change after it was hashed and before it is read."""
    from curation import build

    pin = build.pin

    def pinned(*arguments):
        found = pin(*arguments)
        path.write_text(text)
        os.utime(path, ns=(1, 1))
        return found

    monkeypatch.setattr("curation.build.pin", pinned)


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    """The lock would name the digest of one text and the corpus hold another."""
    (tmp_path / "a.txt").write_text("first words\n")
    changing(monkeypatch, tmp_path / "a.txt", "other words here\n")
    with pytest.raises(SourceError, match=r"a\.txt: changed while it was being read"):
        build_raw(tmp_path, TEXT)
    assert not (tmp_path / "out").exists()


def test_a_change_while_reading_does_not_poison_the_cache(tmp_path, monkeypatch):
    """What was read of the changed file must not be taken for the file that was hashed."""
    path = tmp_path / "a.txt"
    path.write_text("first words\n")
    with monkeypatch.context() as patch:
        changing(patch, path, "other words here\n")
        with pytest.raises(SourceError, match="changed while it was being read"):
            build_raw(tmp_path, TEXT)
    path.write_text("first words\n")
    assert texts_of(build_raw(tmp_path, TEXT)) == ["first words"]


def test_finished_slices_are_not_made_again(tmp_path):
    """A build that was killed, or whose last threshold changed, goes on where it was."""
    steps = [{"use": "normalize.whitespace"}, {"use": "filter.word_count", "min_words": 2}]
    cached = []
    for least in (2, 3):
        seen = []
        steps[1]["min_words"] = least
        corpus = build_texts(tmp_path, ["a", "a b", "a b c"], steps, listen=seen.append)
        cached.append([event.cached for event in seen if isinstance(event, SliceDone)])
    assert cached == [[False], [True]]
    assert texts_of(corpus) == ["a b c"]


def test_the_cache_does_not_depend_on_batch_size_or_workers(tmp_path):
    """Neither changes what a slice holds."""
    digests = set()
    for number, (workers, rows) in enumerate([(1, 1), (2, 1000), (3, 2)]):
        corpus = build_texts(
            tmp_path, ["a b", "c", "a  b", "d e f"], [{"use": "normalize.whitespace"}, {"use": "dedup.exact"}],
            [{"use": "select.order"}], workers=workers, batch_rows=rows, cache=tmp_path / f"c{number}",
            out=f"o{number}",
        )  # fmt: skip
        digests.add(corpus.digest)
    assert len(digests) == 1


def test_stages_report_what_they_dropped(tmp_path):
    """The display's numbers are those of the ledger."""
    seen = []
    steps = [{"use": "filter.word_count", "min_words": 2}, {"use": "dedup.exact"}]
    build_texts(tmp_path, ["a", "b c", "b  c", "d e f"], steps, listen=seen.append)
    done = [
        (event.title, event.documents, event.words, dict(event.dropped))
        for event in seen
        if isinstance(event, StageDone)
    ]
    assert done == [("read word_count", 3, 7, {"word_count": 1}), ("exact", 2, 5, {"exact": 1})]


def test_a_digest_that_is_expected(tmp_path):
    """A manifest may say which file it was written for."""
    (tmp_path / "a.txt").write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    source = {"name": "a", "use": "source.text", "path": "a.txt", "sha256": digest}
    assert build_raw(tmp_path, {"sources": [source]}).lock["sources"][0]["files"][0]["sha256"] == digest
    with pytest.raises(SourceError, match=f"has SHA-256 {digest}, the manifest expects {'0' * 64}"):
        build_raw(tmp_path, {"sources": [{**source, "sha256": "0" * 64}]})
    (tmp_path / "b.txt").write_text("y")
    with pytest.raises(SourceError, match="sha256 is for one file, the path matches 2"):
        build_raw(tmp_path, {"sources": [{**source, "path": "*.txt"}]})


def test_a_number_of_words_that_is_expected(tmp_path):
    """The same, for what the reader makes of the file."""
    (tmp_path / "a.txt").write_text("x y")
    source = {"name": "a", "use": "source.text", "path": "a.txt"}
    assert build_raw(tmp_path, {"sources": [{**source, "words": 2}]}).words == 2
    with pytest.raises(SourceError, match=r"sources\[0\] \(a\): holds 2 words, the manifest expects 3"):
        build_raw(tmp_path, {"sources": [{**source, "words": 3}]})


def keyed(folder, **more):
    write_jsonl(folder / "a.jsonl", ["one", "two words", "three", "four"], id=["k1", "k2", "k1", "k1"])
    source = {"name": "a", "use": "source.jsonl", "path": "a.jsonl", "id_field": "id", **more}
    return {
        "sources": [source],
        "steps": [{"use": "normalize.whitespace"}, {"use": "filter.word_count", "min_words": 1}],
    }


def test_ids_that_are_used_twice_are_refused(tmp_path):
    """Two documents with one id cannot be told apart in ledger and corpus."""
    with pytest.raises(SourceError, match="the id 'k1' was already used") as caught:
        build_raw(tmp_path, keyed(tmp_path))
    assert caught.value.where == "a.jsonl:3"
    assert "a.jsonl:1" in caught.value.message


def test_ids_that_are_used_twice_can_be_skipped(tmp_path):
    """The first keeps the id, the others stand in the ledger as unreadable."""
    corpus = build_raw(tmp_path, keyed(tmp_path, on_error="skip"))
    assert texts_of(corpus) == ["one", "two words"]
    rows = {row["position"]: (row["step"], row["reason"] or "") for row in ledger_of(corpus)}
    assert [rows[1], rows[2]] == [(None, ""), (None, "")]
    assert [rows[place][0] for place in (3, 4)] == ["unreadable", "unreadable"]
    assert ["'k1' was already used" in rows[place][1] for place in (3, 4)] == [True, True]
    assert corpus.lock["sources"][0]["documents_unreadable"] == 2
    assert corpus.lock["sources"][0]["words_read"] == 3


def test_the_same_file_twice_gives_different_documents(tmp_path):
    """A copy of a file is other documents with equal texts: `dedup.exact` is there to say so."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("same words\n")
    raw = {"sources": [{"name": "a", "use": "source.text", "path": "*.txt"}]}
    assert len({row["id"] for row in ledger_of(build_raw(tmp_path, raw))}) == 2
    corpus = build_raw(tmp_path, {**raw, "name": "other", "steps": [{"use": "dedup.exact"}]}, out="other")
    assert texts_of(corpus) == ["same words"]


def test_a_file_of_rejects_only(tmp_path):
    """Every line bad is still a ledger, and the rest of the corpus."""
    (tmp_path / "a.jsonl").write_text("{no}\n[1]\n")
    (tmp_path / "b.txt").write_text("words")
    raw = {
        "sources": [
            {"name": "a", "use": "source.jsonl", "path": "a.jsonl", "on_error": "skip"},
            {"name": "b", "use": "source.text", "path": "b.txt"},
        ],
        "steps": [{"use": "filter.word_count", "min_words": 1}, {"use": "dedup.exact", "level": "line"}],
    }
    corpus = build_raw(tmp_path, raw)
    assert texts_of(corpus) == ["words"]
    assert [(row["step"], row["position"]) for row in ledger_of(corpus) if row["source"] == "a"] == [
        ("unreadable", 1),
        ("unreadable", 2),
    ]
