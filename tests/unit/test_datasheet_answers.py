"""What only a person knows: answers in the manifest reach the lock and the datasheet; others are refused by name."""

import pytest

from curation.core.errors import ManifestError
from curation.manifest import load
from tests.unit.helpers import build_raw, write_jsonl, write_manifest


def raw(folder, **more):
    folder.mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "docs.jsonl", ["one two three"])
    sources = [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}]
    return {"name": "small", "sources": sources, **more}


def test_answers_reach_the_lock_and_change_the_fingerprint(tmp_path):
    plain = build_raw(tmp_path / "plain", raw(tmp_path / "plain"))
    said = build_raw(tmp_path / "said", raw(tmp_path / "said", datasheet={"funding": "Nobody."}))
    assert said.lock["datasheet"] == {"funding": "Nobody."}
    assert "datasheet" not in plain.lock
    assert said.digest == plain.digest
    assert said.lock["manifest_fingerprint"] != plain.lock["manifest_fingerprint"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"fundng": "x"}, "did you mean 'funding'"),
        ({"funding": 3}, "must be text"),
        (["funding"], "must be a mapping"),
    ],
)
def test_what_is_no_answer_is_named(tmp_path, answers, message):
    path = write_manifest(tmp_path, raw(tmp_path, datasheet=answers))
    with pytest.raises(ManifestError, match=message):
        load(path)
