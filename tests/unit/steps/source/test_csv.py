import csv as plain
import io

import pytest

from curation.core.errors import SourceError
from curation.steps.source import csv as module
from curation.steps.source.csv import Csv
from tests.unit.steps.source.reading import PACKERS, documents, rejects, rows, texts

ROWS = [
    ["id", "text", "t"],
    ["a", 'one, "two"', "T"],
    ["b", "line\nend\r\nin it", ""],
    ["c", " ", "U"],
    ["d", "\u4e2d\u6587", "V"],
]


def written(folder, raw, name="a.csv"):
    (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return folder


def packed(delimiter=",", end="\r\n"):
    out = io.StringIO()
    plain.writer(out, delimiter=delimiter, lineterminator=end).writerows(ROWS)
    return out.getvalue()


WANTED = ['one, "two"', "line\nend\r\nin it", "\u4e2d\u6587"]


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "semicolon"])
def test_rows_are_documents(tmp_path, suffix, end, kind):
    """Quoted fields may hold delimiters and line ends; a tab separates `.tsv`."""
    delimiter = {"csv": ",", "tsv": "\t", "semicolon": ";"}[kind]
    name = f"a.{'tsv' if kind == 'tsv' else 'csv'}{suffix}"
    written(tmp_path, PACKERS[suffix](packed(delimiter, end).encode()), name)
    source = Csv(path=name, delimiter=";" if kind == "semicolon" else None, id_field="id", meta_fields={"title": "t"})
    found = rows(source, tmp_path)
    assert [row["text"] for row in found] == WANTED
    assert [row["key"] for row in found] == ["a", "b", "d"]
    assert [row["meta"]["title"] for row in found] == ["T", "", "V"]


@pytest.mark.parametrize("size", [1, 5, 20])
def test_chunk_size_does_not_matter(tmp_path, monkeypatch, size):
    """Rows keep the line they start at, however many are parsed at once."""
    monkeypatch.setattr(module, "CHUNK_BYTES", size)
    monkeypatch.setattr("curation.steps.source._files._BLOCK", 3)
    written(tmp_path, b"\xef\xbb\xbf" + packed(end="\n").encode())
    assert documents(Csv(path="a.csv"), tmp_path) == list(zip([2, 3, 7], WANTED, strict=True))


def test_other_encodings(tmp_path):
    """Spreadsheets write what their country does."""
    assert texts(Csv(path="a.csv", encoding="cp1252"), written(tmp_path, "text\nna\u00efve\n".encode("cp1252"))) == [
        "na\u00efve"
    ]
    with pytest.raises(SourceError, match="there is no encoding 'no'"):
        texts(Csv(path="a.csv", encoding="no"), tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("b", "1 fields where the header has 2"), ("b,c,d", "3 fields where the header has 2")],
)
def test_rows_with_another_number_of_fields(tmp_path, line, reason):
    """A row that has lost its place must not put an id into the text."""
    written(tmp_path, f'id,text\n1,"one\nmore"\n{line}\n2,two\n')
    with pytest.raises(SourceError) as caught:
        texts(Csv(path="a.csv"), tmp_path)
    assert (caught.value.where, caught.value.message) == ("a.csv:4", reason)
    skipping = Csv(path="a.csv", on_error="skip")
    assert texts(skipping, tmp_path) == ["one\nmore", "two"]
    assert rejects(skipping, tmp_path) == [(4, reason)]


def test_a_column_that_is_not_there(tmp_path):
    """The columns are shown, and the one that was meant."""
    with pytest.raises(SourceError) as caught:
        texts(Csv(path="a.csv"), written(tmp_path, "id,txt\n1,a\n"))
    assert str(caught.value) == "a.csv:1: no column 'text' (its columns: id, txt)\n  did you mean 'txt'?"


@pytest.mark.parametrize(
    ("raw", "where", "reason"),
    [
        (b'text\none\n"two\nthree\n', "a.csv:", "not valid CSV"),
        (b'text\none\n"a"b\nthree\n', "a.csv:3", "not valid CSV"),
        (b"text\none\n" + b"x" * 3000 + b"\nthree\n", "a.csv:3", "field larger than field limit"),
        (b"text\none\na\xff\nthree\n", "a.csv:3", "not utf-8"),
    ],
    ids=["open quote", "text after quote", "too long", "not UTF-8"],
)
def test_damage(tmp_path, raw, where, reason):
    """What no parser can take apart is told with file and line; with skip it is noted and the rows before it stay."""
    written(tmp_path, raw)
    with pytest.raises(SourceError) as caught:
        texts(Csv(path="a.csv", max_document_bytes=1024), tmp_path)
    assert caught.value.where.startswith(where)
    assert reason in caught.value.message
    skipping = Csv(path="a.csv", max_document_bytes=1024, on_error="skip")
    assert texts(skipping, tmp_path)[:1] == ["one"]
    assert [reason in why for _, why in rejects(skipping, tmp_path)] == [True]


def test_the_limit_of_one_source_is_not_that_of_the_process(tmp_path):
    """The csv module's limit is global: reading must leave it as it was."""
    before = plain.field_size_limit()
    texts(Csv(path="a.csv", max_document_bytes=2048), written(tmp_path, "text\na\n"))
    assert plain.field_size_limit() == before
