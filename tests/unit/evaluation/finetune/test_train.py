"""Training: it learns, it is a function of the seed, and a killed run goes on as if nothing had been."""

from __future__ import annotations

import pytest
import torch

from evaluation.errors import NotFinite
from evaluation.finetune.classifier import Classifier
from evaluation.finetune.examples import tokenise
from evaluation.finetune.train import Trainer, predict

from .stand_ins import QUICK, Averages, Words, examples


class Killed(Exception):
    pass


def trainer(path=None, *, key="k", settings=QUICK, seed=3, stop=None, model=None):
    def listen(done, _):
        if stop is not None and done >= stop:
            raise Killed

    model = model or Classifier(Averages(), 16, 2, settings, "first", seed)
    train, select = (tokenise(examples(rows, draw), Words(), 16) for rows, draw in ((60, 1), (24, 2)))
    return Trainer(model, train, select, settings, classes=2, seed=seed, pad_id=0, path=path, key=key, listen=listen)


def weights(run):
    return torch.cat([weight.detach().flatten() for weight in run.model.parameters()])


def test_it_learns():
    run = trainer()

    done = run.run()

    assert max(done.curve) == 1.0
    assert done.best_epoch == done.curve.index(1.0) + 1
    assert done.steps == 4 * (60 // 8)
    assert (predict(run.model, run.select_rows, 0).argmax(1) == run.select_rows.labels).all()


@pytest.mark.parametrize("stop", [1, 6, 7, 8, 13, 27, 28])
def test_a_killed_run_goes_on_bit_by_bit(tmp_path, stop):
    whole = trainer()
    whole.run()
    path = tmp_path / "state.safetensors"
    with pytest.raises(Killed):
        trainer(path, stop=stop).run()
    told = []

    again = trainer(path)
    again.listen = lambda done, _: told.append(done)
    done = again.run()

    # Nothing but the step in flight is lost: state is saved after every step here.
    assert told[0] == stop - 1
    assert torch.equal(weights(again), weights(whole))
    assert len(done.curve) == 4


def test_a_finished_state_has_the_best_weights_only_and_is_used(tmp_path):
    path = tmp_path / "state.safetensors"
    first = trainer(path)
    done = first.run()
    moments = path.stat().st_size

    again = trainer(path)

    assert again.run() == done
    assert torch.equal(weights(again), weights(first))
    assert moments < 2 * 4 * len(weights(first)) + 2000


@pytest.mark.parametrize("harm", [lambda p: p.write_bytes(p.read_bytes()[:-9]), lambda p: p.write_text("no")])
def test_a_damaged_or_foreign_state_is_not_used(tmp_path, harm):
    path = tmp_path / "state.safetensors"
    trainer(path).run()

    assert trainer(path, key="other").run().steps == 28
    harm(path)
    assert trainer(path).run().steps == 28


def test_the_seed_decides():
    runs = [trainer(seed=seed) for seed in (3, 3, 4)]
    for run in runs:
        run.run()

    assert torch.equal(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0]), weights(runs[2]))


def test_other_draws_are_left_as_they_were():
    run = trainer()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    run.run()

    assert torch.equal(torch.rand(3), expected)


def test_patience():
    settings = QUICK.model_copy(update={"learning_rate": 1e-12, "patience": 1, "epochs": 9})

    done = trainer(settings=settings).run()

    assert done.epochs == 2
    assert done.best_epoch == 1
    assert done.stopped == "no gain in 1 epochs"


def test_the_loss_can_choose_and_steps_can_be_limited():
    settings = QUICK.model_copy(update={"select_by": "loss", "max_steps": 10, "clip": 1.0, "no_decay": ("bias",)})

    done = trainer(settings=settings).run()

    assert done.steps == 10
    assert done.epochs == 2
    assert done.curve[done.best_epoch - 1] == min(done.curve) > 0
    assert done.stopped == "limited to 10 steps"


def test_a_model_that_returns_nan():
    broken = Averages()
    broken.linear.weight.data[0, 0] = float("nan")

    with pytest.raises(NotFinite, match="step 1"):
        trainer(model=Classifier(broken, 16, 2, QUICK, "first", 0)).run()


def test_scores_do_not_hang_on_the_batch(monkeypatch):
    run = trainer()
    together = predict(run.model, run.select_rows, 0)
    monkeypatch.setattr("evaluation.finetune.batches.scoring_order.__defaults__", (1,))

    torch.testing.assert_close(torch.from_numpy(predict(run.model, run.select_rows, 0)), torch.from_numpy(together))
