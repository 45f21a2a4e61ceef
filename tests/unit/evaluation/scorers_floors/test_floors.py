"""The scorers that know no grammar: what each gives to words, characters and whole texts."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.core.errors import CorpusError
from evaluation.accuracy import judge
from evaluation.errors import DataError
from evaluation.floors import DESCRIPTIONS, describe, floors
from evaluation.grounded.frequencies import of_texts
from evaluation.queries import Query
from evaluation.scorers import lexicon as lexicons
from evaluation.scorers.chance import ChanceScorer
from evaluation.scorers.frequency import FrequencyScorer
from evaluation.scorers.length import LengthScorer
from evaluation.scorers.lexicon import Lexicon, folded, of_paths
from evaluation.scorers.scorer import score

TEXT = 'The Dog, the "dog" -- and THE cat\'s naïve; _dog_ (3rd) ... İzmir x.'


def test_a_word_is_folded_and_keeps_its_place() -> None:
    found = list(folded(TEXT))
    assert [word for word, _, _ in found[:6]] == ["the", "dog", "the", "dog", "and", "the"]
    assert [TEXT[start:end].lower() for _, start, end in found] == [word for word, _, _ in found]
    assert ("cat's", 30, 35) in found


def test_the_floor_and_the_grounded_suite_mean_the_same_words() -> None:
    assert Counter(word for word, _, _ in folded(TEXT)) == of_texts([TEXT]).counts == lexicons.count([TEXT])


def test_frequency_gives_each_word_its_share_with_one_added() -> None:
    scorer = FrequencyScorer(Lexicon({"the": 6, "dog": 2, "ran": 1}, "by hand"))
    scores = score(scorer, [Query("The dog flew -- ."), Query("...")])
    assert scores.offsets.tolist() == [0, 3, 3]
    assert np.exp(scores.logprobs[0]) == pytest.approx([7 / 13, 3 / 13, 1 / 13])
    assert scores.spans.tolist() == [[0, 3], [4, 7], [8, 12]]
    assert scores.unknown.tolist() == [False, False, True]
    assert scores.totals("mean")[0] == pytest.approx((math.log(7 / 13) + math.log(3 / 13) + math.log(1 / 13)) / 3)


def test_what_stands_before_the_start_is_not_scored() -> None:
    scorer = FrequencyScorer(Lexicon({"the": 6, "dog": 2}, "by hand"))
    text = "the dog. the dog!"
    assert score(scorer, [Query(text, 8)]).spans.tolist() == [[9, 12], [13, 16]]
    assert score(scorer, [Query(text, 11)]).spans.tolist() == [[9, 12], [13, 16]]  # a word on the border is scored
    assert len(score(scorer, [Query(text, 16)]).spans) == 0  # but not for the mark behind it
    assert score(LengthScorer(), [Query(text, 8)]).totals().tolist() == [-9]
    assert score(LengthScorer("words"), [Query(text, 8)]).totals().tolist() == [-2]


def test_word_order_and_case_are_all_the_same_to_frequency() -> None:
    totals = score(
        FrequencyScorer(), [Query("The dogs bark."), Query("bark the Dogs"), Query("The dog bark.")]
    ).totals()
    assert totals[0] == pytest.approx(totals[1])
    assert totals[2] < totals[0]


def test_without_a_corpus_the_queries_are_counted() -> None:
    queries = [Query("a a b"), Query("a c")]
    scores = score(FrequencyScorer(), queries)
    assert np.exp(scores.logprobs[0]) == pytest.approx([4 / 9, 4 / 9, 2 / 9, 4 / 9, 2 / 9])
    assert not scores.unknown.any()


def test_the_shorter_text_wins_by_length() -> None:
    queries = [Query("Ünder"), Query("a b c"), Query(""), Query("two  words")]
    scores = score(LengthScorer(), queries)
    assert scores.totals().tolist() == [-5, -5, 0, -10]
    assert scores.spans[5:10].tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]
    assert scores.totals("mean").tolist() == [-1, -1, 0, -1]
    assert score(LengthScorer("words"), queries).totals().tolist() == [-1, -3, 0, -2]


def test_chance_never_ties_and_is_fair() -> None:
    queries = [Query(text) for text in ("good", "bad", "ugly", "") for _ in range(2000)]
    scores = score(ChanceScorer(seed=1), queries).totals()
    assert len(set(scores.tolist())) == len(queries)
    assert (scores < 0).all()
    earned = judge(scores.reshape(-1, 4), np.zeros(2000, np.int64))
    assert not earned.tied.any()
    assert earned.credit.mean() == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 2000))


def test_chance_is_drawn_again_for_other_queries_and_other_seeds() -> None:
    queries = [Query(str(number)) for number in range(50)]
    first = score(ChanceScorer(3), queries).totals()
    assert (score(ChanceScorer(3), queries).totals() == first).all()
    for scorer, asked in ((ChanceScorer(4), queries), (ChanceScorer(3), [*queries[:-1], Query("other")])):
        assert (score(scorer, asked).totals() != first).any()


@pytest.mark.parametrize(
    "scorer", [FrequencyScorer(), LengthScorer(), LengthScorer("words"), ChanceScorer()], ids=lambda s: s.backend
)
def test_no_queries_are_no_scores(scorer) -> None:
    assert len(score(scorer, [])) == 0


def test_a_journal_answers_in_place_of_the_scorer(tmp_path: Path) -> None:
    queries = [Query("the dog"), Query("a dog")]
    first = score(FrequencyScorer(), queries, journal=tmp_path / "j")
    size = (tmp_path / "j").stat().st_size
    again = score(FrequencyScorer(), queries, journal=tmp_path / "j")
    assert (again.logprobs == first.logprobs).all()
    assert (tmp_path / "j").stat().st_size == size


def test_identities_differ_where_numbers_do() -> None:
    scorers = [
        FrequencyScorer(),
        FrequencyScorer(Lexicon({"a": 1}, "x")),
        FrequencyScorer(Lexicon({"a": 2}, "x")),
        LengthScorer(),
        LengthScorer("words"),
        ChanceScorer(0),
        ChanceScorer(1),
    ]
    assert len({str(scorer.identity) for scorer in scorers}) == len(scorers)


def test_floors_are_named_and_described(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the dog\nThe cat.\n")
    (tmp_path / "b.txt").write_text("the end")
    both = floors([tmp_path / "a.txt", tmp_path / "b.txt"])
    assert list(both) == list(DESCRIPTIONS) == ["frequency", "length"]
    frequency = both["frequency"]
    assert isinstance(frequency, FrequencyScorer)
    assert frequency.lexicon.counts == {"the": 3, "dog": 1, "cat": 1, "end": 1}
    assert "a.txt" in describe("frequency", tmp_path / "a.txt")
    assert "own options" in describe("frequency", None)
    assert floors(None)["frequency"].lexicon is None


def test_the_counts_of_a_corpus_are_kept(tmp_path: Path, monkeypatch) -> None:
    calls = []

    class Whole:
        digest = "d" * 64

        def batches(self, columns):
            calls.append(columns)
            yield pa.record_batch({"text": ["a b", "A."]})

    monkeypatch.setattr(lexicons.Corpus, "open", lambda _: Whole())
    folder, cache = tmp_path / "corpus", tmp_path / "cache"
    folder.mkdir()
    for _ in range(2):
        assert of_paths([folder], cache).counts == {"a": 2, "b": 1}
    assert len(calls) == 1
    (file,) = (cache / "lexicons").glob("*.parquet")
    assert pq.read_table(file).column_names == ["word", "count"]
    file.write_bytes(b"damaged")
    assert of_paths([folder], cache).counts == {"a": 2, "b": 1}
    assert len(calls) == 2


def test_strings_are_folded_on_the_way(monkeypatch) -> None:
    monkeypatch.setattr(lexicons, "_STRINGS", 2)
    texts = ["a B c", "A b! d", "a"]
    assert lexicons.count(texts) == {"a": 3, "b": 2, "c": 1, "d": 1}


def test_what_is_no_corpus_and_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        floors(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match="not UTF-8"):
        floors(tmp_path / "latin.txt")
    with pytest.raises(CorpusError):
        floors(tmp_path)
