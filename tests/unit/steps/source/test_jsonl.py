import json

import pytest

from curation.core.errors import SourceError
from curation.steps.source import _cut
from curation.steps.source.jsonl import Jsonl
from tests.unit.steps.source.reading import PACKERS, documents, rejects, rows, texts

LINES = [
    json.dumps({"text": "one two", "id": "x", "t": "T", "n": 3}),
    "",
    json.dumps({"text": "u\u2028sep \u2029 \x85nel", "id": 7}, ensure_ascii=False),
    json.dumps({"text": "nul \x00 in it", "id": "z", "t": None}),
    "   ",
    json.dumps({"text": " \n\t\u3000", "id": "blank"}),
    json.dumps({"text": "last \ud83d\ude00", "id": "y", "t": "U"}),
]
WANTED = [(1, "one two"), (3, "u\u2028sep \u2029 \x85nel"), (4, "nul \x00 in it"), (7, "last \U0001f600")]


def written(folder, raw, name="a.jsonl"):
    (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return folder


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_documents(tmp_path, suffix, end):
    """Lines end at newlines alone, blank lines and texts are none, and a position is a line of the file."""
    written(tmp_path, PACKERS[suffix](end.join(LINES).encode()), f"a.jsonl{suffix}")
    assert documents(Jsonl(path=f"a.jsonl{suffix}"), tmp_path) == WANTED


@pytest.mark.parametrize("size", [1, 10, 50, 100])
def test_chunk_size_does_not_matter(tmp_path, monkeypatch, size):
    """The corpus must not depend on how much is read at once."""
    monkeypatch.setattr(_cut, "CHUNK_BYTES", size)
    monkeypatch.setattr("curation.steps.source._files._BLOCK", max(size // 3, 1))
    written(tmp_path, b"\xef\xbb\xbf" + "\n".join(LINES).encode())
    assert documents(Jsonl(path="a.jsonl"), tmp_path) == WANTED


def test_ids_and_metadata(tmp_path):
    """An id of the input is the document's key; the fields that are named travel with it."""
    written(tmp_path, "\n".join(LINES))
    found = rows(Jsonl(path="a.jsonl", id_field="id", meta_fields={"title": "t", "age": "n"}), tmp_path)
    assert [row["key"] for row in found] == ["x", "7", "z", "y"]
    assert [(row["meta"]["title"], row["meta"]["age"]) for row in found] == [
        ("T", "3"),
        (None, None),
        (None, None),
        ("U", None),
    ]


def test_ids_survive_a_reordering(tmp_path):
    """Documents with keys are the same documents in another order of the file."""
    source = Jsonl(path="a.jsonl", id_field="id")
    ids = []
    for lines in (LINES, LINES[::-1]):
        found = rows(source, written(tmp_path, "\n".join(lines)))
        ids.append({row["key"]: row["id"] for row in found})
    assert ids[0] == ids[1]
    assert len(set(ids[0].values())) == 4


BAD = {
    "not JSON": ("{nope}", "not JSON: "),
    "cut short": ('{"text": "a', "not JSON: "),
    "not UTF-8": (b'{"text": "a\xff"}', "not JSON: "),
    "lone surrogate": ('{"text": "\\ud800"}', "not JSON: "),
    "no key": ('{"txet": "a", "id": 1}', "no field 'text' (its fields: txet, id)"),
    "no id": ('{"text": "a"}', "no field 'id' (its fields: text)"),
    "null id": ('{"text": "a", "id": null}', "'id'"),
    "number": ('{"text": 5, "id": 1}', "field 'text' must be a string, this is a int: '5'"),
    "null": ('{"text": null, "id": 1}', "field 'text' must be a string, this is a NoneType"),
    "list": ('["text"]', "a JSON object is expected, this is a list"),
    "string": ('"text"', "a JSON object is expected, this is a str"),
    "nothing": ("null", "a JSON object is expected, this is a NoneType"),
}


@pytest.mark.parametrize("bad", BAD)
def test_lines_that_cannot_be_read(tmp_path, bad):
    """The error names file and line and shows what is there; with skip only that line goes."""
    line, reason = BAD[bad]
    line = line if isinstance(line, bytes) else line.encode()
    written(tmp_path, b'{"text": "good", "id": 8}\n\n' + line + b'\n{"text": "after", "id": 9}\n')
    with pytest.raises(SourceError) as caught:
        texts(Jsonl(path="a.jsonl", id_field="id"), tmp_path)
    assert caught.value.where == "a.jsonl:3"
    assert reason in caught.value.message
    skipping = Jsonl(path="a.jsonl", id_field="id", on_error="skip")
    assert texts(skipping, tmp_path) == ["good", "after"]
    [(place, why)] = rejects(skipping, tmp_path)
    assert place == 3
    assert reason in why


def test_a_field_that_is_almost_there_is_offered(tmp_path):
    """The commonest mistake is the name of the field."""
    with pytest.raises(SourceError) as caught:
        texts(Jsonl(path="a.jsonl"), written(tmp_path, '{"txt": "a"}'))
    assert caught.value.hint == "did you mean 'txt'?"


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_that_is_too_long(tmp_path, place, end):
    """The limit must hold wherever in the file the line stands."""
    lines = ['{"text": "a"}', '{"text": "b"}']
    lines.insert(place, json.dumps({"text": "x" * 3000}))
    written(tmp_path, "\n".join(lines) + end)
    with pytest.raises(SourceError, match="longer than 1,024 bytes") as caught:
        texts(Jsonl(path="a.jsonl", max_document_bytes=1024), tmp_path)
    assert caught.value.where == f"a.jsonl:{place + 1}"
    skipping = Jsonl(path="a.jsonl", max_document_bytes=1024, on_error="skip")
    assert rejects(skipping, tmp_path) == [(place + 1, "longer than 1,024 bytes (max_document_bytes)")]
    assert texts(skipping, tmp_path) == ["a", "b"]
