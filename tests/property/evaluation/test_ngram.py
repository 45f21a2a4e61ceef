"""N-gram counting and smoothing against slow and plain ones: dictionaries, and the formulas word by word."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.ngram.count import count
from evaluation.ngram.kneser_ney import FALLBACK, estimate
from evaluation.ngram.model import BORDER, NgramModel

WORDS = 6  # ids 0 to 5; the mark is 6
MARK = WORDS
sentences = st.lists(st.lists(st.integers(0, WORDS - 2), max_size=9), min_size=1, max_size=12)
orders = st.integers(1, 5)


def flat(texts: list[list[int]]) -> np.ndarray:
    return np.asarray([word for text in texts for word in (MARK, *text)], np.int32)


def grams(texts: list[list[int]], n: int) -> Counter[tuple[int, ...]]:
    found: Counter[tuple[int, ...]] = Counter()
    for text in texts:
        marked = (MARK, *text)
        found.update(marked[i : i + n] for i in range(len(marked) - n + 1))
    return found


class Naive:
    """Modified Kneser-Ney as Chen and Goodman write it (1998, equations 12, 26 and 27), by recursion on the order."""

    def __init__(self, texts: list[list[int]], order: int) -> None:
        self.order = order
        self.counts: dict[int, dict[tuple[int, ...], int]] = {}
        for n in range(1, order + 1):
            plain = grams(texts, n)
            if n < order:
                before = defaultdict(set)
                for gram in grams(texts, n + 1):
                    before[gram[1:]].add(gram[0])
                plain = Counter({g: c if g[0] == MARK else len(before[g]) for g, c in plain.items()})
            if n == 1:
                plain.pop((MARK,), None)
            self.counts[n] = plain

    def taken(self, n: int, number: int) -> float:
        t = Counter(self.counts[n].values())
        if not (t[1] and t[2] and t[3] and t[4]):
            found = FALLBACK
        else:
            y = t[1] / (t[1] + 2 * t[2])
            found = tuple(k - (k + 1) * y * t[k + 1] / t[k] for k in (1, 2, 3))
            if any(not 0 < d <= k for k, d in enumerate(found, 1)):
                found = FALLBACK
        return found[min(number, 3) - 1] if number else 0.0

    def probability(self, context: tuple[int, ...], word: int) -> float:
        n = len(context) + 1
        of_context = {gram[-1]: number for gram, number in self.counts[n].items() if gram[:-1] == context}
        lower = self.probability(context[1:], word) if context else 1 / WORDS
        total = sum(of_context.values())
        if not total:
            return lower
        number = of_context.get(word, 0)
        spread = sum(self.taken(n, c) for c in of_context.values())
        return (number - self.taken(n, number) + spread * lower) / total


def modelled(texts: list[list[int]], order: int) -> NgramModel:
    return estimate(count(flat(texts), WORDS + 1, MARK, order), [*map(str, range(WORDS)), "<s>"])


def last(model: NgramModel, context: list[int]) -> np.ndarray:
    """The log10-probability of each word after a context, [words]."""
    rows = np.asarray([[BORDER, *context, word] for word in range(WORDS)], np.int32)
    values, _ = model.log10(rows.ravel())
    return values.reshape(rows.shape)[:, -1].astype(float)


@given(sentences, orders, st.integers(1, 7))
def test_counts_are_those_of_a_dictionary_in_any_pieces(texts, order, piece) -> None:
    counted = count(flat(texts), WORDS + 1, MARK, order, piece=piece)
    for n in range(2, order + 1):
        assert (np.diff(counted.keys[n - 1]) > 0).all()
        assert sorted(grams(texts, n).values()) == sorted(counted.counts[n - 1].tolist())
    if any(texts):
        model = estimate(counted, [*map(str, range(WORDS)), "<s>"])
        for n in range(2, order + 1):
            rows = model.ngrams(n, np.arange(len(counted.keys[n - 1])))
            found = dict(zip(map(tuple, rows.tolist()), counted.counts[n - 1].tolist(), strict=True))
            assert found == dict(grams(texts, n))


@given(sentences.filter(any), orders, st.lists(st.integers(0, WORDS - 1), max_size=5), st.booleans())
def test_probabilities_are_those_of_the_formulas(texts, order, context, opened) -> None:
    context = [MARK, *context] if opened else context
    model, naive = modelled(texts, order), Naive(texts, order)
    short = tuple(context[-(order - 1) :] if order > 1 else ())
    expected = [np.log10(naive.probability(short, word)) for word in range(WORDS)]
    assert last(model, context) == pytest.approx(expected, abs=2e-6)


@given(sentences.filter(any), orders, st.data())
def test_probabilities_of_all_words_sum_to_one_in_seen_contexts(texts, order, data) -> None:
    """The last word of the vocabulary never occurs: it has its share too."""
    text = data.draw(st.sampled_from([text for text in texts if text]))
    context = [MARK, *text][: data.draw(st.integers(0, len(text) + 1))]
    assert (10.0 ** last(modelled(texts, order), context)).sum() == pytest.approx(1, abs=5e-6)


@given(sentences.filter(any), st.lists(st.integers(0, WORDS - 1), max_size=5))
def test_probabilities_of_all_words_sum_to_one_in_any_context(texts, context) -> None:
    assert (10.0 ** last(modelled(texts, 4), context)).sum() == pytest.approx(1, abs=5e-6)
