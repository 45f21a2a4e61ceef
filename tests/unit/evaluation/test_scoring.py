"""The driver of scorers: any order, resumed from a journal, and NaN stopped with the text that gave it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation.errors import NotFinite
from evaluation.queries import Query
from evaluation.scorers.scorer import score
from tests.evaluation_subjects import WordScorer

QUERIES = [Query("the cat sat"), Query("the cat sat on", 8), Query(""), Query("a blick")]


def test_scores_are_ragged_and_the_context_is_not_scored():
    scores = score(WordScorer(len), QUERIES)
    assert np.diff(scores.offsets).tolist() == [3, 2, 0, 2]
    assert scores.totals().tolist() == [9.0, 5.0, 0.0, 6.0]
    assert scores.totals("mean").tolist() == [3.0, 2.5, 0.0, 3.0]
    assert scores.has_unknown().tolist() == [False, False, False, True]
    assert scores.spans[scores.of(1)].tolist() == [[8, 11], [12, 14]]


def test_a_killed_run_goes_on_from_its_journal(tmp_path):
    journal = tmp_path / "toy.journal"

    class Killed(Exception):
        pass

    def dies(done, _):
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        score(WordScorer(len), QUERIES, journal=journal, listen=dies)
    with journal.open("ab") as file:
        file.write(b"half a record that was cut sh")
    rest = WordScorer(len)
    scores = score(rest, QUERIES, journal=journal)
    assert rest.ran == 7 - 6  # two batches of three were kept
    assert scores.totals().tolist() == [9.0, 5.0, 0.0, 6.0]
    done = WordScorer(len)
    assert score(done, QUERIES, journal=journal).totals().tolist() == scores.totals().tolist()
    assert done.ran == 0


def test_a_journal_of_other_queries_or_another_scorer_is_begun_anew(tmp_path):
    journal = tmp_path / "toy.journal"
    score(WordScorer(len), QUERIES, journal=journal)
    other = WordScorer(lambda _: -1.0, name="other")
    assert score(other, QUERIES, journal=journal).totals().tolist() == [-3.0, -2.0, 0.0, -2.0]
    assert other.ran == 7
    fewer = WordScorer(lambda _: -1.0, name="other")
    score(fewer, QUERIES[:1], journal=journal)
    assert fewer.ran == 3


def test_a_damaged_record_and_all_after_it_are_scored_again(tmp_path):
    journal = tmp_path / "toy.journal"
    score(WordScorer(len), QUERIES, journal=journal)
    data = bytearray(journal.read_bytes())
    at = data.index(b"\n") + 1 + 8  # first byte of the first record's body
    data[at] ^= 255
    journal.write_bytes(bytes(data))
    again = WordScorer(len)
    assert score(again, QUERIES, journal=journal).totals().tolist() == [9.0, 5.0, 0.0, 6.0]
    assert again.ran == 7


def test_nan_names_the_text(tmp_path):
    journal = tmp_path / "toy.journal"
    broken = WordScorer(lambda word: math.nan if word == "on" else -1.0)
    with pytest.raises(NotFinite, match="the cat sat on"):
        score(broken, QUERIES, journal=journal)


def test_no_queries_are_no_scores():
    assert len(score(WordScorer(len), [])) == 0
