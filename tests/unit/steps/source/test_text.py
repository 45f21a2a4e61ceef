import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.core.errors import SourceError
from curation.steps.source import _cut
from curation.steps.source.text import Text
from tests.unit.helpers import fresh_folder
from tests.unit.steps.source.reading import PACKERS, documents, rejects, rows, texts

PLAIN = "one two\nthree\n\n \t\n= = = A title = = =\nfour\n\n\n= = = B\nfive = = = six\n= = = = = =\nseven\n"


def written(folder, raw, name="a.txt"):
    (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return folder


EXPECTED = {
    "file": [(1, PLAIN.rstrip("\n"))],
    "line": [
        (1, "one two"),
        (2, "three"),
        (5, "= = = A title = = ="),
        (6, "four"),
        (9, "= = = B"),
        (10, "five = = = six"),
        (11, "= = = = = ="),
        (12, "seven"),
    ],
    "2 lines": [
        (1, "one two\nthree"),
        (5, "= = = A title = = =\nfour"),
        (9, "= = = B\nfive = = = six"),
        (11, "= = = = = =\nseven"),
    ],
    "5 lines": [
        (1, "one two\nthree\n\n \t\n= = = A title = = ="),
        (6, "four\n\n\n= = = B\nfive = = = six"),
        (11, "= = = = = =\nseven"),
    ],
    "blank_line": [
        (1, "one two\nthree"),
        (5, "= = = A title = = =\nfour"),
        (9, "= = = B\nfive = = = six\n= = = = = =\nseven"),
    ],
    "header": [
        (1, "one two\nthree\n\n \t"),
        (5, "= = = A title = = =\nfour"),
        (9, "= = = B\nfive = = = six"),
        (11, "= = = = = =\nseven"),
    ],
}


def bare(found):
    return [(place, text.rstrip()) for place, text in found]


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("mode", EXPECTED)
def test_documents(tmp_path, mode, suffix):
    """Each mode cuts where it says, and numbers documents by the line that opens them, compressed or not."""
    written(tmp_path, PACKERS[suffix](PLAIN.encode()), f"a.txt{suffix}")
    assert bare(documents(Text(path=f"a.txt{suffix}", documents=mode), tmp_path)) == bare(EXPECTED[mode])


@pytest.mark.parametrize("mode", EXPECTED)
def test_line_ends_of_windows_and_a_byte_order_mark(tmp_path, mode):
    """A file that went through Notepad holds the same documents."""
    written(tmp_path, b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode())
    found = [
        (place, text.replace("\r\n", "\n")) for place, text in documents(Text(path="a.txt", documents=mode), tmp_path)
    ]
    assert bare(found) == bare(EXPECTED[mode])


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("size", [1, 2, 7, 16, 30])
def test_chunk_size_does_not_matter(tmp_path, monkeypatch, mode, size):
    """Where a file is cut into pieces is a matter of memory, not of the corpus."""
    monkeypatch.setattr(_cut, "CHUNK_BYTES", size)
    monkeypatch.setattr("curation.steps.source._files._BLOCK", max(size // 2, 1))
    written(tmp_path, PLAIN)
    assert bare(documents(Text(path="a.txt", documents=mode), tmp_path)) == bare(EXPECTED[mode])


lines = st.lists(
    st.sampled_from(["", " ", "a", "b c", "= = = t = = =", "= = =", "\u00e9\u3000", "\r", "x\r", "\x0b"]), max_size=12
)


@settings(max_examples=40)
@given(lines, st.sampled_from(sorted(EXPECTED)), st.integers(1, 12), st.integers(1, 12))
def test_any_chunk_and_block_size_gives_the_same_documents(lines, mode, size, block):
    """The boundary of a piece may fall anywhere: into a header, a blank line, a character."""
    with fresh_folder() as folder, pytest.MonkeyPatch.context() as patch:
        assume("\n".join(lines).strip() != "")  # a file of white space is refused
        source = Text(path="a.txt", documents=mode, headers=False)
        written(folder, "\n".join(lines))
        whole = documents(source, folder)
        patch.setattr(_cut, "CHUNK_BYTES", size)
        patch.setattr("curation.steps.source._files._BLOCK", block)
        assert documents(source, folder) == whole


def test_titles_are_kept(tmp_path):
    """The title of a header is metadata of its document."""
    found = rows(Text(path="a.txt", documents="header"), written(tmp_path, PLAIN))
    assert [row["meta"]["title"] for row in found] == [None, "A title", "B", "= = ="]
    long = "= = = " + "\u00e9" * 600 + " = = =\nx\n"
    assert len(rows(Text(path="a.txt", documents="header"), written(tmp_path, long))) == 1


def test_headers_can_be_left_out(tmp_path):
    """Some tracks count titles as words, others do not; a document that was only a title is none."""
    source = Text(path="a.txt", documents="header", headers=False)
    found = texts(source, written(tmp_path, PLAIN + "= = = only a title = = =\n"))
    assert [text.strip() for text in found] == ["one two\nthree", "four", "five = = = six", "seven"]
    assert rows(source, tmp_path)[1]["meta"]["title"] == "A title"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("size", [4 << 20, 8])
def test_other_encodings(tmp_path, monkeypatch, encoding, size):
    """Old text is not UTF-8, and a long file of it is cut like any other."""
    monkeypatch.setattr(_cut, "CHUNK_BYTES", size)
    monkeypatch.setattr("curation.steps.source._files._BLOCK", size)
    text = (
        "caf\u00e9 \u00fc\nna\u00efve\n\u0122\u010a\n"
        if encoding.startswith("utf-16")
        else "caf\u00e9 \u00fc\nna\u00efve\n"
    )
    written(tmp_path, text.encode(encoding))
    assert texts(Text(path="a.txt", documents="line", encoding=encoding), tmp_path) == text.split("\n")[:-1]


def test_an_encoding_that_does_not_exist(tmp_path):
    """A misspelt encoding is the manifest's mistake, whatever the file."""
    with pytest.raises(SourceError, match="there is no encoding 'latin-one'"):
        texts(Text(path="a.txt", encoding="latin-one"), written(tmp_path, b"x"))


def test_several_files_are_read_in_the_order_of_their_paths(tmp_path):
    """A glob must give the same corpus on every file system."""
    for name in ("b.txt", "a.txt", "c.md"):
        written(tmp_path, name, name)
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", "deep", "d.txt")
    assert texts(Text(path="*.txt"), tmp_path) == ["a.txt", "b.txt"]
    assert texts(Text(path="**/*.txt"), tmp_path) == ["a.txt", "b.txt", "deep"]
    assert [file.name for file in Text(path="**/*.txt").files(tmp_path)] == ["a.txt", "b.txt", "deep/d.txt"]


def test_a_name_with_the_signs_of_a_glob_is_a_name(tmp_path):
    """`[1]` is in many file names."""
    assert texts(Text(path="a[1].txt"), written(tmp_path, b"x", "a[1].txt")) == ["x"]


@pytest.mark.parametrize("mode", EXPECTED)
def test_white_space_is_no_document(tmp_path, mode):
    """An empty document would be a row without a word, which no budget can use."""
    assert rows(Text(path="a.txt", documents=mode), written(tmp_path, " \n\n\u3000\n\x1c\n\u2028\x85")) == []


@pytest.mark.parametrize("mode", ["file", "line", "header", "blank_line", "2 lines"])
def test_bytes_that_are_not_utf8(tmp_path, mode):
    """The error names file, line and byte; with skip only the document that holds it goes."""
    raw = b"\xef\xbb\xbfgood \xc3\xa9\n\n\n= = = t = = =\nbad\n a\xe9b\n\n= = = u = = =\nlast\n"
    written(tmp_path, raw)
    with pytest.raises(SourceError) as caught:
        texts(Text(path="a.txt", documents=mode), tmp_path)
    assert caught.value.where == "a.txt:6"
    assert "byte 3 of line 6 (0xe9) is not UTF-8" in str(caught.value)
    skipping = Text(path="a.txt", documents=mode, on_error="skip")
    assert [reason for _, reason in rejects(skipping, tmp_path)] == ["byte 3 of line 6 (0xe9) is not UTF-8"]
    left = " ".join(texts(skipping, tmp_path))
    assert ("good \u00e9" in left, "last" in left) == (mode != "file", mode != "file")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "ascii"])
def test_bytes_that_are_not_of_the_encoding(tmp_path, encoding):
    """A wrong guess at the encoding must be told with file and line, or noted in the ledger."""
    raw = (
        "fine\n".encode(encoding)
        + {"cp1252": b"a\x81b\n", "utf-16": b"\x00\xd8\x0a\x00", "ascii": b"a\xc3\xa9\n"}[encoding]
    )
    written(tmp_path, raw)
    with pytest.raises(SourceError) as caught:
        texts(Text(path="a.txt", documents="line", encoding=encoding), tmp_path)
    assert caught.value.where.startswith("a.txt:")
    assert encoding in caught.value.message
    skipping = Text(path="a.txt", documents="line", encoding=encoding, on_error="skip")
    assert texts(skipping, tmp_path) == ["fine"]
    assert [encoding in reason for _, reason in rejects(skipping, tmp_path)] == [True]


@pytest.mark.parametrize("mode", ["file", "header", "blank_line", "line", "3 lines"])
@pytest.mark.parametrize("place", ["alone", "first", "middle", "last"])
def test_a_document_that_is_too_long(tmp_path, mode, place):
    """The limit must hold wherever in the file the document stands; the others are read."""
    long = "= = = long = = =\n" + "word " * 500 if mode == "header" else "word " * 500
    gap = {"blank_line": "\n\n", "3 lines": "\n.\n.\n"}.get(mode, "\n")
    head = "= = = t = = =\n" if mode == "header" else ""
    parts = {"alone": [long], "first": [long, "b"], "middle": ["a", long, "b"], "last": ["a", long]}[place]
    if mode == "file" and place != "alone":
        pytest.skip("one file is one document")
    written(tmp_path, gap.join(part if part == long else head + part for part in parts) + gap)
    with pytest.raises(SourceError, match=r"longer than 1,024 bytes \(max_document_bytes\)") as caught:
        texts(Text(path="a.txt", documents=mode, max_document_bytes=1024), tmp_path)
    line = 1 + (gap.join([head + "a", ""]).count("\n") if place in {"middle", "last"} else 0)
    assert caught.value.where == f"a.txt:{line}"
    skipping = Text(path="a.txt", documents=mode, max_document_bytes=1024, on_error="skip")
    assert rejects(skipping, tmp_path) == [(line, "longer than 1,024 bytes (max_document_bytes)")]
    assert [text.split()[-1 if mode == "header" else 0] for text in texts(skipping, tmp_path)] == [
        part for part in parts if part != long
    ]


@pytest.mark.parametrize("mode", ["header", "line", "blank_line", "3 lines"])
def test_a_document_that_spans_many_blocks_is_passed_over(tmp_path, monkeypatch, mode):
    """What does not fit into memory is skipped block by block, and the lines after it keep their numbers."""
    monkeypatch.setattr("curation.steps.source._files._BLOCK", 700)
    monkeypatch.setattr(_cut, "CHUNK_BYTES", 600)
    gap = {"blank_line": "\n\n", "3 lines": "\n.\n.\n", "header": "\n"}.get(mode, "\n")
    head = "= = = t = = =\n" if mode == "header" else ""
    parts = ["a" * 300, "b" * 5000, "c" * 300, "d" * 300]
    written(tmp_path, gap.join(head + part for part in parts) + gap)
    source = Text(path="a.txt", documents=mode, max_document_bytes=1024, on_error="skip", headers=False)
    per = gap.count("\n") + head.count("\n")
    found = documents(source, tmp_path)
    assert [(place, text.strip()[0]) for place, text in found] == [(1, "a"), (1 + 2 * per, "c"), (1 + 3 * per, "d")]
    assert [place for place, _ in rejects(source, tmp_path)] == [1 + per]


@pytest.mark.parametrize("block", [5005, 5011, 5020, 700])
def test_the_document_after_one_that_is_passed_over_is_kept(tmp_path, monkeypatch, block):
    """The blank line that ends a long document may lie across two blocks, and be longer than a few bytes."""
    monkeypatch.setattr("curation.steps.source._files._BLOCK", block)
    monkeypatch.setattr(_cut, "CHUNK_BYTES", 600)
    written(tmp_path, "x" * 5000 + "\n" + " " * 20 + "\nkept one\n\nkept two\n")
    source = Text(path="a.txt", documents="blank_line", max_document_bytes=1024, on_error="skip")
    assert documents(source, tmp_path) == [(3, "kept one"), (5, "kept two")]
    assert [place for place, _ in rejects(source, tmp_path)] == [1]
