"""Runs side by side: one that dies harms no other, and at the deadline all save their state, idle places or not."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from curation.core.events import Warned
from evaluation.ablation import pool as pool_module
from evaluation.ablation.events import RunDone, RunsAdvanced
from evaluation.ablation.limits import Limits
from evaluation.ablation.pool import Pool, gpus
from evaluation.ablation.runs import SCORES, Job, RunScores


def job(folder, arm, seed=1):
    place = folder / f"{arm}-{seed}"
    place.mkdir(exist_ok=True)
    nothing = {"corpus": "", "words_from": "", "recipe": "", "changes": (), "heldout": {}, "tasks": (), "cache": ""}
    return Job(arm=arm, seed=seed, folder=str(place), limit=None, data=None, until=None, wanted="w", **nothing)


def work(job, _threads, _device, reports):
    """Stand for a run: it behaves as its arm is called."""
    folder = Path(job.folder)
    if job.arm == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if job.arm == "wrong":
        reports.send("the <recipe> is wrong")
        sys.exit(1)
    if job.arm == "slow":

        def save(*_):
            (folder / "saved").write_text("state")
            sys.exit(130)

        signal.signal(signal.SIGTERM, save)
        (folder / "begun").write_text("")
        reports.send(0.25)
        time.sleep(60)
    scores = RunScores(job.arm, job.seed, {"m": float(job.seed)}, folder=job.folder, wanted=job.wanted)
    (folder / SCORES).write_text(json.dumps(asdict(scores)))


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Return what makes a pool of two that does no real work, and what it tells."""
    monkeypatch.setattr(pool_module, "work", work)
    monkeypatch.setattr(pool_module, "ADVANCED_EVERY", 0.05)
    monkeypatch.setattr(pool_module, "_HEAVY", [])
    told: list[object] = []
    limits = Limits(tmp_path, hours=1.0, listen=told.append)
    return Pool(2, 1, limits, told.append), limits, told


def test_a_run_that_is_killed_fails_alone(made, tmp_path):
    pool, _, told = made
    jobs = [job(tmp_path, "killed"), *(job(tmp_path, "good", seed) for seed in (1, 2, 3)), job(tmp_path, "wrong")]
    found = {(run.arm, run.seed): run for run in pool.run(jobs, "m")}
    assert [found["good", seed].metrics for seed in (1, 2, 3)] == [{"m": 1.0}, {"m": 2.0}, {"m": 3.0}]
    assert found["killed", 1].failed == "its process was killed by SIGKILL: out of memory? give a smaller --jobs"
    assert found["wrong", 1].failed == "the <recipe> is wrong"
    assert sorted(event.message.split(":")[0] for event in told if isinstance(event, Warned)) == [
        "killed, seed 1 failed",
        "wrong, seed 1 failed",
    ]
    assert [event.done for event in told if isinstance(event, RunDone)] == [1, 2, 3, 4, 5]
    again = list(pool.run(jobs[1:4], "m"))
    assert len(again) == 3
    assert len([event for event in told if isinstance(event, RunDone)]) == 5, "what is done is read back, not told"


@pytest.mark.parametrize("slow", [1, 2])
def test_at_the_deadline_runs_save_their_state_whether_or_not_a_place_is_idle(made, tmp_path, slow):
    pool, limits, told = made
    jobs = [job(tmp_path, "slow", seed) for seed in range(1, slow + 1)]

    def listen(event):
        told.append(event)
        if isinstance(event, RunsAdvanced) and [share for _, _, share in event.running] == [0.25] * slow:
            limits.begun -= 3600

    pool._listen = listen
    assert list(pool.run([*jobs, *([job(tmp_path, "good")] if slow == 2 else [])], "m")) == []
    assert all((Path(one.folder) / "saved").exists() for one in jobs)
    assert not (tmp_path / "good-1" / SCORES).exists(), "none is started after the deadline"
    warned = [event.message for event in told if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "--max-hours 1 is over" in warned[0]
    advanced = [event for event in told if isinstance(event, RunsAdvanced)]
    assert advanced[-1].running[0] == ("slow", 1, 0.25)


def test_whoever_stops_listening_leaves_no_run_behind(made, tmp_path):
    pool, _, _ = made
    coming = pool.run([job(tmp_path, "slow"), job(tmp_path, "good")], "m")
    assert next(coming).arm == "good"
    for _ in range(3000):
        if (tmp_path / "slow-1" / "begun").exists():
            break
        time.sleep(0.02)
    coming.close()
    assert (tmp_path / "slow-1" / "saved").exists()


def test_gpus_are_those_that_this_process_may_see(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert gpus() == ["5", "7"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []
