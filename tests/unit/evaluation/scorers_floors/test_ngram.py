"""The n-gram scorer: which words are scored, given what, and under which names."""

from __future__ import annotations

import numpy as np
import pytest
import tokenizers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from evaluation.errors import SubjectError
from evaluation.ngram.model import Level, NgramModel
from evaluation.ngram.train import of_texts
from evaluation.ngram.words import Pieces, Words
from evaluation.queries import Query
from evaluation.scorers import ngram
from evaluation.scorers.ngram import NgramScorer
from evaluation.scorers.scorer import score
from training.tokenizer.tokenizer import Tokenizer

MODEL = of_texts(["the cat sat .\nthe dogs sat .\na dog ran .\nthe cat ran ."], order=3)


def nats(*words: str) -> list[float]:
    ids = np.asarray([MODEL.ids.get(word, 0) for word in words], np.int32)
    return (MODEL.log10(ids)[0][1:].astype(float) * np.log(10)).tolist()


def test_words_are_scored_given_the_begin_mark_and_the_end_is_scored_too() -> None:
    scores = score(NgramScorer(MODEL), [Query("the  bird sat")])
    assert scores.logprobs[0].tolist() == pytest.approx(nats("<s>", "the", "bird", "sat", "</s>"))
    assert scores.spans.tolist() == [[0, 3], [5, 9], [10, 13], [13, 13]]
    assert scores.unknown.tolist() == [False, True, False, False]
    bare = score(NgramScorer(MODEL, begin=False, end=False), [Query("the cat"), Query("the cat")])
    assert bare.logprobs[0, 1] == scores_of_pair("the", "cat")
    assert bare.logprobs[0, :2].tolist() == bare.logprobs[0, 2:].tolist()
    assert bare.logprobs[0, 0] != scores.logprobs[0, 0]


def scores_of_pair(first: str, second: str) -> np.float32:
    return np.float32(nats(first, second)[0])


def test_what_stands_before_the_start_conditions_and_is_not_scored() -> None:
    scores = score(NgramScorer(MODEL, end=False), [Query("the cat sat .", 7)])
    assert scores.spans.tolist() == [[8, 11], [12, 13]]
    assert scores.logprobs[0].tolist() == pytest.approx(nats("<s>", "the", "cat", "sat", ".")[2:])


def test_grammar_beyond_frequency_is_seen() -> None:
    good, bad = score(NgramScorer(MODEL), [Query("the cat sat ."), Query("cat the . sat")]).totals()
    assert good > bad


def test_queries_are_answered_in_batches_and_those_that_are_known_are_passed_over(monkeypatch) -> None:
    queries = [Query(text) for text in ("the cat", "a dog ran", "", "sat", "the dogs ran .")]
    whole = score(NgramScorer(MODEL), queries)
    monkeypatch.setattr(ngram, "_QUERIES", 2)
    assert (score(NgramScorer(MODEL), queries).logprobs == whole.logprobs).all()
    scorer = NgramScorer(MODEL)
    plan = scorer.plan(queries)
    todo = np.zeros(plan.tokens, bool)
    todo[-1] = True
    ((numbers, _),) = scorer.run(plan, todo)
    assert numbers.tolist() == list(range(int(plan.offsets[4]), plan.tokens))


def test_marks_that_are_spelt_out_are_unknown_words() -> None:
    scores = score(NgramScorer(MODEL), [Query("the <s> </s>"), Query("the xxx xxx")])
    assert (scores.logprobs[0, :4] == scores.logprobs[0, 4:]).all()
    assert scores.unknown.tolist() == [False, True, True, False] * 2


def test_the_rule_of_the_training_text_is_that_of_the_scorer() -> None:
    model = of_texts(["The cat sat. Don't!"], order=2, rule="punctuation")
    assert model.names[3:] == ("the", "cat", "sat", ".", "don't", "!")
    scores = score(NgramScorer(model, end=False), [Query("THE cat sat, don't!")])
    assert scores.unknown.tolist() == [False, False, False, True, False, False]
    assert scores.spans[2:4].tolist() == [[8, 11], [11, 12]]
    assert NgramScorer(model).identity["reader"] == "punctuation"


@pytest.mark.parametrize("rule", ["exact", "lower", "punctuation"])
def test_the_quick_split_gives_the_same_words(rule) -> None:
    text = "It's 3.5 İzmir\u00a0ΣΔΣ — naïve (sic)  x\ty"
    assert [word for word, _, _ in Words(rule)(text)] == Words(rule).splitter(text)


def tokenizer() -> Tokenizer:
    backend = tokenizers.Tokenizer(WordLevel({"the": 0, "cat": 1, "dog": 2, "[UNK]": 3}, unk_token="[UNK]"))  # noqa: S106
    backend.pre_tokenizer = Whitespace()
    return Tokenizer(backend, None, {})


def test_a_model_of_tokens_reads_with_their_tokenizer() -> None:
    levels = (Level(np.arange(5), np.log10([0.5, 0.25, 0.125, 0.125, 1]).astype(np.float32), np.zeros(5, np.float32)),)
    model = NgramModel(("0", "1", "2", "3", "<s>"), 4, None, None, levels, {"tokenizer": "x"})
    with pytest.raises(SubjectError, match="over tokens"):
        NgramScorer(model)
    scores = score(NgramScorer(model, Pieces(tokenizer())), [Query("the cat flew")])
    assert np.exp(scores.logprobs[0]) == pytest.approx([0.5, 0.25, 0.125])
    assert scores.spans.tolist() == [[0, 3], [4, 7], [8, 12]]  # the end is not in the model, so it is not scored
    with pytest.raises(SubjectError, match="lacks a token"):
        score(NgramScorer(model, Pieces(tokenizer(), ids=False)), [Query("the cat")])
