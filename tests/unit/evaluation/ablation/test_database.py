"""The database of runs: what is kept, what is one arm, and which runs a spread may be pooled from."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.database import Database
from evaluation.ablation.errors import AblationError
from evaluation.ablation.jobs import settings_of
from evaluation.ablation.leaderboard import standings
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import Ablation, Arm
from evaluation.errors import DataError
from tests.tiny_training import raw_recipe

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


def settings(of):
    return settings_of(of, Path("toy.yaml"))


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
        database.add(ablation(), settings(ablation()), corpora(), done)
        database.add(ablation(), settings(ablation()), corpora(), done)  # a second start replaces
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
        database.add(old, settings(old), corpora(), runs("base", 0))
        database.add(new, settings(new), corpora(), runs("base", 3, 3))
        assert list(map(len, database.spreads(BITS, settings(old)["base"]).values())) == [5]
        ((_, values),) = database.spreads(BITS, settings(new)["base"]).items()
        assert len(values) == 3
        assert min(values) > 4
        database.add_item_errors(old, settings(old)["base"], [("worse", BITS, 0.01)])
        assert database.item_error(BITS, settings(old)["base"]) == 0.01
        assert database.item_error(BITS, settings(new)["base"]) is None
        _, rows = standings(database.runs(), BITS)
    assert [row["runs"] for row in rows] == [5, 3]
    assert [row["setting"] for row in rows] == [settings(old)["base"], settings(new)["base"]]


def test_a_spread_is_pooled_within_the_corpora_of_a_setting_each_once(tmp_path):
    whole = ablation(
        arms={"worse": Arm(corpus="x"), "same": Arm(corpus="x"), "wide": Arm(recipe=("optimizer.lr=0.02",))}
    )
    done = runs("base", 0) | runs("worse", 0.2) | runs("same", 0, 3) | runs("wide", 1)
    unfinished = {("worse", 9): RunScores("worse", 9, {BITS: 9.0}, [], COST, reached=0.4)}
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(whole, settings(whole), corpora(wide="b"), done | unfinished)
        spreads = database.spreads(BITS, settings(whole)["base"])
    assert {name[0]: len(values) for name, values in spreads.items()} == {"b": 5, "w": 5}
    assert max(max(values) for values in spreads.values()) < 2.5, "the arm with a recipe of its own is not among them"


def test_a_setting_is_what_is_in_its_files(tmp_path):
    raw = {**raw_recipe(), "name": "mine"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(raw))
    (tmp_path / "s.txt").write_text("a text")
    of, file = ablation(recipe="mine.yaml"), tmp_path / "toy.yaml"
    before = settings_of(of, file)
    assert before == settings_of(ablation(recipe="mine.yaml", question="Another one?", seeds=7), file)
    (tmp_path / "s.txt").write_text("another text")
    other_text = settings_of(of, file)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({**raw, "duration": {"steps": 21}}))
    assert len({before["base"], other_text["base"], settings_of(of, file)["base"]}) == 3


def test_draws_of_an_arm_are_one_arm(tmp_path):
    drawn = ablation(base=Arm(manifest="m.yaml"), arms={"worse": Arm(patch={"seed": 2})})
    digests = [ArmCorpus("base", Path("x"), str(seed) * 64, 1000, 10, {}) for seed in range(1, 6)]
    draws = {("base", seed): corpus for seed, corpus in enumerate(digests, 1)}
    with Database(tmp_path / "runs.sqlite") as database:
        database.add(drawn, settings(drawn), draws, runs("base", 0))
        assert {row["corpus"] for row in database.runs()} == {corpus.digest for corpus in digests}
        assert list(map(len, database.spreads(BITS, settings(drawn)["base"]).values())) == [5]
        _, rows = standings(database.runs(), BITS)
    assert [(row["corpus"], row["runs"]) for row in rows] == [("1" * 64, 5)]


def test_finished_runs_are_of_exactly_this_recipe(tmp_path):
    with Database(tmp_path / "runs.sqlite") as database:
        near, other = ablation(recipe="bert-proxy"), ablation(recipe="bert-proxy-1m")
        for of in (near, other):
            database.add(of, settings(of), corpora(), runs("base", 0, 2))
        database.add(near, settings(near), corpora(), {("base", 3): RunScores("base", 3, failed="no disk")})
        assert len(database.runs(recipe="bert-proxy")) == 5
        assert [row["recipe"] for row in database.finished("bert-proxy")] == ["bert-proxy"] * 2


def test_a_database_of_before_gains_its_columns(tmp_path):
    path = tmp_path / "runs.sqlite"
    with Database(path) as database:
        database.add(ablation(), settings(ablation()), corpora(), runs("worse", 0, 2))
        database.add_item_errors(ablation(), settings(ablation())["base"], [("worse", BITS, 9.0)])
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
        setting = settings(ablation())["base"]
        assert database.item_error(BITS, setting) is None
        assert database.spreads(BITS, setting) == {}
        database.add(ablation(), settings(ablation()), corpora(), costly)
        assert {row["peak_mib"] for row in database.runs(arm="base")} == {900.0}
        database.add_item_errors(
            ablation(),
            settings(ablation())["base"],
            [("worse", BITS, 0.01), ("same", BITS, 0.03), ("same", "other", 9.0)],
        )
        database.add_item_errors(
            ablation(), settings(ablation())["base"], [("worse", BITS, 0.02)]
        )  # a second start replaces
        assert database.item_error(BITS, setting) == pytest.approx(0.025)


def test_a_database_that_is_none(tmp_path):
    with pytest.raises(DataError, match="no database"):
        Database(tmp_path / "none.sqlite", make=False)
    (tmp_path / "text").write_text("hello " * 100)
    with pytest.raises(DataError, match="is no database"):
        Database(tmp_path / "text")
