"""Records of auxiliary models: declared by steps and manifests, carried by the lock, refused when they are none."""

import json

import pytest

from curation.core.auxiliary import AuxiliaryModel
from curation.core.errors import LockMismatch, ManifestError
from curation.corpus import LOCK
from curation.manifest import load
from tests.unit.helpers import build_raw, build_texts, write_jsonl, write_manifest


def raw(folder, **more):
    write_jsonl(folder / "a.jsonl", ["one two", "three"])
    return {"name": "small", "sources": [{"use": "source.jsonl", "path": "a.jsonl"}], **more}


def test_unknown_words_are_written_down_as_unknown():
    """`null`, so that no reader takes what is absent for zero."""
    model = AuxiliaryModel(name="m", purpose="classifier", licence="MIT")
    assert model.record() == {
        "name": "m", "purpose": "classifier", "licence": "MIT", "words": None, "where": "unknown",
    }  # fmt: skip
    assert AuxiliaryModel.model_validate(model.of_step("s").record()) == model.of_step("s")


def test_a_corpus_without_models_keeps_its_fingerprint(tmp_path):
    """What no manifest says must not change what others said."""
    manifest = load(write_manifest(tmp_path, raw(tmp_path)))
    assert "auxiliary_models" not in manifest.as_dict()
    assert build_texts(tmp_path / "b", ["a b"]).lock["auxiliary_models"] == []


def test_declared_models_decide_the_fingerprint(tmp_path):
    """Who used a parser has another corpus than who did not, even if the words are the same."""
    model = {"name": "m", "purpose": "parser", "words": 7, "where": "outside"}
    plain = load(write_manifest(tmp_path, raw(tmp_path)))
    declared = load(write_manifest(tmp_path, raw(tmp_path, auxiliary_models=[model]), "n.yaml"))
    assert plain.fingerprint() != declared.fingerprint()
    assert declared.as_dict()["auxiliary_models"] == [model]


def test_a_locked_build_wants_the_same_models(tmp_path):
    """A record that was changed beside the manifest is a mismatch."""
    corpus = build_raw(tmp_path, raw(tmp_path, auxiliary_models=[{"name": "m", "purpose": "parser"}]))
    lock = json.loads((corpus.folder / LOCK).read_text())
    lock["auxiliary_models"][0]["words"] = 5
    (tmp_path / "m.lock").write_text(json.dumps(lock))
    with pytest.raises(LockMismatch, match="auxiliary_models"):
        build_raw(tmp_path, raw(tmp_path, auxiliary_models=[{"name": "m", "purpose": "parser"}]), locked=True)


def test_wrong_records_are_named_all_at_once(tmp_path):
    """With their place in the manifest, and what is allowed."""
    models = [{"name": "m"}, {"name": "n", "purpose": "parsing"}, {"name": "o", "purpose": "parser", "wrds": 1}, "p"]
    with pytest.raises(ManifestError) as caught:
        load(write_manifest(tmp_path, raw(tmp_path, auxiliary_models=models)))
    places = [problem.where for problem in caught.value.problems]
    assert places == [
        "auxiliary_models[0].purpose", "auxiliary_models[1].purpose", "auxiliary_models[2].wrds", "auxiliary_models[3]",
    ]  # fmt: skip
    assert "did you mean 'words'" in caught.value.problems[2].hint
    with pytest.raises(ManifestError, match="must be a list of records"):
        load(write_manifest(tmp_path, raw(tmp_path, auxiliary_models={"m": 1})))
