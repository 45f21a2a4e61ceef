"""Where inputs are: paths, globs, URLs, package data; and inputs that are damaged or not there."""

from pathlib import Path

import fsspec
import pytest

from curation.core.errors import SourceError
from curation.steps.source.jsonl import Jsonl
from curation.steps.source.text import Text
from tests.unit.helpers import build_raw, ledger_of, texts_of
from tests.unit.steps.source.reading import PACKERS, rejects, texts

COMPRESSED = [suffix for suffix in PACKERS if suffix]
NOISE = "".join(f"{i * 2654435761 % 2**32} word {i}\n" for i in range(3000))


@pytest.mark.parametrize("on_error", ["fail", "skip"])
class TestNotThere:
    """A path that names nothing is the manifest's mistake: `skip` is for what stands in a file."""

    def test_a_missing_file(self, tmp_path, on_error):
        """The file that was meant is offered."""
        (tmp_path / "texts.txt").write_text("x")
        with pytest.raises(SourceError) as caught:
            Text(path="text.txt", on_error=on_error).files(tmp_path)
        assert str(caught.value) == "text.txt: no such file\n  did you mean 'texts.txt'?"

    def test_a_missing_folder(self, tmp_path, on_error):
        """The place that was looked at is shown."""
        with pytest.raises(SourceError) as caught:
            Text(path="no/a.txt", on_error=on_error).files(tmp_path)
        assert str(caught.value) == f"no/a.txt: no such file\n  looked for {tmp_path}/no/a.txt"

    def test_a_folder(self, tmp_path, on_error):
        """A folder is named by what is in it."""
        (tmp_path / "texts").mkdir()
        with pytest.raises(SourceError) as caught:
            Text(path="texts/", on_error=on_error).files(tmp_path)
        assert str(caught.value) == "texts/: is a folder, not a file\n  name the files in it: texts/*"

    def test_a_glob_that_matches_nothing(self, tmp_path, on_error):
        """An empty source would silently give another corpus."""
        with pytest.raises(SourceError, match="no file matches"):
            Text(path="*.txt", on_error=on_error).files(tmp_path)

    def test_a_file_that_may_not_be_read(self, tmp_path, monkeypatch, on_error):
        """Files of others, and network disks, refuse: the system's reason is shown, not a traceback."""
        path = tmp_path / "a.txt"
        path.write_text("x")
        opened = Path.open

        def refuse(self, *arguments, **more):
            if self == path:
                raise PermissionError(13, "Permission denied")
            return opened(self, *arguments, **more)

        monkeypatch.setattr(Path, "open", refuse)
        raw = {"sources": [{"name": "a", "use": "source.text", "path": "a.txt", "on_error": on_error}]}
        if on_error == "skip":
            [row] = ledger_of(build_raw(tmp_path, raw))
            assert (row["file"], row["step"], "Permission denied" in row["reason"]) == ("a.txt", "unreadable", True)
            return
        with pytest.raises(SourceError, match="Permission denied") as caught:
            build_raw(tmp_path, raw)
        assert "a.txt" in caught.value.where

    def test_a_package_that_is_not_installed(self, tmp_path, on_error):
        """The command that mends it is shown."""
        with pytest.raises(SourceError, match="'no_such_package' is not installed") as caught:
            Text(path="package://no_such_package/a.txt", on_error=on_error).files(tmp_path)
        assert "pip install no_such_package" in caught.value.hint

    def test_a_path_that_leaves_its_package(self, tmp_path, on_error):
        """Package data is in the package."""
        with pytest.raises(SourceError, match="leads out of the package"):
            Text(path="package://curation/../pyproject.toml", on_error=on_error).files(tmp_path)


@pytest.mark.parametrize("suffix", COMPRESSED)
@pytest.mark.parametrize("kept", [0.3, 0.9, -1])
def test_compressed_files_that_are_cut_short(tmp_path, suffix, kept):
    """A download that broke off must not become a smaller corpus; with skip it is noted in the ledger."""
    raw = PACKERS[suffix](NOISE.encode())
    (tmp_path / f"a.txt{suffix}").write_bytes(raw[: int(len(raw) * kept) if kept > 0 else kept])
    with pytest.raises(SourceError, match="damaged or cut short after") as caught:
        texts(Text(path=f"a.txt{suffix}", documents="line"), tmp_path)
    assert caught.value.where.startswith(f"a.txt{suffix}")
    skipping = Text(path=f"a.txt{suffix}", documents="line", on_error="skip")
    assert ["damaged or cut short" in reason for _, reason in rejects(skipping, tmp_path)] == [True]


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_files_that_are_not_compressed_as_they_say(tmp_path, suffix):
    """A web page saved under the name of a data set is told by its name."""
    (tmp_path / f"a.txt{suffix}").write_bytes(b"<html>not found</html>\n" * 3)
    with pytest.raises(SourceError, match="damaged or cut short after 0 bytes"):
        texts(Text(path=f"a.txt{suffix}", documents="line"), tmp_path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_files_of_several_compressed_parts(tmp_path, suffix):
    """Compressed files may be joined end to end."""
    (tmp_path / f"a.txt{suffix}").write_bytes(PACKERS[suffix](b"one\n") + PACKERS[suffix](b"two\n"))
    assert texts(Text(path=f"a.txt{suffix}", documents="line"), tmp_path) == ["one", "two"]


@pytest.mark.parametrize("suffix", PACKERS)
def test_blocks_hold_the_whole_content(tmp_path, monkeypatch, suffix):
    """However it is read, the content is that of the file."""
    monkeypatch.setattr("curation.steps.source._files._BLOCK", 1000)
    (tmp_path / f"a.txt{suffix}").write_bytes(PACKERS[suffix](NOISE.encode()))
    assert texts(Text(path=f"a.txt{suffix}"), tmp_path) == [NOISE.rstrip("\n")]


EMPTY = {
    "text": ("source.text", "a.txt"), "jsonl": ("source.jsonl", "a.jsonl"), "csv": ("source.csv", "a.csv"),
    "parquet": ("source.parquet", "a.parquet"), "gz": ("source.text", "a.txt.gz"), "zst": ("source.text", "a.txt.zst"),
}  # fmt: skip


@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_file(tmp_path, kind):
    """A file without a byte is most often a mistake: it is told, or noted in the ledger, and the rest is kept."""
    use, name = EMPTY[kind]
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "b.txt").write_text("other words")
    raw = {
        "sources": [{"name": "empty", "use": use, "path": name}, {"name": "b", "use": "source.text", "path": "b.txt"}]
    }
    with pytest.raises(SourceError) as caught:
        build_raw(tmp_path, raw)
    assert name in caught.value.where
    raw["sources"][0]["on_error"] = "skip"
    corpus = build_raw(tmp_path, raw)
    assert texts_of(corpus) == ["other words"]
    assert [(row["source"], row["file"]) for row in ledger_of(corpus) if row["step"] == "unreadable"] == [
        ("empty", name)
    ]


def test_files_by_url(tmp_path):
    """A file of a bucket is read like a local one; here the bucket is a folder."""
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    assert texts(Text(path=f"file://{tmp_path}/*.txt"), tmp_path) == ["one", "two"]
    assert texts(Text(path=f"file://{tmp_path}/b.txt"), tmp_path) == ["two"]


@pytest.fixture
def memory():
    """Give an empty file system in memory."""
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    yield filesystem
    filesystem.store.clear()


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_corpus_from_urls(tmp_path, memory, suffix):
    """A remote file is copied once, hashed, and decompressed by its name."""
    memory.pipe(f"/data/a.jsonl{suffix}", PACKERS[suffix](b'{"text": "one two"}\n{"text": "three"}\n'))
    raw = {"sources": [{"name": "far", "use": "source.jsonl", "path": f"memory://data/*.jsonl{suffix}"}]}
    corpus = build_raw(tmp_path, raw)
    assert texts_of(corpus) == ["one two", "three"]
    assert corpus.lock["sources"][0]["files"][0]["name"] == f"memory:///data/a.jsonl{suffix}"


def test_a_remote_file_that_has_changed(tmp_path, memory):
    """A copy in the cache must not stand for what is there now."""
    raw = {"sources": [{"name": "far", "use": "source.text", "path": "memory://data/a.txt"}]}
    memory.pipe("/data/a.txt", b"before")
    assert texts_of(build_raw(tmp_path, raw)) == ["before"]
    memory.pipe("/data/a.txt", b"after it changed")
    assert texts_of(build_raw(tmp_path, raw)) == ["after it changed"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("memory://data/none.txt", "cannot be reached"),
        ("memory://data/*.txt", "no file matches"),
        ("nosuch://a.txt", "cannot be reached: Protocol not known: nosuch"),
    ],
)
@pytest.mark.usefixtures("memory")
def test_urls_that_lead_nowhere(tmp_path, path, message):
    """The URL and the reason are shown."""
    with pytest.raises(SourceError, match=message) as caught:
        Jsonl(path=path).files(tmp_path)
    assert caught.value.where == path


def test_reading_that_fails_is_no_failure_to_write(tmp_path, memory, monkeypatch):
    """A connection that breaks must not be told as a full or forbidden output folder."""
    memory.pipe("/data/a.txt", b"x")

    class Broken:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def read(self, _size=-1):
            raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr("curation.engine.local.open_raw", lambda _file: Broken())
    with pytest.raises(SourceError, match="Connection reset"):
        build_raw(tmp_path, {"sources": [{"name": "far", "use": "source.text", "path": "memory://data/a.txt"}]})


def test_every_source_that_is_missing_is_told(tmp_path):
    """Paths are mended in one go."""
    raw = {"sources": [{"name": name, "use": "source.text", "path": f"{name}.txt"} for name in "ab"]}
    with pytest.raises(SourceError) as caught:
        build_raw(tmp_path, raw)
    assert "2 sources cannot be found" in caught.value.message
    assert "sources[0] (a): a.txt: no such file" in caught.value.message
    assert "sources[1] (b): b.txt: no such file" in caught.value.message
