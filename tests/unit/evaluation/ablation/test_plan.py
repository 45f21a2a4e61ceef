"""What a plan rests on: our own runs of this setting, a measurement on this machine, or nothing, and it says which."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from curation.core.errors import UnknownName
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.database import Database
from evaluation.ablation.display import show_plan
from evaluation.ablation.errors import AblationError
from evaluation.ablation.jobs import settings_of
from evaluation.ablation.options import Options
from evaluation.ablation.plan import plan
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import AREA, Ablation, Arm
from tests.tiny_training import CAUSAL, NO_DROPOUT, raw_recipe, texts, tiny_corpus
from training.errors import RecipeError
from training.run import RUN_VERSION

BITS = "bits_per_byte.speech"
COST = {
    "cpu_seconds": 12.0,
    "heldout_cpu_seconds": 1.5,
    "tasks_cpu_seconds": 0.5,
    "flops": 5e9,
    "words_seen": 5000.0,
    "tokens_seen": 10_000.0,
    "peak_mib": 900.0,
}


def ablation(**changes):
    values = {
        "name": "toy",
        "question": "Does it help?",
        "base": Arm(corpus="x"),
        "arms": {"worse": Arm(corpus="x")},
        "heldout": {"speech": "s.txt"},
        "primary": BITS,
        "seeds": 3,
        **changes,
    }
    return Ablation.model_validate(values)


def options(folder, **changes):
    given = {"file": folder / "toy.yaml", "out": folder / "out", "cache": folder / "cache", "jobs": 2, **changes}
    return Options(**given)


def keep(path, of, bits=(2.0, 2.01, 2.02), **cost):
    """Add runs of the base to a database."""
    corpora = {("base", 1): ArmCorpus("base", Path("x"), "b" * 64, 1000, 10, {})}
    metrics = [{BITS: value, f"{AREA}.speech": value} for value in bits]
    done = {
        ("base", seed): RunScores("base", seed, values, [], {**COST, **cost}) for seed, values in enumerate(metrics, 1)
    }
    with Database(path) as database:
        database.add(of, settings_of(of, path.parent / "toy.yaml"), corpora, done)


def shown(made):
    file = io.StringIO()
    show_plan(Console(file=file, width=200, color_system=None, _environ={}), made)
    return file.getvalue()


def test_the_spread_is_that_of_runs_of_the_same_setting(tmp_path):
    path = tmp_path / "runs.sqlite"
    keep(path, ablation())
    keep(path, ablation(changes=("optimizer.lr=0.5",)), (1.0, 4.0))
    with Database(path) as database:
        database.add_item_errors(
            ablation(), settings_of(ablation(), tmp_path / "toy.yaml")["base"], [("worse", BITS, 0.02)]
        )
    mine = plan(ablation(), options(tmp_path, database=path))
    assert (mine.metrics[0].spread.source, mine.metrics[0].spread.sd) == (
        "1 corpus in runs.sqlite",
        pytest.approx(0.01),
    )
    assert mine.metrics[0].item_se == 0.02
    assert [row.metric for row in mine.metrics[:2]] == [BITS, f"{AREA}.speech"]
    other = plan(ablation(changes=("optimizer.lr=0.6",), ladder="smoke"), options(tmp_path, database=path))
    assert "runs.sqlite" not in other.metrics[0].spread.source
    assert f"{AREA}.speech" in other.unknown
    assert f"no spread is known of {AREA}.speech, grounded.mirrored: the first" in shown(other)


@pytest.mark.parametrize(
    ("match", "amount", "growth"), [("words", 20_000, 4), ("tokens", 20_000, 2), ("flops", 15e9, 3)]
)
def test_the_cost_is_that_of_our_own_runs_scaled_by_what_is_matched(tmp_path, match, amount, growth):
    path = tmp_path / "runs.sqlite"
    keep(path, ablation(amount=5000))
    keep(path, ablation(recipe="llama-proxy-1m", amount=5000), cpu_seconds=1e6, peak_mib=1e6)
    made = plan(ablation(match=match, amount=amount), options(tmp_path, database=path))
    assert made.cpu_hours == pytest.approx(6 * (2 + 10 * growth) / 3600)  # tasks and held-out text do not grow
    assert made.hours == pytest.approx(made.cpu_hours / 2)
    assert made.memory_mib == 1800
    assert made.cost_from == f"3 runs in runs.sqlite of llama-proxy under other settings, by {match} seen"
    keep(path, ablation(match=match, amount=amount), cpu_seconds=102.0, words_seen=20e3, tokens_seen=20e3, flops=15e9)
    same = plan(ablation(match=match, amount=amount), options(tmp_path, database=path))
    assert same.cpu_hours == pytest.approx(6 * 102 / 3600)
    assert same.cost_from == "3 runs in runs.sqlite of these settings"


@pytest.mark.parametrize("match", ["words", "tokens"])
def test_the_cost_is_measured_where_the_corpus_of_the_base_is_built(tmp_path, match):
    base = tmp_path / "out" / "corpora" / "base"
    base.parent.mkdir(parents=True)
    tiny_corpus(tmp_path / "built").folder.rename(base)
    (tmp_path / "s.txt").write_text("\n\n".join(texts(40, seed=2)))
    recipe = {**raw_recipe(NO_DROPOUT | CAUSAL), "name": "tiny"}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(recipe))
    given = {"recipe": "tiny.yaml", "base": Arm(manifest="base.yaml"), "match": match, "tasks": ()}
    small, large = (plan(ablation(amount=amount, **given), options(tmp_path)) for amount in (2000, 40_000))
    assert 0 < small.cpu_hours < large.cpu_hours
    assert small.memory_mib > 0
    assert small.cost_from.startswith("measured now on ")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {"corpora"}, "nothing but the cache is written"
    with pytest.raises(RecipeError):  # the changes are those of the run
        plan(ablation(amount=2000, **given, changes=("model.max_position_embeddings=1",)), options(tmp_path))


def test_spreads_on_one_corpus_are_said_to_be_that_where_each_seed_has_its_own(tmp_path):
    arms = {"worse": Arm(patch={"seed": 2})}

    def source(*, redraw, ladder):
        of = ablation(base=Arm(manifest="m.yaml"), arms=arms, redraw=redraw, ladder=ladder)
        return plan(of, options(tmp_path)).metrics[0].spread.source

    for ladder in ("smoke", "confirm"):
        one = source(redraw=False, ladder=ladder)
        assert source(redraw=True, ladder=ladder) == f"{one}, on one corpus an arm: draws add to it"
    assert source(redraw=True, ladder="screen") == source(redraw=False, ladder="screen")


def test_a_teacher_knows_the_tokens_of_one_corpus(tmp_path):
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    (teacher / "run.json").write_text(json.dumps({"run_version": RUN_VERSION, "status": "done", "identity": "t"}))
    taught = {"recipe": "babyllama-proxy", "changes": (f"objective.teachers=[{teacher}]",), "tasks": ()}
    manifests = {"base": Arm(manifest="m.yaml"), "arms": {"worse": Arm(patch={"seed": 2})}}
    with pytest.raises(AblationError, match="a teacher reads the tokens of one corpus"):
        plan(ablation(**taught, **manifests), options(tmp_path))
    assert plan(ablation(**taught, **manifests, redraw=False), options(tmp_path)).runs == 6
    (teacher / "run.json").write_text(json.dumps({"run_version": RUN_VERSION, "status": "stopped", "identity": "t"}))
    with pytest.raises(AblationError, match="training is not done"):
        plan(ablation(**taught), options(tmp_path))


def test_else_the_plan_says_what_to_do(tmp_path):
    ours = plan(ablation(), options(tmp_path))
    assert ours.cpu_hours is not None
    assert ours.cost_from.startswith("llama-proxy as it ships, on the project's machine; to measure on this machine")
    assert plan(ablation(match="tokens", amount=3e5), options(tmp_path)).cpu_hours is None
    made = plan(ablation(recipe="babyberta", amount=1e6, base=Arm(manifest="shipped.yaml")), options(tmp_path))
    assert (made.cpu_hours, made.hours, made.memory_mib) == (None, None, None)
    assert made.metrics[0].verdict_possible
    assert made.metrics[0].seeds_needed is not None
    assert f"`curate build shipped.yaml --out {tmp_path}/out/corpora/base` and plan again" in made.cost_from
    assert made.cost_from in shown(made)
    assert "6 runs: time not known yet, memory not known" in shown(made)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"recipe": "nobody"}, UnknownName),
        ({"changes": ("optimizer.nothing=1",)}, RecipeError),
        ({"arms": {"worse": Arm(recipe=("optimizer.nothing=1",))}}, RecipeError),
    ],
)
def test_a_mistake_is_told_by_the_plan_too(tmp_path, changes, error):
    with pytest.raises(error):
        plan(ablation(**changes), options(tmp_path))
