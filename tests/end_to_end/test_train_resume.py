"""A training run that is killed, stopped or damaged: what is on disk goes on to the same weights, bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tiny_training import CAUSAL, NO_DROPOUT, raw_recipe, tiny_corpus
from training.run import read_metrics

STEPS = 20
MARKS = [200, 400, 600]
#: Checkpoints every 20 ms: some steps have one and some have none, by chance.
OFTEN = {"run.checkpoint_minutes": 0.02 / 60}


@dataclass(frozen=True)
class Trainer:
    """Trains in child processes."""

    process: subprocess.Popen[str]
    corpus: Path
    cache: Path

    def order(self, out: Path, changes: dict[str, Any] | None = None, **order: Any) -> str:
        """Return what the child is told."""
        recipe = raw_recipe(OFTEN | (changes or {}))
        recipe["schedule"]["length"] = [list(pair) for pair in recipe["schedule"]["length"].items()]
        order |= {"recipe": recipe, "corpus": str(self.corpus), "out": str(out), "cache": str(self.cache)}
        return json.dumps(order)

    def __call__(self, out: Path, changes: dict[str, Any] | None = None, **order: Any) -> int:
        """Train to the end, or until something befalls; return the exit code."""
        self.process.stdin.write(self.order(out, changes, **order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def trainer(tmp_path_factory) -> Iterator[Trainer]:
    folder = tmp_path_factory.mktemp("training")
    corpus = tiny_corpus(folder)
    command = [sys.executable, str(Path(__file__).with_name("trainer_process.py"))]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CURATE_TEST_MARK": str(folder)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=folder
    ) as process:
        yield Trainer(process, corpus.folder, folder / "cache")
        process.stdin.close()


@pytest.fixture(scope="module")
def whole(trainer, tmp_path_factory) -> Path:
    """Return a run that nothing befell."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert trainer(out, marks=MARKS) == 0
    return out


def _weights(run: Path) -> dict[str, bytes]:
    """Return every weight that a run leaves: of the last checkpoint, of the milestones, of the exported model."""
    last = max((run / "checkpoints").iterdir())
    files = [*last.glob("*.safetensors"), *run.glob("m*/**/model.safetensors")]
    return {str(file.relative_to(run)): file.read_bytes() for file in files}


def _told(run: Path) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in read_metrics(run)]


def test_the_whole_run_left_what_the_others_are_compared_with(whole):
    """Weights, averages and optimiser state of two checkpoints, a model at each mark, each step told once."""
    assert [
        "checkpoints/step-00000020/ema.safetensors",
        "checkpoints/step-00000020/model.safetensors",
        "checkpoints/step-00000020/optimizer.safetensors",
        "milestones/chck_2M/model.safetensors",
        "milestones/chck_4M/model.safetensors",
        "milestones/chck_6M/model.safetensors",
        "model/model.safetensors",
    ] == sorted(_weights(whole))
    assert 2 == len(list((whole / "checkpoints").iterdir()))
    told = _told(whole)
    assert list(range(STEPS)) == [line["step"] for line in told if line["event"] == "StepDone"]
    assert [9, 19] == [line["step"] for line in told if line["event"] == "HeldoutMeasured"]
    steps = [line for line in told if line["event"] == "StepDone"]
    assert steps[-1]["words"] > MARKS[-1]
    assert {16, 32} == {step["length"] for step in steps}
    assert len({step["rows"] for step in steps}) > 2
    assert steps[0]["mask_rate"] > steps[-1]["mask_rate"]


@pytest.mark.parametrize(
    ("workers", "accidents"),
    [
        (0, [{"kill": 0}, {"kill_in_save": 7}, {"kill": 13}, {"kill": 19}]),
        pytest.param(2, [{"kill": 7}, {"interrupt_all": 14}], marks=pytest.mark.slow),
        (0, [{"terminate": 3}, {"interrupt_all": 11}]),
    ],
    ids=["killed", "with loader workers", "asked to stop"],
)
def test_a_run_goes_on_to_the_same_bits(trainer, whole, tmp_path, look, workers, accidents):
    """Order, masks, dropout, ramps, LAMB's and the average's state: nothing depends on what happened between.

    And no process is left that waits for one that was killed.
    """
    run = tmp_path / "run"
    for at in accidents:
        expected = 130 if at.keys() & {"terminate", "interrupt_all"} else -9
        assert expected == trainer(run, marks=MARKS, workers=workers, at=at)
    assert 0 == trainer(run, marks=MARKS, workers=workers)
    assert _told(whole) == _told(run)
    expected, found = _weights(whole), _weights(run)
    assert expected.keys() == found.keys()
    assert [] == [name for name in expected if expected[name] != found[name]]
    assert 2 == len(list((run / "checkpoints").iterdir()))
    assert [] == list(run.rglob("*.partial"))
    look.only_running(trainer.cache.parent, trainer.process.pid)


@pytest.mark.parametrize("at", [{"terminate": 6}, {"interrupt_all": 6}])
def test_a_stopped_run_saves_the_step_it_has_taken(trainer, tmp_path, at):
    """Without a checkpoint by time: the one there is, is of the step after which it was asked."""
    run = tmp_path / "run"
    assert 130 == trainer(run, {"run.checkpoint_minutes": 1000}, at=at)
    assert ["step-00000007"] == [path.name for path in (run / "checkpoints").iterdir()]


@pytest.mark.parametrize("file", ["model.safetensors", "state.json"])
def test_a_truncated_checkpoint_is_named_and_the_one_before_it_serves(trainer, whole, tmp_path, file):
    """The error says which folder to remove, and doing so is enough."""
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"status": "running"}))
    newest = max((run / "checkpoints").iterdir())
    data = (newest / file).read_bytes()
    (newest / file).write_bytes(data[: len(data) // 2])
    assert 2 == trainer(run, marks=MARKS)
    error = run.with_suffix(".error").read_text()
    assert error.startswith(f"ResumeError: {newest}: the checkpoint cannot be restored")
    assert "remove this checkpoint folder to resume from the one before it" in error
    shutil.rmtree(newest)
    assert 0 == trainer(run, marks=MARKS)
    assert _weights(whole) == _weights(run)
    assert _told(whole) == _told(run)


def test_killed_before_the_run_was_written(trainer, whole, tmp_path):
    """A folder that holds only the beginnings of a run is taken over; ``run.json`` makes it one."""
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(whole / "recipe.yaml", run)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (run / f".run.json.{gone.pid}.x.partial").touch()
    assert 0 == trainer(run, marks=MARKS)
    assert [] == list(run.rglob("*.partial"))
    assert _weights(whole) == _weights(run)


def test_a_run_stops_before_the_exposure_limit(trainer, whole, tmp_path):
    """The step that would pass the limit is not taken; resumed or not, the run is done."""
    run = tmp_path / "run"
    steps = [line for line in _told(whole) if line["event"] == "StepDone"]
    limit = steps[9]["words"]
    assert -9 == trainer(run, {"run.max_words_seen": limit}, at={"kill": 4})
    assert 0 == trainer(run, {"run.max_words_seen": limit})
    result = json.loads((run / "run.json").read_text())["result"]
    assert (10, limit) == (result["steps"], result["words_seen"])
    assert f"at the exposure limit of {limit:,} words seen" == result["stopped"]
    short = tmp_path / "short"
    assert 0 == trainer(short, {"run.max_words_seen": limit - 1})
    assert steps[8]["words"] == json.loads((short / "run.json").read_text())["result"]["words_seen"]


@pytest.mark.slow
@pytest.mark.parametrize("objective", [{}, CAUSAL], ids=["hybrid", "causal"])
def test_two_processes_take_the_steps_of_one(trainer, tmp_path, objective):
    """The same global batch, uneven where its rows are odd: losses, gradients, words, and the weights at the end."""
    changes = NO_DROPOUT | objective | {"optimizer.lr": 0.001, "schedule.rows": {"start": 5, "stop": 8}}
    assert 0 == trainer(tmp_path / "one", changes)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += [str(Path(__file__).with_name("trainer_process.py")), trainer.order(tmp_path / "two", changes)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == done.returncode, done.stderr[-4000:]
    one, two = _told(tmp_path / "one"), _told(tmp_path / "two")
    assert [line.keys() for line in one] == [line.keys() for line in two]
    for expected, found in zip(one, two, strict=True):
        for name, value in expected.items():
            wanted = pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
            if isinstance(value, dict):
                wanted = pytest.approx(value, rel=1e-4)
            elif name == "gradient_norm":
                wanted = pytest.approx(value, rel=1e-3)
            assert wanted == found[name], (name, expected["step"])
    assert _weights(tmp_path / "one").keys() == _weights(tmp_path / "two").keys()
