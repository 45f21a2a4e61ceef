"""The database of runs: what is kept, what is one arm, and which runs a spread may be pooled from."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.database import Database
from evaluation.ablation.errors import AblationError
from evaluation.ablation.leaderboard import standings
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation, Arm
from evaluation.errors import DataError

BITS = "bits_per_byte.speech"
COST = {"cpu_seconds": 10.0, "flops": 5e9, "words_seen": 5000.0, "tokens_seen": 7000.0}


def ablation(**changes):
    values = {
        "name": "toy",
        "question": "Does it help?",
        "base": Arm(corpus="x"),
        "arms": {"worse": Arm(corpus="x"), "same": Arm(corpus="x")},
        "heldout": {"speech": "s.txt"},
        "primary": BITS,
        **changes,
    }
    return Ablation.model_validate(values)


def corpora(**digests):
    names = {"base": "b", "worse": "w", "same": "b", **digests}
    return {(name, 1): ArmCorpus(name, Path("x"), digest * 64, 1000, 10, {}) for name, digest in names.items()}


def runs(arm, shift, seeds=5, **changes):
    rng = np.random.default_rng(list(arm.encode()))
    made = {}
    for seed in range(1, seeds + 1):
        metrics = {BITS: 2.0 + shift + 0.01 * float(rng.normal()), "grounded.accuracy": 50.0 + float(rng.normal())}
        made[arm, seed] = RunScores(arm, seed, metrics, [], COST, **changes)
    return made


def test_runs_are_kept_and_ordered(tmp_path):
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0, 1)
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(ablation(), corpora(), done)
        database.add(ablation(), corpora(), done)  # a second start replaces
        listed = database.runs()
        assert len(listed) == 11
        assert {row["arm"] for row in database.runs(arm="wor")} == {"worse"}
        assert {row["tokens_seen"] for row in listed} == {7000.0}
    metric, rows = standings(listed, BITS)
    assert (metric, [row["arm"] for row in rows][-1]) == (BITS, "worse")
    assert [row["stderr"] for row in rows if row["arm"] == "same"] == [None]
    with pytest.raises(AblationError, match="no finished run has"):
        standings(listed, "nothing")


def test_runs_of_other_settings_are_another_arm(tmp_path):
    """Three of five seeds done again with another learning rate: neither the spread nor the mean mixes them."""
    old, new = ablation(), ablation(changes=("optimizer.lr=0.01",))
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(old, corpora(), runs("base", 0))
        database.add(new, corpora(), runs("base", 3, 3))
        assert list(map(len, database.spreads(BITS, old.setting("base")).values())) == [5]
        ((_, values),) = database.spreads(BITS, new.setting("base")).items()
        assert len(values) == 3
        assert min(values) > 4
        database.add_item_errors(old, [("worse", BITS, 0.01)])
        assert database.item_error(BITS, old.setting("base")) == 0.01
        assert database.item_error(BITS, new.setting("base")) is None
        _, rows = standings(database.runs(), BITS)
    assert [row["runs"] for row in rows] == [5, 3]
    assert [row["setting"] for row in rows] == [old.setting("base"), new.setting("base")]


def test_a_spread_is_pooled_within_the_corpora_of_a_setting_each_once(tmp_path):
    whole = ablation(arms={"worse": Arm(corpus="x"), "same": Arm(corpus="x"), "wide": Arm(recipe=("model.x=1",))})
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0, 3) | runs("wide", 1)
    unfinished = {("worse", 9): RunScores("worse", 9, {BITS: 9.0}, [], COST, reached=0.4)}
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(whole, corpora(wide="b"), done | unfinished)
        spreads = database.spreads(BITS, whole.setting("base"))
    assert {name[0]: len(values) for name, values in spreads.items()} == {"b": 5, "w": 5}
    assert max(max(values) for values in spreads.values()) < 2.5, "the arm with a recipe of its own is not among them"


def test_draws_of_an_arm_are_one_arm(tmp_path):
    drawn = ablation(base=Arm(manifest="m.yaml"), arms={"worse": Arm(patch={"seed": 2})})
    digests = [ArmCorpus("base", Path("x"), str(seed) * 64, 1000, 10, {}) for seed in range(1, 6)]
    draws = {("base", seed): corpus for seed, corpus in enumerate(digests, 1)}
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(drawn, draws, runs("base", 0))
        assert {row["corpus"] for row in database.runs()} == {corpus.digest for corpus in digests}
        assert list(map(len, database.spreads(BITS, drawn.setting("base")).values())) == [5]
        _, rows = standings(database.runs(), BITS)
    assert [(row["corpus"], row["runs"]) for row in rows] == [("1" * 64, 5)]


def test_finished_runs_are_of_exactly_this_recipe(tmp_path):
    with Database(tmp_path / "runs.sqlite") as database:
        for recipe in ("bert-proxy", "bert-proxy-1m"):
            database.add(ablation(recipe=recipe), corpora(), runs("base", 0, 2))
        database.add(ablation(recipe="bert-proxy"), corpora(), {("base", 3): RunScores("base", 3, failed="no disk")})
        assert len(database.runs(recipe="bert-proxy")) == 5
        assert [row["recipe"] for row in database.finished("bert-proxy")] == ["bert-proxy"] * 2


def test_a_database_of_before_gains_its_columns(tmp_path):
    path = tmp_path / "runs.sqlite"
    with Database(path) as database:
        database.add(ablation(), corpora(), runs("worse", 0, 2))
        database.add_item_errors(ablation(), [("worse", BITS, 9.0)])
    with sqlite3.connect(path) as old:
        for column in (
            "heldout_cpu_seconds",
            "tasks_cpu_seconds",
            "peak_mib",
            "tokens_seen",
            "setting",
            "first_corpus",
        ):
            old.execute(f"alter table runs drop column {column}")
        old.execute("alter table item_errors drop column setting")
    costly = {key: replace(run, cost={**run.cost, "peak_mib": 900.0}) for key, run in runs("base", 0).items()}
    with Database(path) as database:
        assert {(row["setting"], row["peak_mib"]) for row in database.runs()} == {("", None)}
        setting = ablation().setting("base")
        assert database.item_error(BITS, setting) is None
        assert database.spreads(BITS, setting) == {}
        database.add(ablation(), corpora(), costly)
        assert {row["peak_mib"] for row in database.runs(arm="base")} == {900.0}
        database.add_item_errors(ablation(), [("worse", BITS, 0.01), ("same", BITS, 0.03), ("same", "other", 9.0)])
        database.add_item_errors(ablation(), [("worse", BITS, 0.02)])  # a second start replaces
        assert database.item_error(BITS, setting) == pytest.approx(0.025)


def test_a_database_that_is_none(tmp_path):
    with pytest.raises(DataError, match="no database"):
        Database(tmp_path / "none.sqlite", make=False)
    (tmp_path / "text").write_text("hello " * 100)
    with pytest.raises(DataError, match="is no database"):
        Database(tmp_path / "text")
