"""Several seeds: their mean, both errors, what is flagged, and what is kept on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.errors import DataError
from evaluation.finetune.bootstrap import item_error
from evaluation.finetune.degenerate import degenerate, of_seeds
from evaluation.finetune.devices import on_devices
from evaluation.finetune.examples import Examples
from evaluation.finetune.tune import HELD, SCORED, Rows, finetune

from .stand_ins import QUICK, encoder, examples, rows


def tune(found=None, made=None, settings=QUICK, seeds=(1,), **options):
    return finetune(found or encoder(), made or rows(), settings, classes=2, metric="accuracy", seeds=seeds, **options)


def test_seeds_have_a_mean_and_two_errors():
    hard = QUICK.model_copy(update={"learning_rate": 1e-3, "epochs": 1})
    found = tune(settings=hard, seeds=(1, 2, 3))

    values = [run.metrics["accuracy"] for run in found.seeds]
    assert found.metrics["accuracy"] == pytest.approx(np.mean(values))
    assert found.run_stderr["accuracy"] == pytest.approx(np.std(values, ddof=1) / 3**0.5)
    assert 0 < found.stderr["accuracy"] < 0.15
    assert found.predictions == list(found.seeds[0].predictions)
    assert (found.selected_on, found.select_rows, found.train_rows) == (HELD, 6, 58)


def test_one_seed_has_no_run_error_and_learns():
    found = tune()

    assert found.run_stderr == {"accuracy": None, "f1": None, "mcc": None}
    assert found.metrics["accuracy"] > 0.9
    assert found.degenerate is None


def test_the_official_protocol_is_labelled():
    made = rows()

    found = tune(made=Rows.official(made.train, made.scored))

    assert found.selected_on == SCORED
    assert (found.train_rows, found.select_rows) == (64, 30)


def test_the_encoder_is_not_changed():
    given = encoder()
    before = given.module.linear.weight.clone()

    tune(given)

    assert (given.module.linear.weight == before).all()


def test_a_causal_model_is_read_at_its_end_and_its_beginning_says_nothing():
    assert tune(encoder(causal=True)).pooled == "last"
    assert tune(encoder(causal=True)).metrics["accuracy"] > 0.9

    first = tune(encoder(causal=True), settings=QUICK.model_copy(update={"pool": "first"}))

    assert first.degenerate == "the output is the same for every item: the head does not see the text"
    assert first.metrics["accuracy"] == 0.5


def test_rows_are_cut_to_the_model():
    found = tune(encoder(max_length=3))

    assert found.max_length == 3
    assert found.cut_train > 0
    assert found.cut_scored > 0


def test_finished_seeds_are_not_trained_again(tmp_path, monkeypatch):
    first = tune(seeds=(1, 2), folder=tmp_path)
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["seed-1.json", "seed-2.json"]

    with monkeypatch.context() as patched:
        patched.setattr("evaluation.finetune.job.Trainer", None)
        assert tune(seeds=(1, 2), folder=tmp_path) == first
    other = tune(seeds=(1,), folder=tmp_path, settings=QUICK.model_copy(update={"learning_rate": 0.03}))
    assert other.seeds[0].curve is not None
    assert json.loads((tmp_path / "task" / "seed-1.json").read_text())["run"]["seed"] == 1


def test_a_task_shares_the_training_of_another(tmp_path, monkeypatch):
    made = rows()
    first = tune(made=made, folder=tmp_path, name="mnli", keep=True)
    monkeypatch.setattr("evaluation.finetune.train.Trainer._step", None)

    second = tune(made=replace(made, scored=examples(20, 9)), folder=tmp_path, name="mnli_mm", trained_as="mnli")

    assert second.seeds[0].best_epoch == first.seeds[0].best_epoch
    assert len(second.predictions) == 20


def test_progress_of_seeds_is_added_up():
    told = []

    tune(seeds=(1, 2), listen=lambda done, total: told.append((done, total)))

    steps = 4 * (58 // 8)
    assert told[-1] == (2 * steps, 2 * steps)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_too_few_training_rows():
    made = Rows(examples(2), examples(4))

    with pytest.raises(DataError, match="official protocol"):
        tune(made=made)


@pytest.mark.parametrize(
    ("logits", "text"),
    [
        ([[0.0, 1.0]] * 4, "the output is the same"),
        ([[0.0, 1.0], [0.0, 2.0], [0.0, 1.5], [0.0, 1.0]], "answers class 1 for every item, the most common one"),
        ([[1.0, 0.0], [2.0, 0.0], [1.5, 0.0], [1.0, 0.0]], "answers class 0 for every item"),
        ([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], None),
        ([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 2.0]], "exactly what one and the same answer"),
    ],
)
def test_results_that_say_nothing(logits, text):
    labels = np.array([0, 1, 1, 1])
    scores = np.array(logits, np.float32)
    value = float((scores.argmax(1) == labels).mean()) if text is None or "exactly" not in text else 0.75

    found = degenerate(labels, scores, value, 0.75)

    assert found is None if text is None else found.startswith(text)


def test_texts_of_seeds():
    assert of_seeds([None, None]) is None
    assert of_seeds(["x", None, "x"]) == "2 of 3 seeds: x"


def test_item_error_is_that_of_a_proportion_and_knows_groups():
    labels = np.zeros(400, np.int64)
    predictions = (np.random.default_rng(0).random((1, 400)) < 0.3).astype(np.int64)
    share = 1 - predictions.mean()
    expected = (share * (1 - share) / 400) ** 0.5

    assert item_error("accuracy", labels, predictions, np.arange(400), 2) == pytest.approx(expected, rel=0.1)
    four = np.repeat(predictions[:, :100], 4, axis=1)
    assert item_error("accuracy", labels, four, np.arange(400) // 4, 2) > 1.6 * expected
    assert item_error("accuracy", labels[:1], predictions[:, :1], np.zeros(1, np.int64), 2) is None


def test_work_is_spread_over_devices():
    seen = on_devices([lambda device, n=n: (n, device) for n in range(6)], ("a", "b", "a"))

    assert [number for number, _ in seen] == list(range(6))
    assert {device for _, device in seen} <= {"a", "b"}
    assert on_devices([lambda device: device] * 2, ()) == ["cpu", "cpu"]


def test_the_first_error_is_raised():
    def fail(_):
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        on_devices([fail, lambda _: 1], ("a", "b"))


def test_no_group_is_on_both_sides_of_the_default_split():
    made = Examples(examples(64).texts, examples(64).labels, np.arange(64) // 2)

    assert tune(made=Rows(made, examples(10))).select_rows >= 6
