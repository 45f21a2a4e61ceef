"""`curate ablate` through the command line on a tiny corpus: a report, a resume that runs nothing, a kill, a race."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from evaluation.ablation import ablate as module
from evaluation.ablation import pool
from evaluation.ablation.events import RunsAdvanced
from evaluation.ablation.limits import Limits
from evaluation.ablation.options import Options
from evaluation.ablation.settings import load_ablation
from tests.tiny_training import raw_recipe, texts

CURATE = [sys.executable, "-P", "-c", "from curation.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A base of two hundred documents, an arm that has half of them, an arm that shuffles, and two held-out texts."""
    root = tmp_path_factory.mktemp("ablation")
    (root / "train.txt").write_text("\n".join(texts(400, seed=1)))
    (root / "near.txt").write_text("\n".join(texts(60, seed=1)[:60]))
    (root / "far.txt").write_text("\n".join(texts(60, seed=2)))
    manifest = {
        "name": "tiny",
        "seed": 1,
        "sources": [
            {"name": "text", "use": "source.text", "path": "train.txt", "documents": "line", "licence": "none"}
        ],
        "select": [{"use": "select.word_budget", "words": 4000}],
    }
    (root / "base.yaml").write_text(yaml.safe_dump(manifest))
    recipe = raw_recipe({"model.hidden_dropout_prob": 0, "model.attention_probs_dropout_prob": 0})
    (root / "tiny-recipe.yaml").write_text(yaml.safe_dump({**recipe, "name": "tiny-recipe"}))
    ablation = {
        "question": "Does it matter?",
        "base": {"manifest": "base.yaml"},
        "arms": {
            "half": {"patch": {"select": {"word_budget": {"words": 2000}}}},
            "shuffled": {"patch": {"steps": {"shuffled_lines": {"use": "normalize.shuffled_lines", "share": 0.5}}}},
        },
        "ladder": "smoke",
        "redraw": False,
        "recipe": str(root / "tiny-recipe.yaml"),
        "amount": 4000,
        "seeds": 3,
        "heldout": {"near": "near.txt", "far": "far.txt"},
        "heldout_words": 1000,
        "tasks": [],
        "primary": "bits_per_byte.near",
        "margin": 0.5,
    }
    (root / "tiny.yaml").write_text(yaml.safe_dump(ablation))
    return root


def command(folder, file, out, *more):
    return [*CURATE, "ablate", str(folder / file), "--out", str(out), "--database", str(folder / "runs.sqlite"), *more]


def ablate(folder, file, out, *more):
    return subprocess.run(
        command(folder, file, out, *more), capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=500
    )


@pytest.mark.slow
def test_from_a_file_to_a_report_and_again(folder):
    out = folder / "out"
    first = ablate(folder, "tiny.yaml", out)
    assert first.returncode == 0, first.stderr
    found = json.loads((out / "ablation.json").read_text())
    assert found["metrics"][0]["metric"] == "bits_per_byte.near"
    assert [len(found["arms"][name]["seeds"]) for name in ("base", "half", "shuffled")] == [3, 3, 3]
    assert any("word_budget.words: 4000 -> 2000" in line for line in found["arms"]["half"]["differs"])
    assert any("shuffled_lines" in line for line in found["arms"]["shuffled"]["differs"])
    seen = [run["cost"]["words_seen"] for run in found["runs"]]
    assert max(seen) - min(seen) < 400, "arms are matched on words seen"
    assert "Does it matter?" in (out / "ablation.html").read_text()

    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("scores.json")}
    again = ablate(folder, "tiny.yaml", out)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("scores.json")} == stamps
    listed = subprocess.run(
        [*CURATE, "runs", "--database", str(folder / "runs.sqlite"), "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    assert len(json.loads(listed.stdout)) == 9


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_ends_with_the_same_numbers(folder):
    whole, cut = folder / "whole", folder / "cut"
    assert ablate(folder, "tiny.yaml", whole, "--jobs", "1").returncode == 0
    process = subprocess.Popen(
        command(folder, "tiny.yaml", cut, "--jobs", "1"),
        env=ENVIRONMENT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 200
    while not list(cut.rglob("metrics.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (cut / "ablation.json").exists()
    assert ablate(folder, "tiny.yaml", cut, "--jobs", "1").returncode == 0
    scores = [
        {(run["arm"], run["seed"]): run["metrics"] for run in json.loads((out / "ablation.json").read_text())["runs"]}
        for out in (whole, cut)
    ]
    assert scores[0] == scores[1]


@pytest.mark.slow
def test_runs_whose_parent_was_killed_save_their_state_and_end(folder):
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    (folder / "orphans.yaml").write_text(yaml.safe_dump({**values, "amount": 1_000_000, "seeds": 1}))
    out = folder / "orphans"
    process = subprocess.Popen(
        command(folder, "orphans.yaml", out, "--jobs", "1"),
        env=ENVIRONMENT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    run = out / "runs" / "base" / "seed-1" / "run"
    deadline = time.monotonic() + 200
    while not (run / "metrics.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    while not list(run.glob("checkpoints/step-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(run.glob("checkpoints/step-*")), "it saved its state when it could not report"
    while not (run.parent / "cost.json").exists():
        assert time.monotonic() < deadline, "the run did not end"
        time.sleep(0.1)
    assert not (run.parent / "scores.json").exists()
    assert json.loads((run / "run.json").read_text())["status"] != "done", "it ended before its training did"


@pytest.mark.slow
def test_when_time_is_up_runs_save_their_state_and_the_same_command_ends_with_the_same_numbers(folder, monkeypatch):
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    file = folder / "long.yaml"
    arms = {"half": values["arms"]["half"]}
    file.write_text(yaml.safe_dump({**values, "amount": 30_000, "seeds": 1, "arms": arms}))
    caught, told = [], []

    class Caught(Limits):
        """The limits of a start, so that its time can be moved."""

        def __init__(self, *given):
            super().__init__(*given)
            caught.append(self)

    def listen(event):
        told.append(event)
        if isinstance(event, RunsAdvanced) and len(event.running) == 2 and all(s > 0 for _, _, s in event.running):
            caught[-1].begun -= 3600

    monkeypatch.setattr(module, "Limits", Caught)
    monkeypatch.setattr(pool, "ADVANCED_EVERY", 0.05)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def start(name, **options):
        out = folder / name
        module.ablate(load_ablation(file), Options(file, out, out / "cache", jobs=2, listen=listen, **options))
        return out, json.loads((out / "ablation.json").read_text())

    out, found = start("paused", max_hours=1.0)
    assert any(isinstance(event, RunsAdvanced) for event in told)
    assert "of 2 runs are done; the same command goes on" in (out / "ablation.html").read_text()
    assert found["sentence"].startswith("Interim, 0 of 2 runs: no arm can be compared with the base")
    states = [path for path in out.glob("runs/*/seed-1/run/checkpoints/*") if path.is_dir()]
    assert {path.parts[-5] for path in states} == {"base", "half"}
    spent = [json.loads(path.read_text())["cpu_seconds"] for path in sorted(out.rglob("cost.json"))]
    _, again = start("paused")
    _, whole = start("unpaused")
    assert [run["metrics"] for run in again["runs"]] == [run["metrics"] for run in whole["runs"]]
    costs = [run["cost"]["cpu_seconds"] for run in again["runs"]]
    assert [cost > before > 0 for cost, before in zip(costs, spent, strict=True)] == [True, True]


@pytest.mark.slow
def test_a_full_folder_starts_no_run_and_the_same_command_goes_on(folder):
    out = folder / "full"
    found = ablate(folder, "tiny.yaml", out, "--max-disk", "0.00001")
    assert found.returncode == 0, found.stderr
    assert "the limit is 1e-05 GB" in found.stdout
    assert "0 of 9 runs are done" in (out / "ablation.html").read_text()
    assert ablate(folder, "tiny.yaml", out, "--max-disk", "1").returncode == 0
    assert len(json.loads((out / "ablation.json").read_text())["arms"]["half"]["seeds"]) == 3
    assert not list(out.rglob("checkpoints")), "finished runs need no state to go on from"


@pytest.mark.slow
def test_a_race_pauses_at_the_rung_and_goes_on_to_the_same_weights(folder):
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    (folder / "race.yaml").write_text(yaml.safe_dump({**values, "racing": {"rungs": [0.4], "margin": 100.0}}))
    raced, plain = folder / "raced", folder / "plain"
    assert ablate(folder, "race.yaml", raced).returncode == 0
    assert ablate(folder, "tiny.yaml", plain).returncode == 0
    found, without = (json.loads((out / "ablation.json").read_text()) for out in (raced, plain))
    assert [judged["rung"] for judged in found["races"]] == [0.4]
    assert not any(decision["stops"] for decision in found["races"][0]["decisions"])
    metrics = [{(run["arm"], run["seed"]): run["metrics"] for run in one["runs"]} for one in (found, without)]
    assert metrics[0] == metrics[1]


@pytest.mark.slow
def test_each_seed_is_trained_on_a_draw_of_its_own_and_a_task_that_is_added_needs_no_training(folder):
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    drawn = {**values, "redraw": True, "seeds": 2, "arms": {"shuffled": values["arms"]["shuffled"]}}
    (folder / "drawn.yaml").write_text(yaml.safe_dump(drawn))
    out = folder / "drawn"
    assert ablate(folder, "drawn.yaml", out).returncode == 0
    found = json.loads((out / "ablation.json").read_text())
    assert [arm["corpus"]["draws"] for arm in found["arms"].values()] == [2, 2]
    trained = [json.loads((path / "run.json").read_text())["corpus"]["digest"] for path in out.glob("runs/*/*/run")]
    assert len(set(trained)) == 4
    weights = {path: path.stat().st_mtime_ns for path in out.glob("runs/*/*/run/model/model.safetensors")}
    assert len(weights) == 4

    (folder / "drawn.yaml").write_text(yaml.safe_dump({**drawn, "tasks": ["grounded"], "limit": 4}))
    assert ablate(folder, "drawn.yaml", out).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in weights} == weights
    runs = json.loads((out / "ablation.json").read_text())["runs"]
    noted = [run["metrics"].get("grounded.accuracy") or run["notes"] for run in runs]
    assert all(noted), "each run has the score, or says why not"


def test_a_missing_text_and_a_broken_manifest_are_named(folder):
    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    (folder / "bad.yaml").write_text(yaml.safe_dump({**values, "heldout": {"near": "nowhere.txt"}}))
    found = ablate(folder, "bad.yaml", folder / "bad")
    assert found.returncode == 2
    assert "heldout.near" in found.stderr
    assert "no such file" in found.stderr
    arms = {"odd": {"patch": {"steps": {"nobody": None}}}}
    (folder / "worse.yaml").write_text(yaml.safe_dump({**values, "arms": arms}))
    found = ablate(folder, "worse.yaml", folder / "worse")
    assert found.returncode == 2
    assert "arms.odd" in found.stderr
    assert "nobody" in found.stderr
    assert not (folder / "worse" / "corpora").exists(), "it is said before a corpus is built"


def test_the_plan_is_said_before_a_minute_is_spent(folder):
    done = subprocess.run(
        command(folder, "tiny.yaml", folder / "none", "--plan"),
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr
    assert "9 runs" in done.stdout
    assert not Path(folder / "none").exists()
