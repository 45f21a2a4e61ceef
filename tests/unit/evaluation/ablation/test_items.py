"""Stretches of held-out text as items: they add up to the metric, and runs on other text do not compare."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.ablation.items import STRETCH, by_item
from evaluation.ablation.runs import RunScores
from training.run import HELDOUT


def run(folder, arm, seed, sizes, bits):
    place = folder / arm / str(seed)
    (place / "run").mkdir(parents=True)
    other = [("far", 5000, 1.0)]
    rows = [("near", size, bit) for size, bit in zip(sizes, bits, strict=True)]
    names, lengths, costs = zip(*rows, *other, strict=True)
    pq.write_table(pa.table({"source": names, "bytes": lengths, "bits": costs}), place / "run" / HELDOUT)
    metric = float(sum(bits) / sum(sizes))
    return RunScores(arm, seed, {"bits_per_byte.near": metric}, folder=str(place))


def test_stretches_are_long_and_their_weighted_mean_is_the_metric(tmp_path):
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 300, 200).tolist()
    runs = {
        arm: [run(tmp_path, arm, seed, sizes, (rng.normal(2, 0.5, 200) * sizes).tolist()) for seed in (1, 2, 3)]
        for arm in ("base", "other")
    }
    found = by_item("bits_per_byte.near", runs)
    assert found is not None
    items, scores = found
    stretches = np.round(items.weights * sum(sizes))
    assert stretches.sum() == sum(sizes)
    assert stretches.min() >= STRETCH
    assert stretches.max() < 2 * STRETCH + 300, "documents are not joined beyond need"
    for arm, members in runs.items():
        assert scores[arm] @ items.weights == pytest.approx([one.metrics["bits_per_byte.near"] for one in members])


def test_one_long_document_is_one_stretch_and_says_nothing_of_other_texts(tmp_path):
    assert by_item("bits_per_byte.near", {"base": [run(tmp_path, "base", 1, [9000], [18000.0])]}) is None


def test_runs_on_other_text_and_masked_runs_have_no_items(tmp_path):
    runs = {
        "base": [run(tmp_path, "base", 1, [2000, 2000], [1.0, 1.0])],
        "other": [run(tmp_path, "other", 1, [2000, 2001], [1.0, 1.0])],
    }
    assert by_item("bits_per_byte.near", runs) is None
    masked = RunScores("base", 1, {"bits_per_byte.near": 1.0}, folder=str(tmp_path / "masked"))
    assert by_item("bits_per_byte.near", {"base": [masked]}) is None
    assert by_item("bits_per_byte.near", {"base": []}) is None


def test_mirrored_twos_are_items_and_one_right_by_its_liking_alone_is_wrong(tmp_path):
    rows = [  # group, uid, scores of right and wrong: the two margins of a two add up to its verdict
        *(
            ("a", f"x{n}{side}", [margin, 0.0])
            for n, two in enumerate([(3, -1), (1, -3), (2, 2)])
            for side, margin in zip("pq", two, strict=True)
        ),
        *(
            ("b", f"y{n}{side}", [margin, 0.0])
            for n, two in enumerate([(1, -1), (1, 1)])
            for side, margin in zip("pq", two, strict=True)
        ),
    ]
    (tmp_path / "evaluation").mkdir()
    names, uids, scores = zip(*rows, strict=True)
    table = {"task": ["grounded"] * len(rows), "group": names, "uid": uids, "scores": scores}
    pq.write_table(pa.table(table), tmp_path / "evaluation" / "items.parquet")
    run = RunScores("base", 1, {"grounded.mirrored": (200 / 3 + 75) / 2}, folder=str(tmp_path))
    found = by_item("grounded.mirrored", {"base": [run]})
    assert found is not None
    items, of_twos = found
    assert of_twos["base"].tolist() == [[100, 0, 100, 50, 100]]
    assert of_twos["base"] @ items.weights == pytest.approx(list(run.metrics.values()))


def answered(folder, task, groups, points, metrics):
    """Return a run whose items have credits."""
    (folder / "evaluation").mkdir(parents=True)
    uids = [str(number) for number in range(len(groups))]
    table = {"task": [task] * len(groups), "group": groups, "uid": uids, "credit": points}
    pq.write_table(pa.table(table), folder / "evaluation" / "items.parquet")
    return RunScores("base", 1, metrics, folder=str(folder))


def test_a_score_that_is_no_mean_over_its_items_has_none(tmp_path):
    groups, points = ["a"] * 3 + ["b"] * 2, [1.0, 0.0, 1.0, 1.0, 0.0]
    macro = answered(tmp_path / "macro", "blimp", groups, points, {"blimp.accuracy": 100 * (2 / 3 + 1 / 2) / 2})
    assert by_item("blimp.accuracy", {"base": [macro]}) is not None
    micro = answered(tmp_path / "micro", "boolq", groups, points, {"boolq.accuracy": 60.0, "boolq.f1": 75.0})
    assert by_item("boolq.accuracy", {"base": [micro]}) is None
    assert by_item("boolq.f1", {"base": [micro]}) is None


def test_a_paradigm_of_one_item_says_nothing_of_the_spread(tmp_path):
    lone = answered(tmp_path, "blimp", ["a", "a", "b"], [1.0, 0.0, 1.0], {"blimp.accuracy": 75.0})
    assert by_item("blimp.accuracy", {"base": [lone]}) is None


def test_the_mean_over_domains_weighs_each_alike(tmp_path):
    rng = np.random.default_rng(1)
    near, far = [1500] * 20, [1500] * 4
    runs = []
    for seed in (1, 2):
        place = tmp_path / str(seed)
        (place / "run").mkdir(parents=True)
        bits = rng.normal(2, 0.5, 24) * 1500
        table = {"source": ["near"] * 20 + ["far"] * 4, "bytes": near + far, "bits": bits}
        pq.write_table(pa.table(table), place / "run" / HELDOUT)
        metrics = {"bits_per_byte.near": bits[:20].sum() / 30_000, "bits_per_byte.far": bits[20:].sum() / 6_000}
        metrics["bits_per_byte.mean"] = sum(metrics.values()) / 2
        runs.append(RunScores("base", seed, metrics, folder=str(place)))
    found = by_item("bits_per_byte.mean", {"base": runs})
    assert found is not None
    items, scores = found
    assert items.sizes.tolist() == [20, 4]
    assert items.paradigms == ("near", "far")
    assert scores["base"] @ items.weights == pytest.approx([run.metrics["bits_per_byte.mean"] for run in runs])
