"""Age of acquisition: curves fitted as the official code fits them, from checkpoints to a correlation."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError, Unsupported
from evaluation.floors import floors
from evaluation.kinds import acquisition
from evaluation.kinds.acquisition_scores import correlations, pearson
from evaluation.kinds.sigmoid import child_age, model_step
from evaluation.subject import Subject
from evaluation.task import Work
from tests import tiny_models
from tests.evaluation_subjects import WordScorer, subject

GOLDEN = Path(__file__).parents[2] / "golden" / "evaluation_reading"
CURVES = json.loads((GOLDEN / "acquisition.json").read_text(encoding="utf-8"))
VOCABULARY = 1000
MARKS = (1, 2, 5, 10, 20, 50, 100)
#: Invented words and the mark at which the model of these tests has half learnt them.
LEARNT = {"ball": 2e6, "dog": 4e6, "shoe": 8e6, "moon": 20e6, "truth": 40e6, "never": None}


def golden():
    words = [word for word, table in CURVES["invented"]["words"].items() for _ in table]
    table = [row for table in CURVES["invented"]["words"].values() for row in table]
    steps = np.array(CURVES["invented"]["steps"])
    chances = {word: math.ceil(len(word) / 3) * math.log(VOCABULARY) for word in words}
    ages = acquisition.read_ages(GOLDEN / "children.csv")
    return correlations(words, steps, np.array(table, float).T, ages, chances)


@pytest.fixture(scope="module")
def found():
    return golden()


@pytest.mark.parametrize("year", ["2025", "2026"])
def test_ages_are_the_official_ones(found, year):
    expected = CURVES[year]
    ours = found.ruled if year == "2025" else found.mended
    both = {word: age for word, age in ours.items() if age is not None and found.children[word] is not None}
    assert set(both) == set(expected["words"])
    for word, age in expected["words"].items():
        assert both[word] == pytest.approx(age, abs=1e-4)
    for word, age in expected["children"].items():
        assert found.children[word] == (None if age is None else pytest.approx(age, abs=1e-4))
    figure = found.official_2025 if year == "2025" else found.official_2026
    assert figure == pytest.approx(expected["figure"], abs=1e-4)


def test_what_stands_beside_the_figure(found):
    details = found.details()
    low, high = details["interval"]
    assert low < 100 * found.honest < high
    assert details["words"] == found.fitted == len(details["ages"])
    assert 0 < len(details["never"]) < 60
    assert not set(details["never"]) & set(details["ages"])
    assert details["p"] < 0.1
    assert any("never cross" in warning for warning in found.warnings())


def test_a_curve_crosses_half_way_between_chance_and_its_best():
    steps = np.array(MARKS) * 1e6
    curve = 10 - 6 / (1 + np.exp(-4 * (np.log10(steps + 1) - 6.9)))
    best = float(curve.min())
    assert model_step(steps, curve, 10.0) == pytest.approx(6.9, abs=0.05)
    halfway = 6.9 - math.log(6 / (10 - (10 + best) / 2) - 1) / 4
    assert model_step(steps, curve, 10.0) == pytest.approx(halfway, abs=1e-3)
    assert model_step(steps, curve, 30.0) is None  # it begins below half of the way
    assert model_step(steps, np.full(len(steps), np.nan), 10.0) is None
    assert model_step(steps, np.full(len(steps), 5.0), 10.0) is None


def test_children_below_or_above_half_at_all_months_have_no_age():
    ages = np.arange(16, 31).astype(float)
    assert child_age(ages, 1 / (1 + np.exp(-0.5 * (ages - 22)))) == pytest.approx(22, abs=0.1)
    assert child_age(ages, np.full(15, 0.9)) is None
    assert child_age(ages, np.full(15, np.nan)) is None


def test_a_constant_side_has_no_correlation():
    assert pearson(np.arange(2.0), np.arange(2.0)) == (None, None)
    assert pearson(np.ones(5), np.arange(5.0)) == (None, None)


def put(root, words=tuple(LEARNT), contexts=3):
    folder = root / "full_eval" / "aoa"
    folder.mkdir(parents=True)
    data = {word: [{"context": f" see {'the ' * n}"} for n in range(1, contexts + 1)] for word in (*words, "a")}
    (folder / "cdi_childes.json").write_text(json.dumps(data), encoding="utf-8")
    with (folder / "cdi_human.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["", "word", *range(16, 31)])
        for number, word in enumerate(words):
            middle = 18 + 2 * number
            table.writerow(
                [number, word, *(round(1 / (1 + math.exp(-0.6 * (age - middle))), 3) for age in range(16, 31))]
            )
    return Data(root)


def checkpoint(words_seen, broken=False):
    def worth(word):
        middle = LEARNT.get(word)
        if broken and word == "dog":
            return math.nan
        if middle is None:
            return -12.0
        return -12 + 9 / (1 + math.exp(-5 * (math.log10(words_seen + 1) - math.log10(middle))))

    made = subject(WordScorer(worth, batch=50, name=f"{words_seen}-{broken}"))
    made.revision, made.words_seen = f"chck_{words_seen // 1_000_000}M", words_seen
    made.tokenizer = Letters()
    return made


class Letters:
    vocab_size = round(math.exp(12))  # a guess costs what the checkpoints begin with

    def __call__(self, text, *, add_special_tokens):
        return {"input_ids": text.split()}


def trained(marks=MARKS, broken=()):
    return SimpleNamespace(
        name="toy",
        backend="causal",
        milestones=lambda: [checkpoint(mark * 1_000_000, mark in broken) for mark in marks],
    )


def run(of, data, folder, **changes):
    return load_task("aoa").run(Work(subject=of, data=data, folder=folder / "work", **changes))


def test_from_checkpoints_to_a_correlation(tmp_path):
    events = []
    data = put(tmp_path)
    outcome = run(trained(), data, tmp_path, floors=floors(None), listen=events.append)
    result = outcome.result
    assert result.details["words"] == 5
    assert result.honest > 95
    assert result.details["rules"]["2026"] == pytest.approx(result.honest)
    assert result.value == result.details["rules"]["2025"]
    assert "never" in result.details["never"]
    assert any("1 of 6 words never cross" in warning for warning in result.warnings)
    assert set(result.floors) <= {"frequency", "length"}
    rows = list(acquisition.surprisal_rows(result.details["surprisal"]))
    assert len(rows) == len(MARKS) * 6 * 3  # words of one letter are left out
    assert rows[0] == {
        "step": "chck_1M",
        "word_count": 1_000_000,
        "target_word": "ball",
        "context_id": 0,
        "context": " see the ",
        "surprisal": rows[0]["surprisal"],
    }
    assert [row["context_id"] for row in rows[:4]] == [0, 1, 2, 0]
    assert {row["uid"] for row in outcome.rows} == set(LEARNT)
    shares = [(event.done, event.total) for event in events if hasattr(event, "done")]
    assert shares == sorted(shares)
    assert shares[-1][0] == shares[-1][1]
    json.dumps(result.model_dump(mode="json"), allow_nan=False)
    assert run(trained(), data, tmp_path).result.honest == result.honest  # from the journals


def test_a_checkpoint_that_returns_nan_is_left_out_and_named(tmp_path):
    result = run(trained(broken=(5,)), put(tmp_path), tmp_path).result
    assert any(warning.startswith("chck_5M: left out") for warning in result.warnings)
    assert result.details["surprisal"]["values"][2] == [None] * 18
    assert any(math.isnan(row["surprisal"]) for row in acquisition.surprisal_rows(result.details["surprisal"]))
    assert result.honest > 95


def test_a_limit_takes_contexts_of_each_word(tmp_path):
    result = run(trained(), put(tmp_path), tmp_path, limit=1).result
    assert result.items == 6
    assert "limited to 1 a group" in result.data.cut


def test_too_few_words_have_no_correlation(tmp_path):
    result = run(trained(), put(tmp_path, ("ball", "dog")), tmp_path).result
    assert (result.value, result.honest) == (0.0, None)
    assert any("no correlation is defined" in warning for warning in result.warnings)


@pytest.mark.parametrize(("marks", "said"), [((), "has no checkpoints"), ((1, 2, 3), "has 3 checkpoints")])
def test_a_model_without_enough_checkpoints_is_unsupported(tmp_path, marks, said):
    with pytest.raises(Unsupported, match=said):
        run(trained(marks), put(tmp_path), tmp_path)


def test_bad_files_are_named(tmp_path):
    data = put(tmp_path)
    path = tmp_path / "full_eval" / "aoa" / "cdi_childes.json"
    whole = path.read_text(encoding="utf-8")
    for text in (whole[:40], "[1, 2]", '{"ball": [{"text": ""}]}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="is not words with their contexts"):
            run(trained(), data, tmp_path)
    path.write_text(whole, encoding="utf-8")
    (path.parent / "cdi_human.csv").write_text("word,16\nball,0.1\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column '17'"):
        run(trained(), data, tmp_path)


@pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
def test_a_run_offers_its_milestones(tmp_path):
    folder = tmp_path / "run"
    for name in ("model", "milestones/chck_20M", "milestones/chck_3M"):
        tiny_models.make("gpt2", folder / name, n_layer=1)
    record = {"run_version": 1, "status": "done", "result": {"words_seen": 30_000_000}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    of = Subject.open(str(folder))
    found = of.milestones()
    assert [(one.revision, one.words_seen) for one in found] == [("chck_3M", 3_000_000), ("chck_20M", 20_000_000)]
    assert found[0].milestones() == []
    assert Subject.open(str(folder / "model")).milestones()[1].revision == "chck_20M"
    (folder / "run.json").unlink()
    assert Subject.open(str(folder / "model")).milestones() == []
