"""The form of 2026: what the artifacts know is filled in, and what they do not know is null with its reason."""

from __future__ import annotations

import json

from evaluation.result import read_results
from evaluation.submission.form import form_of
from tests.unit.evaluation.submission.contents import folder_of

RUN = {
    "recipe": {"name": "toy", "seed": 7},
    "corpus": {"name": "c", "digest": "c1", "audit": "words recounted: as the lock says"},
    "data": {"words_trained_on": 1000},
    "tokenizer": {"vocab_size": 4096, "settings": {"kind": "bpe", "preset": "gpt2"}},
    "model": {"use": "gpt2", "num_attention_heads": 4, "num_hidden_layers": 3},
    "parameters": 1_234_567,
    "hardware": {"device": "cpu"},
    "result": {"words_seen": 5000, "tokens_seen": 6400, "steps": 100, "seconds": 3600.0},
    "flops": {"total": 1e12, "method": "counted"},
}
RECIPE = (
    "optimizer: {use: adamw, lr: 0.001, betas: [0.9, 0.95]}\nschedule: {use: cosine, length: {'0.0': 64, '0.5': 128}}\n"
)


def made(tmp_path, run=None, **subject):
    folder = tmp_path / "run"
    where = folder_of(folder / "evaluation/babylm-2026/main/causal", "babylm-2026", [], [], **subject)
    if run is not None:
        (folder / "run.json").write_text(json.dumps(run))
        (folder / "recipe.yaml").write_text(RECIPE)
    return form_of(read_results(where), where)


def test_a_run_fills_what_it_knows(tmp_path):
    form = made(tmp_path, RUN, corpus="c1", parameters=1_234_567)
    values = {name: field["value"] for name, field in form["fields"].items()}
    assert len(values) == 39
    assert {
        "flops": 1e12,
        "epochs": 5.0,
        "random_seed": "7",
        "max_seq_len": 128,
        "token_set_size": 4096,
    }.items() <= values.items()
    assert {
        "optimizer": "adamw",
        "learning_rate": 0.001,
        "lr_scheduler": "cosine",
        "batch_size": 64,
    }.items() <= values.items()
    assert {
        "num_heads": 4,
        "num_layers": 3,
        "total_parameters": 1.235,
        "tokenizer": "bpe gpt2",
    }.items() <= values.items()
    assert values["model_type"] == "Decoder only"
    assert form["fields"]["gpu_train"] == {"value": None, "reason": "trained on the CPU, 1.00 hours"}
    assert form["from"]["audit"] == "words recounted: as the lock says"


def test_every_null_has_a_reason(tmp_path):
    for run, subject in ((None, {}), (RUN, {"corpus": "c1"})):
        fields = made(tmp_path, run, **subject)["fields"]
        assert all(field["reason"] for field in fields.values() if field["value"] is None)


def test_another_models_run_is_not_believed(tmp_path):
    fields = made(tmp_path, RUN, corpus="c2")["fields"]
    assert fields["flops"] == {"value": None, "reason": "the model is no run of curate: no run.json says it"}


def lock(folder):
    folder.mkdir()
    told = {
        "lock_version": 1, "name": "c", "digest": "c1", "words": 1000, "documents": 3, "subsets": {}, "files": {},
        "manifest_fingerprint": "f", "description": "Stories.",
        "sources": [{"name": "books", "settings": {"domain": "fiction"}}],
        "steps": [{"name": "s", "use": "unescape", "kind": "normalizer"}],
    }  # fmt: skip
    (folder / "corpus.lock").write_text(json.dumps(told))
    return folder


def test_the_corpus_is_described_by_its_lock_and_then_by_its_audit(tmp_path):
    folder = lock(tmp_path / "corpus")
    run = {**RUN, "corpus": {**RUN["corpus"], "folder": str(folder)}}
    fields = made(tmp_path, run, corpus="c1")["fields"]
    assert fields["datasize"]["value"] == 0.001
    assert fields["data_genre"]["value"] == "fiction"
    assert fields["data_preprocessing"]["value"] == "unescape"
    assert "not audited" in fields["teacher_models"]["reason"]
    audited = {"fields": {"teacher_models": {"value": ""}, "data_aug": {"value": "Yes"}, "track": {"value": "strict"}}}
    (folder / "submission.json").write_text(json.dumps(audited))
    fields = made(tmp_path, run, corpus="c1")["fields"]
    assert fields["data_aug"]["value"] == "Yes"
    assert fields["teacher_models"] == {"value": ""}
    assert fields["track"]["value"] == "strict"
