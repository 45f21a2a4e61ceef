import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from curation.check import check_sources
from curation.core.errors import SourceError
from curation.manifest import load
from curation.steps.source import huggingface as module
from curation.steps.source.huggingface import HuggingFace
from tests.unit.helpers import build_raw, ledger_of, texts_of, write_manifest
from tests.unit.steps.source.reading import documents, rejects, rows, texts

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a dataset in the layout of the hub: Parquet by split; the library's cache is in the test's folder."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    (tmp_path / "set" / "data").mkdir(parents=True)
    for split, rows_of_split in {"train": ["one two", " ", "three \u4e2d"], "test": ["held out"]}.items():
        table = pa.table({"text": rows_of_split, "id": [f"{split}{i}" for i in range(len(rows_of_split))]})
        pq.write_table(table, tmp_path / "set" / "data" / f"{split}-00000-of-00001.parquet")
    return tmp_path


def jsonl_folder(base, lines):
    (base / "lines").mkdir()
    (base / "lines" / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return HuggingFace(path="./lines")


def test_a_local_folder_in_the_layout_of_the_hub(folder):
    """A dataset that was downloaded is read like the one on the hub, split by split."""
    assert documents(HuggingFace(path="./set"), folder) == [(1, "one two"), (3, "three \u4e2d")]
    assert texts(HuggingFace(path="./set", split="test"), folder) == ["held out"]


def test_ids_data_files_and_chunks(folder, monkeypatch):
    """Documents keep their ids wherever the stream is cut."""
    source = HuggingFace(path="./set", id_field="id", data_files="data/train-*.parquet", meta_fields={"title": "id"})
    whole = [(row["key"], row["text"], row["meta"]["title"]) for row in rows(source, folder)]
    assert whole == [("train0", "one two", "train0"), ("train2", "three \u4e2d", "train2")]
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    assert [(row["key"], row["text"], row["meta"]["title"]) for row in rows(source, folder)] == whole


def test_json_lines_in_a_folder(folder):
    """The hub's datasets are often JSON lines."""
    assert texts(jsonl_folder(folder, [{"text": "a b"}, {"text": "c"}]), folder) == ["a b", "c"]


def test_a_corpus_from_a_folder_says_nothing_of_the_machine(folder):
    """Lock and ledger are published: they must be the same wherever the dataset lies."""
    corpus = build_raw(folder, {"sources": [{"name": "hub", "use": "source.huggingface", "path": "./set"}]})
    assert texts_of(corpus) == ["one two", "three \u4e2d"]
    assert str(folder) not in json.dumps(corpus.lock)
    assert [row["file"] for row in ledger_of(corpus) if str(folder) in row["file"]] == []


@pytest.mark.parametrize("value", [5, None, [1]])
def test_texts_that_are_no_strings(folder, value):
    """The row and the type are told; with skip only that row goes."""
    source = jsonl_folder(folder, [{"text": value}, {"text": value}])
    with pytest.raises(SourceError, match="'text' must be a string, this is a") as caught:
        texts(source, folder)
    assert "row 1" in caught.value.where
    skipping = HuggingFace(path="./lines", on_error="skip")
    assert [place for place, _ in rejects(skipping, folder)] == [1, 2]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (HuggingFace(path="./none"), "no such folder"),
        (HuggingFace(path="./set", split="nosplit"), "cannot be opened"),
        (HuggingFace(path="./set", text_field="txt"), r"no column 'txt' \(its columns: text, id\)"),
    ],
)
def test_what_is_not_there(folder, source, message):
    """Folder, split and column are the three things to get wrong."""
    with pytest.raises(SourceError, match=message):
        texts(source, folder)


@pytest.mark.parametrize("revision", [None, "main", "0123abc"])
def test_a_hub_dataset_needs_a_commit(revision):
    """A branch may move under a corpus that was published."""
    with pytest.raises(ValidationError, match="needs `revision:`, the 40-digit commit"):
        HuggingFace(path="some/dataset", revision=revision)


def test_a_hub_that_is_switched_off_fails_in_seconds(tmp_path, monkeypatch):
    """On a machine without a network the library would try for minutes before it says so."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    source = HuggingFace(path="some/dataset", revision=COMMIT)
    [file] = source.files(tmp_path)
    with pytest.raises(SourceError, match="switched off by HF_HUB_OFFLINE") as caught:
        list(source.chunks(file))
    assert caught.value.where == "hf://some/dataset"


def test_a_hub_that_does_not_answer(tmp_path, monkeypatch):
    """The address that was tried is shown."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    source = HuggingFace(path="some/dataset", revision=COMMIT, timeout=2)
    with pytest.raises(SourceError, match=r"the hub http://127.0.0.1:9 cannot be reached"):
        list(source.chunks(source.files(tmp_path)[0]))
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(SourceError, match="is not a web address"):
        list(source.chunks(source.files(tmp_path)[0]))


def test_check_opens_a_dataset(folder):
    """`curate check` shows the first words of every source."""
    path = write_manifest(
        folder, {"name": "m", "sources": [{"name": "hub", "use": "source.huggingface", "path": "./set"}]}
    )
    [found] = check_sources(load(path))
    assert (found["documents"], found["words"], found["sample"]) == (2, 4, "one two")


def test_check_of_a_dataset_that_begins_with_blank_rows(folder):
    """A first piece without a document is no reason to fail."""
    jsonl_folder(folder, [{"text": " "}])
    path = write_manifest(
        folder, {"name": "m", "sources": [{"name": "hub", "use": "source.huggingface", "path": "./lines"}]}
    )
    assert check_sources(load(path))[0]["documents"] == 0
