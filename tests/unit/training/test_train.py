"""What a run does when something is wrong: with gradients, with memory, with the disk, with what it is given."""

from __future__ import annotations

import errno
import json
import math
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from curation.core.errors import CorpusError, OutputError
from curation.corpus import DOCUMENTS
from tests.tiny_training import CAUSAL, NO_DROPOUT, tiny_corpus, tiny_recipe
from training import events, weights
from training.errors import Diverged, RecipeError, ResumeError, TrainError
from training.learner import Learner, load_model
from training.run import read_metrics

SHORT = {"duration.steps": 6, "data.heldout.share": 0}
EVERY_STEP = SHORT | {"run.checkpoint_minutes": 1e-9}


def _of(kind, told):
    return [event for event in told if isinstance(event, kind)]


def _poison(monkeypatch, *steps):
    """Make the gradient of some steps not finite."""
    forward, calls = Learner.forward, iter(range(1000))

    def poisoned(self, batch):
        total, loss = forward(self, batch)
        return (total * math.nan if next(calls) in steps else total), loss

    monkeypatch.setattr(Learner, "forward", poisoned)


# Gradients ----------------------------------------------------------------------------------------------------------


def test_a_step_without_a_finite_gradient_changes_nothing(trained, monkeypatch):
    """It is told, counted as seen, and the run goes on; the weights stay finite."""
    _poison(monkeypatch, 1, 2, 4)
    told = []
    run = trained(SHORT | {"run.max_skipped": 2}, listen=told.append)
    assert [1, 2, 4] == [event.step for event in _of(events.StepSkipped, told)]
    assert {"the gradient is not finite"} == {event.reason for event in _of(events.StepSkipped, told)}
    weights = load_file(run.folder / "checkpoints/step-00000006/model.safetensors")
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())
    optimizer = load_file(run.folder / "checkpoints/step-00000006/optimizer.safetensors")
    steps = {int(tensor) for name, tensor in optimizer.items() if name.endswith("/step")}
    assert steps <= {3}
    # JSON has no NaN: other readers than Python's would stop at it.
    assert "NaN" not in (run.folder / "metrics.jsonl").read_text()
    lines = read_metrics(run.folder)
    assert [None] == [line["gradient_norm"] for line in lines if line["step"] == 1 and line["event"] == "StepDone"]


def test_too_many_skipped_steps_in_a_row_end_the_run(trained, monkeypatch):
    """With the reason, the step and what to do; the checkpoints from before are there."""
    _poison(monkeypatch, *range(3, 100))
    told = []
    with pytest.raises(Diverged, match=r"3 steps in a row had to be skipped, .*not finite") as caught:
        trained(EVERY_STEP | {"run.max_skipped": 2, "duration.steps": 20}, listen=told.append)
    assert "lower optimizer.lr" in caught.value.hint
    assert [3, 4, 5] == [event.step for event in _of(events.StepSkipped, told)]
    assert 5 == _of(events.CheckpointSaved, told)[-1].step


def test_a_spike_is_skipped_once_there_is_something_to_hold_it_against(trained, monkeypatch):
    """A gradient a thousand times the recent median, after fifty steps."""
    forward, calls = Learner.forward, iter(range(1000))
    spikes = {10, 55}

    def spiked(self, batch):
        total, loss = forward(self, batch)
        return (total * 1000 if next(calls) in spikes else total), loss

    monkeypatch.setattr(Learner, "forward", spiked)
    told = []
    trained(SHORT | {"duration.steps": 60, "run.spike": 50.0, "schedule.length": 16}, listen=told.append)
    assert [55] == [event.step for event in _of(events.StepSkipped, told)]


# Memory -------------------------------------------------------------------------------------------------------------


def _little_memory(monkeypatch, rows):
    forward, tried = Learner.forward, []

    def limited(self, batch):
        tried.append(len(batch.inputs))
        if len(batch.inputs) > rows:
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, batch)

    monkeypatch.setattr(Learner, "forward", limited)
    return tried


@pytest.mark.parametrize("objective", [{}, CAUSAL], ids=["hybrid", "causal"])
def test_a_batch_that_does_not_fit_is_accumulated_in_parts(trained, monkeypatch, tmp_path, objective):
    """To the same gradients, and the parts stay small: what fitted once is not tried larger again."""
    changes = SHORT | NO_DROPOUT | objective | {"schedule.rows": 7, "schedule.length": 16}
    told, again = [], []
    trained(changes, out=tmp_path / "whole", listen=told.append)
    tried = _little_memory(monkeypatch, 2)
    run = trained(changes, out=tmp_path / "parts", listen=again.append)
    assert [7, 4, 2, 2, 2, 1, 2, 2, 2, 1] == tried[:10]
    before, after = _of(events.StepDone, told), _of(events.StepDone, again)
    for name in ("loss", "masked_loss", "causal_loss", "gradient_norm"):
        expected, found = ([getattr(step, name) or 0.0 for step in steps] for steps in (before, after))
        assert pytest.approx(expected, rel=1e-4) == found
    assert pytest.approx(before[0].loss, rel=1e-6) == after[0].loss
    assert pytest.approx(before[0].gradient_norm, rel=1e-6) == after[0].gradient_norm
    state = json.loads((run.folder / "checkpoints/step-00000006/state.json").read_text())
    assert 2 == state["progress"]["rows_at_once"]


def test_what_was_accumulated_before_memory_ran_out_is_forgotten(trained, monkeypatch, tmp_path):
    """The second part of the first batch does not fit: its first part must not count twice."""
    changes = SHORT | NO_DROPOUT | {"schedule.rows": 7, "schedule.length": 16, "duration.steps": 1}
    told, again = [], []
    trained(changes, out=tmp_path / "whole", listen=told.append)
    forward, sizes = Learner.forward, []

    def limited(self, batch):
        sizes.append(len(batch.inputs))
        if len(sizes) == 2:
            raise MemoryError
        return forward(self, batch)

    monkeypatch.setattr(Learner, "forward", limited)
    trained(changes | {"run.rows_at_once": 4}, out=tmp_path / "parts", listen=again.append)
    assert [4, 3, 2, 2, 2, 1] == sizes
    (expected,), (found,) = _of(events.StepDone, told), _of(events.StepDone, again)
    assert pytest.approx((expected.loss, expected.gradient_norm), rel=1e-6) == (found.loss, found.gradient_norm)


def test_memory_that_does_not_hold_one_row_is_an_error(trained, monkeypatch):
    _little_memory(monkeypatch, 0)
    with pytest.raises(TrainError, match="memory ran out with 1 rows of 16 tokens") as caught:
        trained(SHORT)
    assert "shorter rows" in caught.value.hint


# Disk ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
    ids=["os", "safetensors"],
)
def test_a_full_disk_leaves_the_checkpoints_before_it_whole(trained, monkeypatch, tmp_path, error):
    """The error says so, and the same command goes on once there is room."""
    save, calls = weights.save_file, iter(range(1000))

    def full(tensors, path, _metadata):
        if next(calls) == 7:
            path.write_bytes(b"half")
            raise error
        save(tensors, path)

    trained(EVERY_STEP, out=tmp_path / "whole")
    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(OutputError, match="the disk is full") as caught:
        trained(EVERY_STEP)
    assert "run the same command again" in caught.value.hint
    folder = tmp_path / "run/checkpoints"
    assert ["step-00000001", "step-00000002"] == sorted(path.name for path in folder.iterdir())
    trained(EVERY_STEP, resume=True)
    last = "checkpoints/step-00000006/model.safetensors"
    assert (tmp_path / "whole" / last).read_bytes() == (folder.parent / last).read_bytes()


def test_a_folder_that_may_not_be_written_is_told_as_such(trained, monkeypatch):
    """Safetensors hides the system's error in its text."""

    def refuse(*_):
        raise SafetensorError("Error while serializing: I/O error: Permission denied (os error 13)")

    monkeypatch.setattr(weights, "save_file", refuse)
    with pytest.raises(OutputError, match="cannot write: Permission denied"):
        trained(EVERY_STEP)


# What it is given ---------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tiny, tmp_path):
    """Return a copy of the corpus that a test may change."""
    folder = tmp_path / "corpus"
    shutil.copytree(tiny.folder, folder)
    return folder


def test_a_corpus_without_a_lock(trained, own):
    (own / "corpus.lock").unlink()
    with pytest.raises(CorpusError, match=r"holds no corpus\.lock") as caught:
        trained(corpus=own)
    assert "build again" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"), "was changed since the corpus was built"),
        (lambda file: file.unlink(), "is missing"),
        (lambda file: shutil.copy(file, file.with_name("corpus-00001.parquet")), "is not of this corpus"),
    ],
    ids=["changed", "missing", "one more"],
)
def test_a_corpus_that_is_not_what_its_lock_says(trained, own, change, message):
    """One more file would be read like the others, and be in no budget."""
    change(own / "data/corpus-00000.parquet")
    with pytest.raises(CorpusError, match=message) as caught:
        trained(corpus=own)
    assert "build the corpus again" in caught.value.hint


def _corpus_of(own, texts):
    """Write a corpus of these texts with a lock that fits: ``curate build`` would take out the empty ones."""
    from curation.corpus import file_digests

    file = own / "data/corpus-00000.parquet"
    count = len(texts)
    columns = {
        "id": [f"{n:032x}" for n in range(count)],
        "source": ["docs"] * count,
        "text": texts,
        "words": [len(text.split()) for text in texts],
    }
    empty = {field.name: pa.nulls(count, field.type) for field in DOCUMENTS if field.name not in columns}
    arrays = [pa.array(columns[f.name], f.type) if f.name in columns else empty[f.name] for f in DOCUMENTS]
    pq.write_table(pa.Table.from_arrays(arrays, schema=DOCUMENTS), file)
    lock = json.loads((own / "corpus.lock").read_text())
    lock["files"]["data/corpus-00000.parquet"] = file_digests(own / "data")[file.name]
    lock |= {"words": sum(columns["words"]), "documents": count, "digest": f"{hash(tuple(texts)):064x}"[-64:]}
    (own / "corpus.lock").write_text(json.dumps(lock))
    return own


def test_a_corpus_of_one_empty_document(trained, own):
    with pytest.raises(RecipeError, match="there is no text to train on") as caught:
        trained(corpus=_corpus_of(own, [""]))
    assert "empty" in caught.value.hint


def test_empty_documents_among_others_do_no_harm(trained, tmp_path, tiny):
    """They have no tokens, no row and no word."""
    plain = [text for batch in tiny.batches(["text"]) for text in batch.column("text").to_pylist()]
    own = tmp_path / "corpus"
    shutil.copytree(tiny.folder, own)
    run = trained(SHORT | CAUSAL, corpus=_corpus_of(own, ["", *plain[:50], "", *plain[50:], ""]))
    assert tiny.words == run.record["data"]["words_trained_on"]


@pytest.mark.parametrize("layout", ["stream", "packed", "padded"])
def test_one_document_longer_than_everything(trained, tmp_path, tiny, layout):
    """It is cut into rows; nothing of it can be held out, which is told."""
    text = " ".join(text for batch in tiny.batches(["text"]) for text in batch.column("text").to_pylist())
    corpus = tiny_corpus(tmp_path / "long", [text])
    told = []
    objective = {"objective": {"use": "masked"}} if layout == "padded" else {}
    changes = {"duration.steps": 4, "data.layout": {"use": layout}} | objective
    run = trained(changes, corpus=corpus.folder, listen=told.append)
    assert run.done
    assert tiny.words == run.record["data"]["words_trained_on"]
    assert any("no document is small enough to be held out" in getattr(event, "message", "") for event in told)


def test_a_run_by_words_of_text_with_hardly_any(trained, own):
    """One word of a thousand letters among a hundred thousand more: the number of steps is found all the same."""
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice(list("abcdef"), 3000))
    changes = SHORT | CAUSAL | {"duration": {"words": 1}, "tokenizer.vocab_size": 300}
    run = trained(changes, corpus=_corpus_of(own, [letters]))
    assert run.done


def test_a_corpus_smaller_than_a_row(trained, tmp_path):
    corpus = tiny_corpus(tmp_path / "small", ["a few words only, and these are all"])
    with pytest.raises(RecipeError, match="not one row of 512") as caught:
        trained(CAUSAL | {"schedule.length": 512}, corpus=corpus.folder)
    assert "shorter rows" in caught.value.hint


def test_a_folder_that_holds_a_run_of_another_recipe(trained):
    trained(SHORT)
    with pytest.raises(ResumeError, match="holds a run of another recipe") as caught:
        trained(SHORT | {"optimizer.lr": 0.02}, resume=True)
    assert "--force" in caught.value.hint
    assert trained(SHORT | {"optimizer.lr": 0.02}, force=True).done


def test_a_folder_that_holds_a_run_on_another_corpus(trained, tmp_path):
    trained(SHORT)
    other = tiny_corpus(tmp_path / "other", ["some other text of some words"] * 3 + ["and more of it"] * 3)
    with pytest.raises(ResumeError, match="holds a run of another corpus"):
        trained(SHORT, corpus=other.folder, resume=True)


def test_an_unfinished_run_goes_on_only_if_asked(trained, monkeypatch):
    """And a finished one is returned as it is."""
    with monkeypatch.context() as patch:
        _poison(patch, *range(2, 100))
        with pytest.raises(Diverged):
            trained(EVERY_STEP | {"run.max_skipped": 0})
    with pytest.raises(ResumeError, match="holds an unfinished run") as caught:
        trained(EVERY_STEP | {"run.max_skipped": 0})
    assert "--resume" in caught.value.hint
    run = trained(EVERY_STEP | {"run.max_skipped": 0}, resume=True)
    assert run.done
    told = []
    trained(EVERY_STEP | {"run.max_skipped": 0}, listen=told.append)
    assert [True] == [event.reused for event in _of(events.TrainDone, told)]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_holds_something_else_is_left_alone(trained, tmp_path, force):
    """Also with --force, which replaces runs."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/thesis.tex").write_text("text")
    with pytest.raises(OutputError) as caught:
        trained(SHORT, force=force)
    assert "--out" in caught.value.hint
    assert (tmp_path / "run/thesis.tex").exists()


def test_a_teacher_whose_checkpoints_were_removed_is_told_from_an_unfinished_one(trained):
    """Runs of an ablation keep only the exported model: they did finish."""
    run = trained(SHORT)
    assert not any(weight.requires_grad for weight in load_model(run).parameters())
    shutil.rmtree(run.folder / "checkpoints")
    with pytest.raises(ResumeError, match="no checkpoint left"):
        load_model(run)
    run.save(status="running")
    with pytest.raises(ResumeError, match="did not finish"):
        load_model(run)


def test_a_vocabulary_smaller_than_the_tokenizers(trained):
    with pytest.raises(RecipeError, match="the model's vocabulary is 100") as caught:
        trained(SHORT | {"model.vocab_size": 100})
    assert "leave it out" in caught.value.hint


def test_two_runs_into_one_folder_at_a_time(trained, tmp_path):
    """The second one says who is at it."""
    from curation.core.artifact import only_one

    with only_one(tmp_path / ".run.lock", "the run"), pytest.raises(OutputError, match="is being built by process"):
        trained(SHORT)


def test_the_fingerprint_of_a_recipe_changes_with_what_decides_the_weights():
    """A name does not; a learning rate does."""
    assert tiny_recipe().fingerprint() == tiny_recipe({"name": "other"}).fingerprint()
    assert tiny_recipe().fingerprint() != tiny_recipe({"optimizer.lr": 0.02}).fingerprint()
