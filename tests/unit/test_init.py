"""`curate init`: a first manifest that loads and builds."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.build import Options, build
from curation.core.errors import SourceError
from curation.init import manifest_for
from curation.manifest import load
from tests.unit.helpers import texts_of, write_jsonl

TEXT = "These are some {} words of a text that is long enough to pass the filter number {}.\n"


def filled(folder):
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.txt").write_text(TEXT.format("plain", number) * 3)
    (folder / "deep").mkdir()
    (folder / "deep" / "a.train").write_text(
        "= = = t = = =\n" + TEXT.format("train", 1) + "= = = u = = =\n" + TEXT.format("more", 2)
    )
    (folder / "b.txt.gz").write_bytes(gzip.compress(TEXT.format("packed", 9).encode()))
    write_jsonl(folder / "c.jsonl", [TEXT.format("json", number) for number in range(3)])
    (folder / "d.csv").write_text("text\n" + TEXT.format("csv", 1))
    pq.write_table(pa.table({"text": [TEXT.format("parquet", 1)]}), folder / "e.parquet")
    (folder / ".hidden.txt").write_text("no")
    (folder / "image.png").write_bytes(b"\x89PNG")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "texts",
        "My Texts",
        "2024",
        "a: b # c",
        "null",
        "true",
        "1e5",
        "it's",
        "\u00e9t\u00e9",
        "[x]",
        "...",
        "- a",
        "$HOME",
    ],
)
def test_the_manifest_loads_and_builds_whatever_the_folder_is_called(tmp_path, name):
    """The first command that a user runs must work on the folder that the user has."""
    folder = filled(tmp_path / "base" / name)
    path = tmp_path / "base" / "manifest.yaml"
    path.write_text(manifest_for(folder, path.parent, 40), encoding="utf-8")
    loaded = load(path)
    assert sorted(entry.name for entry in loaded.sources) == ["csv", "jsonl", "parquet", "train", "txt", "txt-gz"]
    corpus = build(loaded, Options(out=tmp_path / "out", workers=1))
    assert corpus.words == 40


def test_the_budget_is_what_is_there(tmp_path):
    """Without a number a budget that can be met is proposed."""
    folder = filled(tmp_path / "texts")
    path = tmp_path / "manifest.yaml"
    path.write_text(manifest_for(folder, tmp_path, None), encoding="utf-8")
    corpus = build(load(path), Options(out=tmp_path / "out", workers=1))
    assert corpus.words == load(path).select[0].component.words > 0
    assert len(texts_of(corpus)) > 0


def test_a_manifest_inside_the_folder(tmp_path):
    """The manifest may lie among the files."""
    folder = filled(tmp_path / "texts")
    path = folder / "manifest.yaml"
    path.write_text(manifest_for(folder, folder, 10), encoding="utf-8")
    assert build(load(path), Options(out=tmp_path / "out", workers=1)).words == 10


def test_folders_that_cannot_be_used(tmp_path):
    """The files that can be read are listed."""
    with pytest.raises(SourceError, match="no such folder"):
        manifest_for(tmp_path / "none", tmp_path, None)
    with pytest.raises(SourceError, match="holds no file that can be read") as caught:
        manifest_for(tmp_path, tmp_path, None)
    assert ".jsonl" in caught.value.hint
