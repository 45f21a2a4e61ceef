"""Looking before building."""

import pytest

from curation.check import check_sources, plan_build
from curation.core.errors import SourceError, UnknownName
from curation.describe import describe, summaries
from curation.manifest import load
from tests.unit.helpers import build_raw, write_jsonl, write_manifest


def raw_of(folder):
    write_jsonl(folder / "a.jsonl", ["one two", "three"])
    (folder / "b.txt").write_text("four five six")
    return {
        "name": "small",
        "sources": [
            {"name": "a", "use": "source.jsonl", "path": "a.jsonl"},
            {"name": "b", "use": "source.text", "path": "b.txt"},
        ],
        "steps": [
            {"use": "normalize.whitespace"},
            {"use": "filter.word_count", "min_words": 1},
            {"use": "dedup.exact"},
        ],
        "select": [{"use": "select.word_budget", "words": 4}],
    }


def test_check_shows_what_was_seen(tmp_path):
    """The first words of a source tell at once whether the right column is read."""
    found = check_sources(load(write_manifest(tmp_path, raw_of(tmp_path))))
    assert [(row["name"], row["files"], row["documents"], row["words"], row["sample"]) for row in found] == [
        ("a", 1, 2, 3, "one two"),
        ("b", 1, 1, 3, "four five six"),
    ]


def test_check_finds_what_a_build_would(tmp_path):
    """That is what it is for."""
    raw = raw_of(tmp_path)
    raw["sources"][0]["text_field"] = "txt"
    with pytest.raises(SourceError, match="no field 'txt'"):
        check_sources(load(write_manifest(tmp_path, raw)))


def test_check_of_a_file_without_documents(tmp_path):
    """White space only is no document: a build would refuse the file, so a check does."""
    (tmp_path / "b.txt").write_text(" \n")
    raw = {"name": "m", "sources": [{"name": "b", "use": "source.text", "path": "b.txt"}]}
    with pytest.raises(SourceError, match=r"b\.txt: holds no document"):
        check_sources(load(write_manifest(tmp_path, raw)))


def test_plan_knows_what_is_cached(tmp_path):
    """A plan before and after a build tells what a change of the manifest would cost."""
    raw = raw_of(tmp_path)
    loaded = load(write_manifest(tmp_path, raw))
    before = plan_build(loaded, tmp_path / ".curate-cache", 1)
    build_raw(tmp_path, raw)
    after = plan_build(loaded, tmp_path / ".curate-cache", 1)
    assert [row["complete"] for row in before["sources"]] == [False, False]
    assert [(row["complete"], row["slices_cached"]) for row in after["sources"]] == [(True, 1), (True, 1)]
    assert [(stage["title"], stage["deferred"], stage["decisions"]) for stage in after["stages"]] == [
        ("read whitespace word_count", ["word_count"], ["exact"])
    ]
    assert after["select"] == ["word_budget words=4 cut=word by=random order=highest"]


def test_descriptions_of_what_is_not_there():
    """The name that was meant is offered."""
    with pytest.raises(UnknownName) as caught:
        describe("filter.word_cont")
    assert "'filter.word_count'" in caught.value.hint
    assert summaries("nothing") == {}
    assert set(summaries("dedup")) == {"dedup.exact", "dedup.minhash"}


def test_the_page_of_a_plug_in():
    """A user's step is documented like ours."""
    assert describe("tests.unit.plugins:WithoutX").startswith("tests.unit.plugins:WithoutX  (filter, version 1)")
