"""Small models whose numbers were worked out by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from evaluation.errors import EvaluateError
from evaluation.ngram.count import Counts, count
from evaluation.ngram.kneser_ney import FALLBACK, discounts
from evaluation.ngram.model import BORDER
from evaluation.ngram.train import of_corpus, of_texts


def probability(model, *words: str) -> float:
    """Of the last of some words."""
    ids = np.asarray([model.ids[word] for word in words], np.int32)
    return float(10.0 ** model.log10(ids)[0][-1])


def test_discounts_follow_from_counts_of_counts() -> None:
    """Y = 10/18; 1 - 2Y·4/10, 2 - 3Y·2/4, 3 - 4Y·1/2."""
    counts = np.asarray([1] * 10 + [2] * 4 + [3] * 2 + [4] + [9] * 3)
    values, own = discounts(counts)
    assert own
    assert values == pytest.approx((5 / 9, 7 / 6, 17 / 9))


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [1] * 10 + [2] * 4 + [3] * 2,  # none of count 4
        [1] * 10 + [2] * 9 + [3] * 1 + [4] * 9,  # the third would be below 0
    ],
)
def test_discounts_fall_back_when_the_counts_give_none(counts) -> None:
    assert discounts(np.asarray(counts, np.int64)) == (FALLBACK, False)


def test_a_model_of_one_sentence() -> None:
    """Three bigrams of count 1, a discount of 1/2 at both orders, a vocabulary of a, b, the end and the unknown."""
    model = of_texts(["a b"], order=2)
    assert model.facts["words"] == 2
    assert model.facts["ngrams"] == [5, 3]
    assert model.facts["discounts_from_counts"] == [False, False]
    assert probability(model, "<unk>") == pytest.approx(1 / 8)
    assert probability(model, "a") == pytest.approx(7 / 24)
    assert probability(model, "<s>", "a") == pytest.approx(31 / 48)
    assert probability(model, "<s>", "b") == pytest.approx(7 / 48)
    assert probability(model, "<s>", "<unk>") == pytest.approx(1 / 16)
    assert probability(model, "b", "</s>") == pytest.approx(31 / 48)


def test_a_lower_order_counts_the_words_before_not_the_occurrences() -> None:
    """``b`` occurs 3 times, always after ``a``; ``c`` twice, after ``a`` and after ``d``."""
    model = of_texts(["a b", "a b", "a b", "a c", "d c"], order=2)
    assert probability(model, "c") > probability(model, "b")
    single = of_texts(["a b", "a b", "a b", "a c", "d c"], order=1)
    assert probability(single, "b") > probability(single, "c")


def test_no_ngram_reaches_into_the_next_sentence() -> None:
    together, apart = of_texts(["a b\n\nc d\n"], order=3), of_texts(["a b", "c d"], order=3)
    assert together.digest == apart.digest
    assert "words" in together.facts
    ids = np.asarray([together.ids[word] for word in ("b", "</s>", "<s>", "c")], np.int32)
    assert together.log10(ids)[1].tolist()[-1] == 2


def test_a_border_cuts_the_context() -> None:
    model = of_texts(["a b", "a b c"], order=3)
    ids = np.asarray([BORDER, model.ids["a"], BORDER, model.ids["b"]], np.int32)
    assert model.log10(ids)[0][[1, 3]] == pytest.approx([np.log10(probability(model, w)) for w in "ab"])


def test_marks_that_are_spelt_out_in_a_text_are_unknown_words() -> None:
    """A text cannot end or open a sentence by naming the marks."""
    assert of_texts(["x <s> y </s> z"], order=3).digest == of_texts(["x <unk> y <unk> z"], order=3).digest


def test_an_order_beyond_the_longest_sentence_is_empty() -> None:
    model = of_texts(["a", "b"], order=5)
    assert model.facts["ngrams"] == [5, 4, 2, 0, 0]
    assert probability(model, "<s>", "a", "</s>") > probability(model, "<s>", "b", "b")


def test_texts_without_words_and_orders_below_one_are_refused() -> None:
    with pytest.raises(EvaluateError, match="no words"):
        of_texts(["", " \n "], order=2)
    with pytest.raises(EvaluateError, match="1 or more"):
        of_texts(["a"], order=0)


def test_a_corpus_is_read_document_by_document() -> None:
    class Documents:
        def batches(self, columns, subset):
            assert (columns, subset) == (["text"], 10)
            for texts in (["a b\nc", ""], ["d"]):
                yield pa.record_batch({"text": texts})

    assert of_corpus(Documents(), order=2, subset=10).digest == of_texts(["a b", "c", "d"], order=2).digest


def test_counting_takes_vocabularies_that_would_not_fit_one_key() -> None:
    """Five words of 22 bits are 110 bits: keys hold a rank and one word."""
    rng = np.random.default_rng(0)
    size = 1 << 22
    ids = rng.integers(0, size - 1, 300).astype(np.int32)
    ids[::30] = size - 1
    counted = count(np.tile(ids, 2), size, size - 1, 5, piece=64)
    assert isinstance(counted, Counts)
    assert [len(keys) for keys in counted.keys[1:]] == [290, 280, 270, 260]
    assert all((counts == 2).all() for counts in counted.counts[1:])
