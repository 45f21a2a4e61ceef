"""lm-eval's results become ours: names, pairs, ties, and both generations of its files."""

from __future__ import annotations

import json

import pytest

from evaluation.compare import compare
from evaluation.errors import DataError
from evaluation.submission.imported import read_lm_eval
from tests.unit.evaluation.submission.contents import folder_of, row, scored

WHEN = "2026-01-02T03-04-05.678900"


def sample(number, good, bad, *, new=True):
    texts = [f" good {number}", f" bad {number}"]
    made = {"doc_id": number, "target": "0" if new else 0}
    if new:
        arguments = {f"gen_args_{n}": {"arg_0": "", "arg_1": text} for n, text in enumerate(texts)}
        return {**made, "arguments": arguments, "resps": [[[str(good), "False"]], [[str(bad), "False"]]]}
    return {**made, "arguments": [["", text] for text in texts], "resps": [[[good, False]], [[bad, False]]]}


def lm_eval(folder, scores, samples):
    folder.mkdir(parents=True)
    told = {
        "results": scores,
        "config": {"model": "hf", "model_args": {"pretrained": "me/model"}},
        "lm_eval_version": "0.4.13",
    }
    (folder / f"results_{WHEN}.json").write_text(json.dumps(told))
    for name, rows in samples.items():
        (folder / f"samples_{name}_{WHEN}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_samples_become_items_with_ties_shared(tmp_path):
    name = "blimp_wh_island_filtered"
    rows = [sample(1, -5.0, -5.0), sample(0, -1.5, -2.0), sample(2, -4.0, -3.0)]
    found = read_lm_eval(lm_eval(tmp_path / "out", {name: {"acc,none": 2 / 3}}, {name: rows}))
    task = found.results.task("blimp")
    assert task.value == pytest.approx(50.0)
    assert task.ties == pytest.approx(1 / 3)
    assert [r["uid"] for r in found.rows] == ["wh_island_0", "wh_island_1", "wh_island_2"]
    assert [r["answer"] for r in found.rows] == [" good 0", " good 1", " bad 2"]
    assert found.results.subject["name"] == "me/model"
    assert found.results.subject["tool"] == "lm-eval 0.4.13"


def test_the_2024_forks_files_are_read(tmp_path):
    folder = tmp_path / "fork"
    folder.mkdir()
    name = "blimp_supplement_hypernym"
    told = {
        "results": {"blimp_supplement": {"acc,none": 1}, name: {"acc,none": 1}},
        "group_subtasks": {"blimp_supplement": [name]},
    }
    (folder / "blimp_results.json").write_text(json.dumps(told))
    (folder / f"{name}_results.jsonl").write_text(json.dumps([sample(n, -1.0, -2.0, new=False) for n in range(2)]))
    found = read_lm_eval(folder)
    assert [task.task for task in found.results.tasks] == ["blimp_supplement"]
    assert found.results.task("blimp_supplement").value == 100.0


def test_whole_blimp_is_not_taken_for_the_challenges(tmp_path):
    name = "blimp_wh_island"
    folder = lm_eval(tmp_path / "out", {name: {"acc,none": 1}}, {name: [sample(n, -1.0, -2.0) for n in range(3)]})
    assert [task.task for task in read_lm_eval(folder).results.tasks] == ["blimp_full"]


def test_without_samples_only_figures_are_known(tmp_path):
    folder = lm_eval(tmp_path / "out", {"arc_easy": {"acc,none": 0.5, "acc_stderr,none": 0.02, "alias": "x"}}, {})
    task = read_lm_eval(folder).results.task("arc_easy")
    assert (task.value, task.stderr) == (50.0, 2.0)
    assert "no samples" in task.warnings[0]


def test_ours_and_theirs_are_compared_item_by_item(tmp_path):
    name = "blimp_wh_island_filtered"
    theirs = lm_eval(
        tmp_path / "out/me", {name: {"acc,none": 0.5}}, {name: [sample(0, -1.0, -2.0), sample(1, -3.0, -2.0)]}
    )
    rows = [row("blimp", f"wh_island_{n}", f"good {n}") for n in range(2)]
    ours = folder_of(tmp_path / "ours", "babylm-2025", [scored("blimp")], rows)
    task = compare(ours, theirs.parent).tasks[0]
    assert (task.a, task.b, task.items) == (100.0, 50.0, 2)


def test_what_is_no_result_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no results_"):
        read_lm_eval(tmp_path)
    (tmp_path / "results_1.json").write_text("[]")
    with pytest.raises(DataError, match="no JSON object"):
        read_lm_eval(tmp_path)
    (tmp_path / "results_2.json").write_text('{"results": {"gsm8k": {"exact_match,none": 0.1}}}')
    with pytest.raises(DataError, match="holds no accuracies"):
        read_lm_eval(tmp_path)
    broken = lm_eval(tmp_path / "b", {"x": {"acc,none": 1}}, {"x": []})
    (broken / f"samples_x_{WHEN}.jsonl").write_text('{"doc_id": 0, "tar')
    with pytest.raises(DataError, match="cut short"):
        read_lm_eval(broken)
