"""Questions with options, from the official files to a result: rules, floors, cuts, bad lines."""

from __future__ import annotations

import json

import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError
from evaluation.task import Rules, Work
from tests.evaluation_subjects import WordScorer, subject

#: Invented rows: the good sentence wins under `good_word`, the last pair ties.
PAIRS = {
    "one": [("a good cat", "a bad cat"), ("a bad dog", "a good dog"), ("same thing", "same thing")],
    "two": [("good", "bad"), ("good day", "bad day")],
}


def good_word(word):
    return -1.0 if word == "good" else -2.0


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "full_eval" / "blimp_filtered"
    folder.mkdir(parents=True)
    for name, pairs in PAIRS.items():
        rows = [{"sentence_good": g, "sentence_bad": b, "field": "syntax", "UID": name} for g, b in pairs]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Data(tmp_path)


def work(data, **changes):
    return Work(subject=subject(WordScorer(good_word)), data=data, **changes)


def run(data, tmp_path, task="blimp", **changes):
    return load_task(task).run(work(data, folder=tmp_path / "work", **changes))


def test_both_values_stand_side_by_side(data, tmp_path):
    result = run(data, tmp_path, rules=Rules(ties="gold", aggregate="micro")).result
    assert result.value == pytest.approx(100 * 4 / 5)  # the tie counts as right, items weigh alike
    assert result.honest == pytest.approx(100 * (1.5 / 3 + 1) / 2)
    assert result.strict == pytest.approx(100 * (1 / 3 + 1) / 2)
    assert result.gold == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert result.micro == pytest.approx(100 * 3.5 / 5)
    assert result.ties == pytest.approx((1 / 3 + 0) / 2)
    assert result.chance == 50.0
    assert result.groups["one"].items == 3


def test_rows_have_the_official_ids_and_answers(data, tmp_path):
    rows = run(data, tmp_path).rows
    assert [row["uid"] for row in rows] == ["one_0", "one_1", "one_2", "two_0", "two_1"]
    assert [row["answer"] for row in rows][:2] == ["a good cat", "a good dog"]
    assert rows[0]["scores"] == [-5.0, -6.0]
    assert rows[0]["tokens"] == [3, 3]


def test_floors_are_scored_on_the_same_items(data, tmp_path):
    floor = WordScorer(lambda word: -len(word))
    result = run(data, tmp_path, floors={"length": floor}).result
    assert result.floors == {"length": pytest.approx(100 * (1.5 / 3 + 0) / 2)}


def test_the_limit_takes_the_same_items_each_time_and_says_so(data, tmp_path):
    first, again = (run(data, tmp_path / name, limit=1) for name in "ab")
    assert [row["uid"] for row in first.rows] == [row["uid"] for row in again.rows]
    assert len(first.rows) == 2
    assert "limited to 1 a group" in first.result.data.cut
    other = {
        tuple(row["uid"] for row in run(data, tmp_path / f"s{seed}", limit=1, seed=seed).rows) for seed in range(9)
    }
    assert len(other) > 1


def test_data_other_than_the_official_are_said_to_be(data, tmp_path):
    facts = run(data, tmp_path).result.data
    assert facts.official_items == 59875
    assert facts.same_as_official is False
    assert "5 of 59,875" in facts.cut
    assert set(facts.files) == {"one.jsonl", "two.jsonl"}


def test_mean_and_sum_can_differ_and_each_rule_has_its_own(tmp_path):
    folder = tmp_path / "full_eval" / "supplement_filtered"
    folder.mkdir(parents=True)
    row = {"sentence_good": "good good good", "sentence_bad": "bad"}
    (folder / "hypernym.jsonl").write_text(json.dumps(row) + "\n")
    rules = Rules(masked_reduction="mean")
    made = Work(subject=subject(WordScorer(good_word), "mlm"), data=Data(tmp_path), rules=rules, folder=tmp_path)
    result = load_task("blimp_supplement").run(made).result
    assert (result.value, result.honest) == (100.0, 0.0)


def test_unknown_tokens_are_counted_and_warned_of(tmp_path):
    folder = tmp_path / "full_eval" / "supplement_filtered"
    folder.mkdir(parents=True)
    rows = [{"sentence_good": "a blick", "sentence_bad": "a cat"}, {"sentence_good": "a", "sentence_bad": "b b"}]
    (folder / "hypernym.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run(Data(tmp_path), tmp_path, "blimp_supplement").result
    assert result.unknown_items == 1
    assert any("1 of 2 items have a token" in warning for warning in result.warnings)


def test_a_cut_line_is_named(data, tmp_path):
    path = tmp_path / "full_eval" / "blimp_filtered" / "two.jsonl"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DataError, match=r"two\.jsonl:2.*not a JSON object"):
        run(data, tmp_path)


def test_a_missing_field_is_named(data, tmp_path):
    path = tmp_path / "full_eval" / "blimp_filtered" / "two.jsonl"
    path.write_text('{"sentence_good": "x"}\n')
    with pytest.raises(DataError, match=r"two\.jsonl:1.*'sentence_bad'"):
        run(data, tmp_path)


def test_missing_data_say_where_to_get_them(tmp_path):
    with pytest.raises(DataError, match=r"osf\.io"):
        run(Data(tmp_path / "nowhere"), tmp_path)
    with pytest.raises(DataError, match="comps"):
        run(Data(tmp_path), tmp_path, "comps")
