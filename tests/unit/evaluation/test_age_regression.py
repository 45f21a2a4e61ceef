"""Ages told from surprisal in child speech (2023): leaving out, words in sentences, bad files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError
from evaluation.floors import floors
from evaluation.kinds.age_regression import CATEGORIES, left_out
from evaluation.task import Work
from tests.evaluation_subjects import WordScorer, subject

WORDS = [f"w{number}" for number in range(40)]


def late(word):
    return -float(WORDS.index(word)) / 4 if word in WORDS else -1.0


def put(root, folder="aoa_data"):
    draw = np.random.RandomState(2)
    where = root / folder
    where.mkdir(parents=True)
    lines = ["language,word_clean,lexical_category,concreteness,frequency,aoa"]
    for number, word in enumerate([*WORDS, "unseen"]):
        values = f"{draw.uniform(1, 5):.3f},{draw.randint(1, 900)},{16 + number / 4 + draw.rand():.3f}"
        lines.append(f"|English, American|,{word},{CATEGORIES[number % 3]},{values}")
    (where / "word_list.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sentences = [
        {"sent": f"see the {word.title()} , {word}2 and {word}.", "words": [word]} for word in WORDS for _ in "ab"
    ]
    (where / "sent_words.json").write_text(json.dumps(sentences), encoding="utf-8")
    return Data(root)


def run(data, worth, **changes):
    return load_task("aoa_2023").run(Work(subject=subject(WordScorer(worth)), data=data, **changes))


def test_leaving_out_is_fitting_without():
    draw = np.random.default_rng(1)
    table, ages = np.column_stack([np.ones(30), draw.normal(size=(30, 4))]), draw.normal(20, 3, 30)
    for row, off in enumerate(left_out(table, ages)):
        others = np.arange(30) != row
        fitted = np.linalg.lstsq(table[others], ages[others], rcond=None)[0]
        assert off == pytest.approx(abs(ages[row] - table[row] @ fitted))
    assert left_out(np.column_stack([table, table[:, 1]]), ages) == pytest.approx(left_out(table, ages))


def test_surprisal_that_goes_with_age_tells_it(tmp_path):
    data = put(tmp_path)
    good = run(data, lambda word: late(word.strip(".,").lower()), folder=tmp_path / "a", floors=floors(None)).result
    poor = run(data, lambda word: -float(hash_of(word)), folder=tmp_path / "b").result
    assert good.value == good.honest < poor.value
    assert good.honest < good.details["without_surprisal"]
    assert good.honest < good.chance
    assert good.items == 40
    assert good.details["words_without_sentences"] == ["unseen"]
    assert set(good.groups) == set(CATEGORIES)
    assert set(good.floors) == {"frequency", "length"}


def hash_of(word):
    return sum(map(ord, word)) * 7919 % 13


def test_a_limit_takes_sentences_of_each_word(tmp_path):
    outcome = run(put(tmp_path, "aoa_2023"), late, folder=tmp_path / "a", limit=1)
    assert outcome.result.data.cut == "limited to 1 a word"
    assert len(outcome.rows) == 40


def test_bad_files_are_named(tmp_path):
    data = put(tmp_path)
    path = tmp_path / "aoa_data" / "sent_words.json"
    whole = path.read_text(encoding="utf-8")
    for text in (whole[:30], '[{"sent": "a"}]', "3"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="cannot be read"):
            run(data, late, folder=tmp_path)
    path.write_text('[{"sent": "w1", "words": ["w1"]}]', encoding="utf-8")
    with pytest.raises(DataError, match="20 are needed"):
        run(data, late, folder=tmp_path)
    table = tmp_path / "aoa_data" / "word_list.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("nouns", "pronouns"), encoding="utf-8")
    with pytest.raises(DataError, match="'pronouns' is no lexical category"):
        run(data, late, folder=tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="sent_words"):
        run(data, late, folder=tmp_path)
