"""Two evaluations compared: pairs of items, weights of groups, and a label that the artifacts make."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evaluation.accuracy import macro
from evaluation.compare import compare
from evaluation.compare.label import lock_differences
from evaluation.compare.pairs import group_weights, pair
from evaluation.comparing import compare as verb
from evaluation.errors import DataError
from tests.unit.evaluation.submission.contents import folder_of, row, scored


def rows(seed, share, groups=("a/x", "a/y", "b/z"), items=40):
    draw = np.random.default_rng(seed)
    hard = np.random.default_rng(0).random((len(groups), items))
    return [
        row(
            "blimp",
            f"{group.replace('/', '_')}_{n}",
            group=group,
            credit=float(draw.random() * 0.5 + hard[g, n] < share),
        )
        for g, group in enumerate(groups)
        for n in range(items)
    ]


@pytest.fixture
def both(tmp_path):
    a = folder_of(tmp_path / "a", "babylm-2025", [scored("blimp"), scored("wug_adj", metric="spearman", stderr=3.0)],
                  rows(1, 0.6), corpus="c1", recipe="gpt2", digest="m1")  # fmt: skip
    b = folder_of(tmp_path / "b", "babylm-2025", [scored("blimp"), scored("wug_adj", metric="spearman", stderr=4.0)],
                  rows(2, 0.9), corpus="c1", recipe="llama", digest="m2")  # fmt: skip
    return a, b


def test_the_difference_is_that_of_the_same_items(both):
    found = compare(*both)
    task = found.tasks[0]
    groups = [r["group"] for r in rows(1, 0.6)]
    earned = [100 * np.array([r["credit"] for r in rows(seed, share)]) for seed, share in ((1, 0.6), (2, 0.9))]
    values = [macro(credit, groups).value for credit in earned]
    assert (task.a, task.b) == pytest.approx(values)
    expected = macro(earned[1] - earned[0], groups)
    assert task.difference == pytest.approx(expected.value)
    assert task.stderr == pytest.approx(expected.stderr)
    apart = sum(macro(credit, groups).stderr ** 2 for credit in earned) ** 0.5
    assert task.stderr < apart
    assert task.low < task.difference < task.high
    assert task.p < 0.05
    assert task.items == 120


def test_values_that_are_no_means_are_not_paired(both):
    task = compare(*both).tasks[1]
    assert task.items == 0
    assert task.stderr == pytest.approx(5.0)
    assert "not paired" in task.note


def test_only_shared_items_count(both, tmp_path):
    fewer = folder_of(tmp_path / "few", "babylm-2025", [scored("blimp")], rows(2, 0.9)[::2])
    task = compare(both[0], fewer, tasks=["blimp"]).tasks[0]
    assert task.items == 60
    assert task.note == "the 60 items that both have, of 120 and 60"


def test_items_of_one_name_but_other_texts_are_not_paired(both, tmp_path):
    other = [{**r, "answer": "no"} for r in rows(2, 0.9)]
    folder = folder_of(tmp_path / "other", "babylm-2025", [scored("blimp")], other)
    task = compare(both[0], folder, tasks=["blimp"]).tasks[0]
    assert task.items == 0
    assert "other options in both" in task.note
    assert pair(rows(1, 0.5), [{**r, "gold": 1} for r in rows(1, 0.5)]) == ([], "a_x_0 is not the same item in both")
    assert pair(rows(1, 0.5), []) == ([], "no item has the same name in both")


def test_a_task_that_one_side_lacks_has_no_difference(both, tmp_path):
    gone = folder_of(
        tmp_path / "gone", "babylm-2025", [scored("blimp", status="missing", value=None, reason="no data")], []
    )
    task = compare(both[0], gone).tasks[0]
    assert task.difference is None
    assert task.note == "B: no data"
    with pytest.raises(DataError, match="neither has zorro"):
        compare(*both, tasks=["zorro"])
    with pytest.raises(DataError, match="holds no evaluation"):
        compare(both[0], tmp_path)


def test_groups_of_one_item_leave_the_error_unknown(tmp_path):
    two = [folder_of(tmp_path / name, "babylm-2025", [scored("blimp")], rows(1, 0.5, items=1)) for name in "ab"]
    task = compare(*two).tasks[0]
    assert task.stderr is None
    assert "fewer than 2 items" in task.note


def test_weights_are_those_of_nested_means():
    groups = ["a/x"] * 2 + ["a/y"] + ["b"] * 4
    assert group_weights(groups).tolist() == pytest.approx([1 / 8, 1 / 8, 1 / 4, *[1 / 8] * 4])


def test_the_label_is_made_from_artifacts(both, tmp_path):
    assert compare(*both).label == ("the same corpus, by digest", "recipe: gpt2 -> llama")
    unknown = folder_of(tmp_path / "u", "babylm-2025", [scored("blimp")], [])
    assert "what B learnt from is not known" in compare(both[0], unknown).label[0]
    elsewhere = folder_of(tmp_path / "e", "babylm-2025", [scored("blimp")], [], corpus="c2")
    assert compare(both[0], elsewhere).label[:2] == ("other corpora, by digest", "their locks are not both at hand")


def test_locks_tell_what_differs():
    base = {"words": 10, "seed": 1, "sources": [{"name": "wiki", "use": "text"}], "steps": []}
    step = {"name": "short", "use": "length", "settings": {"least": 2}}
    assert lock_differences(base, {**base, "words": 1200, "steps": [step]}) == [
        "words: 10 -> 1,200",
        "step short: only in B",
    ]
    assert lock_differences({**base, "steps": [step]}, {**base, "steps": [{**step, "settings": {"least": 3}}]}) == [
        "step short: other settings"
    ]
    assert lock_differences(base, base) == ["other documents, by the same settings"]


def test_the_verb_prints_a_table_and_json(both):
    app = typer.Typer()
    app.command()(verb)
    done = CliRunner().invoke(app, [*map(str, both)])
    assert done.exit_code == 0, done.output
    assert "the same corpus, by digest" in done.output
    assert "B - A" in done.output
    assert "not paired" in done.output
    told = json.loads(CliRunner().invoke(app, [*map(str, both), "--tasks", "blimp", "--json"]).stdout)
    assert [task["task"] for task in told["tasks"]] == ["blimp"]
