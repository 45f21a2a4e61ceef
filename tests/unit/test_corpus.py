"""The corpus on disk: opening it, its shards, its digest."""

import hashlib
import json

import pyarrow.parquet as pq
import pytest

from curation.core.errors import CorpusError
from curation.corpus import LOCK, Corpus, file_digests
from tests.unit.helpers import build_raw, build_texts, ledger_of, rows_of, texts_of, write_jsonl


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (None, "holds no corpus.lock: it is not a whole corpus"),
        ("{", "corpus.lock is damaged"),
        ("[]", "corpus.lock is damaged"),
        ("5", "corpus.lock is damaged"),
        ('{"name": "x"}', "corpus.lock is damaged"),
        ("\xff", "corpus.lock is damaged"),
        ('{"lock_version": 99}', r"written by another version of curate \(lock version 99\)"),
    ],
)
def test_a_folder_that_is_no_corpus(tmp_path, lock, message):
    """The lock is written last: without a whole one nothing in the folder can be trusted."""
    if lock is not None:
        (tmp_path / LOCK).write_text(lock, encoding="latin-1")
    with pytest.raises(CorpusError, match=message) as caught:
        Corpus.open(tmp_path)
    assert str(tmp_path) in caught.value.where


def test_a_folder_that_is_not_there(tmp_path):
    """A misspelt path is told as one."""
    with pytest.raises(CorpusError) as caught:
        Corpus.open(tmp_path / "none")
    assert caught.value.hint == "no such folder"


def test_open_gives_what_was_built(tmp_path):
    """Training and evaluation read a corpus through this and nothing else."""
    built = build_texts(tmp_path, ["a b", "c"], [], [{"use": "select.word_budget", "words": 3, "nested": [1]}])
    corpus = Corpus.open(str(tmp_path / "out"))
    assert (corpus.words, corpus.digest, len(corpus.digest)) == (3, built.digest, 64)
    assert [row for batch in corpus.batches(["text"]) for row in batch.column("text").to_pylist()] == ["a b", "c"]
    assert sum(batch.num_rows for batch in corpus.batches(subset=1)) == 1
    with pytest.raises(CorpusError) as caught:
        corpus.files(subset=2)
    assert caught.value.hint == "nested subsets of this corpus: 1"


def test_the_digest_is_the_documented_one(tmp_path):
    """Anyone must be able to take it from the Parquet files: SHA-256 over id, words, length and text, in order."""
    corpus = build_texts(tmp_path, ["a b c", "d \u00e9", "f"], [], [{"use": "select.word_budget", "words": 5}])
    digest = hashlib.sha256()
    for row in rows_of(corpus):
        text = row["text"].encode()
        digest.update(
            bytes.fromhex(row["id"]) + row["words"].to_bytes(8, "little") + len(text).to_bytes(8, "little") + text
        )
    assert digest.hexdigest() == corpus.digest


def test_shards_are_cut_by_words(tmp_path):
    """A shard ends with the document that fills it, so that its content depends on the documents alone."""
    write_jsonl(tmp_path / "docs.jsonl", ["word " * size for size in (600, 600, 1, 2500, 400, 599)])
    raw = {
        "sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}],
        "output": {"shard_words": 1000},
    }
    corpus = build_raw(tmp_path, raw)
    assert [path.name for path in corpus.files()] == [
        "corpus-00000.parquet",
        "corpus-00001.parquet",
        "corpus-00002.parquet",
    ]
    assert [pq.read_table(path).column("words").to_pylist() for path in corpus.files()] == [
        [600, 600],
        [1, 2500],
        [400, 599],
    ]
    one = build_raw(tmp_path, {**raw, "output": {}}, out="one")
    assert len(one.files()) == 1
    assert one.digest == corpus.digest


@pytest.mark.parametrize("compression", ["zstd", "snappy", "none"])
def test_compression(tmp_path, compression):
    """It changes the files, not the corpus."""
    write_jsonl(tmp_path / "docs.jsonl", ["a b"])
    raw = {
        "sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}],
        "output": {"compression": compression},
    }
    corpus = build_raw(tmp_path, raw)
    metadata = pq.ParquetFile(corpus.files()[0]).metadata
    assert metadata.row_group(0).column(2).compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())
    assert texts_of(corpus) == ["a b"]


def test_text_files_hold_the_same_words(tmp_path):
    """`wc -w` on the text files must count what the lock says, source by source."""
    write_jsonl(tmp_path / "a.jsonl", ["one two\nthree\r\n\n", "four\u2028five \u3000 six", "nul \x00 word"])
    write_jsonl(tmp_path / "b.jsonl", ["seven"])
    raw = {
        "sources": [{"name": name, "use": "source.jsonl", "path": f"{name}.jsonl"} for name in ("a", "b")],
        "output": {"text": True},
    }
    corpus = build_raw(tmp_path, raw)
    files = {path.name: path.read_bytes().decode() for path in (corpus.folder / "text").iterdir()}
    assert {name: len(text.split()) for name, text in files.items()} == {"a.train": 9, "b.train": 1}
    assert [source["words"] for source in corpus.lock["sources"]] == [9, 1]
    assert files["b.train"] == "seven\n"
    assert files["a.train"] == "one two\nthree\r\n\n\n\nfour\u2028five \u3000 six\nnul \x00 word\n"


def test_the_lock_knows_every_file(tmp_path):
    """What is published can be checked file by file."""
    corpus = build_texts(tmp_path, ["a b"])
    assert {name: one for name, one in file_digests(corpus.folder).items() if name != LOCK} == corpus.lock["files"]
    assert set(corpus.lock["files"]) == {"data/corpus-00000.parquet", "ledger.parquet", "audit.json", "README.md"}
    assert json.loads((corpus.folder / LOCK).read_text()) == corpus.lock


def test_a_corpus_without_documents(tmp_path):
    """A corpus of which every document was dropped must be refused, or open and be empty."""
    corpus = build_texts(tmp_path, ["a b"], [{"use": "filter.word_count", "min_words": 9}])
    assert corpus.words == 0
    assert [row["step"] for row in ledger_of(corpus)] == ["word_count"]
    assert [batch.num_rows for batch in corpus.batches()] in ([], [0])
