"""Interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998, TR-10-98, section 3; as in Heafield et al. 2013).

The count of an n-gram below the highest order is the number of distinct words seen before it; one that opens a sentence
has nothing before it and keeps its plain count. From each count a discount is taken that depends on whether it is 1, 2
or more, and what was taken is spread by the distribution of the order below. Under the unigrams lies the uniform
distribution over the vocabulary, so every word has a probability, and those of all words sum to one in every context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import EvaluateError
from evaluation.ngram.count import Counts, find
from evaluation.ngram.model import NEVER, Level, NgramModel

#: Discounts of an order whose counts of counts give none: too few n-grams, or tokens that are all frequent (the values
#: of ``lmplz --discount_fallback``).
FALLBACK = (0.5, 1.0, 1.5)

Discounts = tuple[float, float, float]


def discounts(counts: NDArray[np.int64]) -> tuple[Discounts, bool]:
    """Return what is taken from counts of 1, 2, and 3 or more, and whether the counts themselves gave it.

    With ``t_k`` n-grams of count ``k`` and ``Y = t_1 / (t_1 + 2 t_2)``: ``D_k = k - (k + 1) Y t_{k+1} / t_k``. If a
    ``t_k`` is zero, or a discount is not between 0 and its count, the order takes ``FALLBACK``.
    """
    t = np.bincount(np.minimum(counts, 5), minlength=6)[:5].astype(float)
    if not t[1:].all():
        return FALLBACK, False
    y = t[1] / (t[1] + 2 * t[2])
    one, two, three = (float(k - (k + 1) * y * t[k + 1] / t[k]) for k in (1, 2, 3))
    if not (0 < one <= 1 and 0 < two <= 2 and 0 < three <= 3):
        return FALLBACK, False
    return (one, two, three), True


def estimate(
    counts: Counts,
    names: Sequence[str],
    *,
    end: int | None = None,
    unknown: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> NgramModel:
    """Return the smoothed model of counts.

    Args:
        counts: of the training text.
        names: the vocabulary, ``counts.size`` of them.
        end: id that closes sentences in the text, if one does.
        unknown: id that stands for words out of vocabulary, if one does.
        facts: are kept with the model, beside the discounts.

    Raises:
        EvaluateError: the text has no words.
    """
    suffixes = _suffixes(counts)
    adjusted = _adjusted(counts, suffixes)
    if not adjusted[0].any():
        raise EvaluateError("an n-gram model cannot be estimated: the text has no words", where="n-gram model")
    taken = [discounts(of_order[of_order > 0]) for of_order in adjusted]

    first = adjusted[0].astype(float)
    total = first.sum()
    off = _off(adjusted[0], taken[0][0])
    probability = (first - off) / total + off.sum() / total / (counts.size - 1)  # the begin mark is never predicted
    probability[counts.begin] = 0.0
    levels: list[Level] = []
    for n in range(1, len(counts.keys) + 1):
        keys = counts.keys[n - 1]
        backoffs = np.zeros(len(keys), np.float32)
        following = np.empty(0)
        if n < len(counts.keys):
            context = counts.keys[n] >> counts.bits
            total = np.bincount(context, adjusted[n].astype(float), len(keys))
            off = _off(adjusted[n], taken[n][0])
            followed = total > 0
            spread = np.divide(np.bincount(context, off, len(keys)), total, out=np.zeros(len(keys)), where=followed)
            np.log10(spread, out=backoffs, where=followed, casting="same_kind")
            following = (adjusted[n] - off) / total[context] + spread[context] * probability[suffixes[n]]
        logprobs = np.full(len(keys), NEVER, np.float32)
        np.log10(probability, out=logprobs, where=probability > 0, casting="same_kind")
        levels.append(Level(keys, logprobs, backoffs))
        probability = following
    found = {
        "smoothing": "interpolated modified Kneser-Ney",
        "order": len(levels),
        "ngrams": [len(level.keys) for level in levels],
        "discounts": [list(values) for values, _ in taken],
        "discounts_from_counts": [own for _, own in taken],
    }
    return NgramModel(tuple(names), counts.begin, end, unknown, tuple(levels), {**found, **(facts or {})})


def _suffixes(counts: Counts) -> list[NDArray[np.int32]]:
    """Return for each order from 2 on (at its number less 1) the ranks of its n-grams' last n - 1 words."""
    mask = (1 << counts.bits) - 1
    result = [np.empty(0, np.int32)]
    for n in range(2, len(counts.keys) + 1):
        keys = counts.keys[n - 1]
        last = keys & mask
        if n == 2:
            result.append(last.astype(np.int32))
            continue
        context = result[-1][keys >> counts.bits].astype(np.int64)
        wanted = context << counts.bits | last
        order = np.argsort(wanted)
        ranks = np.empty(len(wanted), np.int32)
        ranks[order] = find(counts.keys[n - 2], wanted[order])
        result.append(ranks)
    return result


def _adjusted(counts: Counts, suffixes: list[NDArray[np.int32]]) -> list[NDArray[np.int64]]:
    """Return the counts that are smoothed: distinct words before an n-gram, or its occurrences at the highest order."""
    result = []
    opens = np.arange(counts.size) == counts.begin
    for n, plain in enumerate(counts.counts, 1):
        if n > 1:
            opens = opens[counts.keys[n - 1] >> counts.bits]
        if n == len(counts.counts):
            adjusted = plain.copy()
        else:
            adjusted = np.bincount(suffixes[n], minlength=len(plain)).astype(np.int64)
            adjusted[opens] = plain[opens]
        if n == 1:
            adjusted[counts.begin] = 0
        result.append(adjusted)
    return result


def _off(adjusted: NDArray[np.int64], taken: Discounts) -> NDArray[np.float64]:
    return np.asarray([0.0, *taken])[np.minimum(adjusted, 3)]
