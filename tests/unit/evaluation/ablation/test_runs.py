"""What an earlier start left is taken up where it was asked the same; other tasks need no other model."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from evaluation.ablation.runs import SCORES, Job, RunScores, areas, kept, saved
from evaluation.ablation.task_scores import TaskScores
from evaluation.result import Group, TaskResult


def job(folder, **changes):
    given = {
        "arm": "base",
        "seed": 1,
        "corpus": "c",
        "words_from": "c",
        "folder": str(folder),
        "recipe": "llama-proxy",
        "changes": (),
        "heldout": {},
        "tasks": ("grounded",),
        "limit": None,
        "data": None,
        "cache": "cache",
        "until": None,
        "wanted": "model",
        "asked": "tasks",
    }
    return Job(**{**given, **changes})


def leave(folder, **changes):
    scores = RunScores("base", 1, {"b": 1.0}, folder=str(folder), wanted="model", asked="tasks")
    scores = replace(scores, **changes)
    (folder / SCORES).write_text(json.dumps(asdict(scores)))
    return scores


def test_what_was_asked_the_same_is_taken_up(tmp_path):
    leave(tmp_path)
    assert kept(job(tmp_path)).metrics == {"b": 1.0}
    assert kept(job(tmp_path, wanted="another model")) is None
    assert kept(job(tmp_path, asked="other tasks")) is None
    assert kept(job(tmp_path, asked="other tasks", until=0.4)) is not None, "a rung asks no tasks"


def test_a_run_that_failed_or_did_not_get_as_far_is_not(tmp_path):
    assert kept(job(tmp_path)) is None
    leave(tmp_path, failed="out of memory")
    assert kept(job(tmp_path)) is None
    leave(tmp_path, reached=0.4)
    assert kept(job(tmp_path)) is None
    assert kept(job(tmp_path, until=0.4)) is not None
    (tmp_path / SCORES).write_text('{"arm": "base"')
    assert kept(job(tmp_path)) is None


def test_a_failed_task_is_tried_again_and_the_rest_is_a_result_meanwhile(tmp_path):
    leave(tmp_path, again=True, notes=("grounded: failed: odd",))
    assert kept(job(tmp_path)) is None
    assert saved(job(tmp_path)).metrics == {"b": 1.0}
    assert kept(job(tmp_path, until=0.4)).reached == 1.0, "a rung does not undo a finished run"


def test_a_folder_that_was_moved_is_known_by_its_place(tmp_path):
    (tmp_path / SCORES).write_text(json.dumps(asdict(replace(leave(tmp_path), folder="elsewhere"))))
    assert saved(job(tmp_path)).folder == str(tmp_path)


def result(name, status="scored", **changes):
    return TaskResult(task=name, title=name, status=status, **changes)


def test_scores_of_tasks_are_named_by_what_they_are():
    scores = TaskScores()
    groups = {
        "p": Group(value=1, honest=1, items=2, ties=0, log_odds=0.5),
        "q": Group(value=1, honest=1, items=2, ties=0),
    }
    pairs = result("grounded", metric="accuracy", honest=60.0, log_odds=0.2, groups=groups, cpu_seconds=2.0)
    scores.add(pairs.model_copy(update={"details": {"mirrored": {"accuracy": 55.0}}}))
    scores.add(result("cola", metric="mcc", honest=3.0))
    assert scores.metrics == {
        "grounded.mirrored": 55.0,
        "grounded.log_odds": 0.2,
        "grounded.accuracy": 60.0,
        "cola.mcc": 3.0,
    }
    assert scores.groups == {"grounded.p": 0.5}
    assert scores.cpu_seconds == {"grounded": 2.0, "cola": 0.0}
    assert not scores.again


@pytest.mark.parametrize(("status", "again"), [("failed", True), ("missing", False), ("unsupported", False)])
def test_a_task_without_a_value_is_told(status, again):
    scores = TaskScores()
    scores.add(result("blimp", status, reason="why"))
    assert (scores.notes, scores.metrics, scores.again) == ([f"blimp: {status}: why"], {}, again)


def test_the_area_under_a_curve_is_its_mean_height_over_doublings():
    curve = [{"words": words, "flops": 1.0, "bits_per_byte.near": height} for words, height in ((1, 4), (2, 2), (4, 2))]
    assert areas(curve) == pytest.approx({"bits_per_byte_area.near": 2.5})
    assert areas(curve[:1]) == {}
    assert areas([]) == {}
