"""Reading times of stories: contexts, what is given, floors, bad files."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError
from evaluation.floors import floors
from evaluation.kinds.story_reading import read_stories
from evaluation.task import Work
from tests.evaluation_subjects import WordScorer, subject

#: Two invented stories.
STORIES = [
    "A goose found a lamp in the snow. It shone! " * 3 + "She asked the old heron what to do with so bright a thing.",
    "Omar painted the barn blue and then slept until the rain woke him at noon. " * 3 + "Nobody minded the colour.",
]


def hard(word):
    return -float(sum(map(ord, word)) % 7)


def put(root, times=True):
    draw = np.random.RandomState(6)
    folder = root / "naturalstories"
    folder.mkdir(parents=True)
    rows = [
        (word, zone, item, 300 - 9 * hard(word) * times + draw.randn())
        for item, story in enumerate(STORIES, 1)
        for zone, word in enumerate(story.split(), 1)
    ]
    draw.shuffle(rows)
    lines = ["\t".join(map(str, row)) for row in (("word", "zone", "item", "meanItemRT"), *rows)]
    (folder / "processed_wordinfo.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Data(root)


def run(data, **changes):
    return load_task("natural_stories").run(Work(subject=subject(WordScorer(hard, batch=500)), data=data, **changes))


def test_a_context_is_the_sentence_and_the_one_before(tmp_path):
    put(tmp_path)
    words = read_stories(tmp_path / "naturalstories" / "processed_wordinfo.tsv")
    assert words[0].context == ""
    assert words[3].context == "A goose found"
    assert words[8].context == "A goose found a lamp in the snow."
    assert words[10].context == "It shone!"
    second = [word for word in words if word.story == "2"]
    assert second[0].context == ""
    assert second[0].sentence > words[len(words) - len(second) - 1].sentence


def test_surprisal_that_makes_the_times_explains_them(tmp_path):
    outcome = run(put(tmp_path / "with"), folder=tmp_path / "a", floors=floors(None))
    without = run(put(tmp_path / "without", times=False), folder=tmp_path / "b").result
    result = outcome.result
    assert result.honest > 90 > without.honest
    assert result.details["regression"]["coefficient"] == pytest.approx(9, abs=0.5)
    assert result.stderr > 0
    assert result.floors["frequency"] == pytest.approx(0, abs=1e-9)  # it is given
    assert len(outcome.rows) == result.items == sum(len(story.split()) for story in STORIES) - len(STORIES)


def test_too_few_words_and_bad_files_are_named(tmp_path):
    data = put(tmp_path)
    with pytest.raises(DataError, match="leave --limit away"):
        run(data, folder=tmp_path, limit=5)
    path = tmp_path / "naturalstories" / "processed_wordinfo.tsv"
    path.write_text("word\tzone\titem\na\t1\t1\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'meanItemRT'"):
        run(data, folder=tmp_path)
    path.write_text("word\tzone\titem\tmeanItemRT\na\t1\t1\n", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        run(data, folder=tmp_path)
