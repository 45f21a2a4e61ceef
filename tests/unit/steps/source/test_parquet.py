import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.errors import SourceError
from curation.core.words import WHITE_SPACE
from curation.steps.source import parquet as module
from curation.steps.source.parquet import Parquet
from tests.unit.steps.source.reading import documents, rejects, rows, texts

TABLE = {"id": ["a", "b", "c", "d"], "text": ["one two", "", "\u3000 ", "last"], "n": [1, 2, 3, None]}


def written(folder, columns, name="a.parquet", **more):
    pq.write_table(pa.table(columns), folder / name, **more)
    return folder


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_rows_are_documents(tmp_path, kind):
    """A position is a row of the file, counted from 1; rows without words are none."""
    written(tmp_path, {**TABLE, "text": pa.array(TABLE["text"], kind)})
    source = Parquet(path="a.parquet", id_field="id", meta_fields={"age": "n"})
    found = rows(source, tmp_path)
    assert documents(source, tmp_path) == [(1, "one two"), (4, "last")]
    assert [(row["key"], row["meta"]["age"]) for row in found] == [("a", "1"), ("d", None)]


def test_white_space_is_that_of_python(tmp_path):
    """Arrow's idea of white space must not leave a document without words."""
    written(tmp_path, {"text": [chr(point) for point in WHITE_SPACE]})
    assert rows(Parquet(path="a.parquet"), tmp_path) == []


@pytest.mark.parametrize("size", [1, 100, 2000])
def test_chunk_size_does_not_matter(tmp_path, monkeypatch, size):
    """Row groups, batches and chunks have other bounds."""
    wanted = [(row + 1, f"text {row}") for row in range(300)]
    written(tmp_path, {"text": [text for _, text in wanted]}, row_group_size=70)
    monkeypatch.setattr(module, "CHUNK_BYTES", size)
    monkeypatch.setattr(module, "_ROWS", 32)
    assert documents(Parquet(path="a.parquet"), tmp_path) == wanted


@pytest.mark.parametrize("column", ["text", "id"])
def test_rows_without_text_or_id(tmp_path, column):
    """A null is no text and no key."""
    columns = {"text": ["a", "b", "c"], "id": ["1", "2", "3"]}
    columns[column] = ["a", None, "c"]
    written(tmp_path, columns)
    with pytest.raises(SourceError) as caught:
        texts(Parquet(path="a.parquet", id_field="id"), tmp_path)
    assert caught.value.where == "a.parquet:2"
    skipping = Parquet(path="a.parquet", id_field="id", on_error="skip")
    assert [row["position"] for row in rows(skipping, tmp_path)] == [1, 3, 2]
    assert rejects(skipping, tmp_path) == [(2, "the row has no text, or no id")]


@pytest.mark.parametrize(
    ("columns", "reason", "hint"),
    [
        ({"txt": ["a"]}, "no column 'text' (its columns: txt)", "did you mean 'txt'?"),
        ({"text": [1]}, "column 'text' must hold strings, it holds int64", ""),
    ],
)
def test_columns_that_cannot_be_read(tmp_path, columns, reason, hint):
    """The columns are shown, and the one that was meant."""
    with pytest.raises(SourceError) as caught:
        texts(Parquet(path="a.parquet"), written(tmp_path, columns))
    assert (caught.value.where, caught.value.message, caught.value.hint) == ("a.parquet", reason, hint)


def invalid(values):
    """Return strings that are not UTF-8: Arrow neither checks them when it writes nor when it reads."""
    data = b"".join(values)
    offsets = np.cumsum([0, *map(len, values)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(data))


def test_texts_that_are_not_utf8(tmp_path):
    """Kernels read UTF-8 without looking twice: what is not must not get past the reader."""
    written(tmp_path, {"text": invalid([b"good", b"bad \xe2", b"after"])})
    with pytest.raises(SourceError, match="UTF-8") as caught:
        texts(Parquet(path="a.parquet"), tmp_path)
    assert caught.value.where == "a.parquet:2"
    skipping = Parquet(path="a.parquet", on_error="skip")
    assert texts(skipping, tmp_path) == ["good", "after"]
    assert [("UTF-8" in reason, place) for place, reason in rejects(skipping, tmp_path)] == [(True, 2)]


@pytest.mark.parametrize("keep", [0, 10, 0.5, -20])
def test_a_file_that_is_cut_short(tmp_path, keep):
    """A download that broke off is told by its name; with skip it is noted in the ledger."""
    written(tmp_path, {"text": ["word"] * 5000})
    path = tmp_path / "a.parquet"
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(SourceError, match="is not a whole Parquet file") as caught:
        texts(Parquet(path="a.parquet"), tmp_path)
    assert caught.value.where == "a.parquet"
    assert [reason for _, reason in rejects(Parquet(path="a.parquet", on_error="skip"), tmp_path)] != []


def test_a_file_that_is_damaged_inside(tmp_path):
    """A page that cannot be read is told with the rows before it."""
    rng = np.random.default_rng(0)
    written(tmp_path, {"text": [rng.bytes(30).hex() for _ in range(9000)]}, compression="zstd", row_group_size=1000)
    path = tmp_path / "a.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 4000] = bytes(4000)
    path.write_bytes(raw)
    with pytest.raises(SourceError, match="damaged after row") as caught:
        texts(Parquet(path="a.parquet"), tmp_path)
    assert caught.value.where.startswith("a.parquet")
    skipping = Parquet(path="a.parquet", on_error="skip")
    assert len(rejects(skipping, tmp_path)) >= 1
