"""From learning curves of words to one correlation with children, and what must be said beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.kinds.sigmoid import Floats, model_step, model_step_2025
from evaluation.stats.libraries import library

_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Correlations:
    """A model's ages of acquisition beside children's.

    Attributes:
        children: month by word; None where children's curve does not tell.
        ruled: log10 of words seen by word, by the rule of 2025; None where it never crosses.
        mended: the same, as revised in 2026.
        curves: mean surprisal at each checkpoint by word, nats ``[steps]``.
    """

    children: Mapping[str, float | None]
    ruled: Mapping[str, float | None]
    mended: Mapping[str, float | None]
    curves: Mapping[str, Floats]

    def with_children(self, ages: Mapping[str, Any]) -> float | None:
        """Return Pearson's r of ages with children's over the words that have both; None below 3 words."""
        return pearson(*self._both(ages))[0]

    def _both(self, ages: Mapping[str, Any]) -> tuple[Floats, Floats]:
        both = [(a, c) for word, a in ages.items() if a is not None and (c := self.children.get(word)) is not None]
        ours, theirs = np.array(both, float).reshape(-1, 2).T
        return ours, theirs

    @property
    def official_2025(self) -> float:
        """The figure of 2025: 0 below 3 words."""
        return self.with_children(self.ruled) or 0.0

    @property
    def official_2026(self) -> float:
        """The figure as revised in 2026: 0 below 3 words, and where p is above 0.1."""
        r, p = pearson(*self._both(self.mended))
        return r if r is not None and p is not None and p <= 0.1 else 0.0

    @property
    def honest(self) -> float | None:
        """The correlation of the mended ages, whatever its p."""
        return self.with_children(self.mended)

    @property
    def fitted(self) -> int:
        """Words that the honest correlation is over."""
        return len(self._both(self.mended)[0])

    @property
    def stderr(self) -> float | None:
        """Standard error of the honest correlation over words, from Fisher's z; None below 4 words."""
        return None if self.honest is None or self.fitted < 4 else (1 - self.honest**2) / (self.fitted - 3) ** 0.5

    def never(self) -> list[str]:
        """Return the words with a child's age whose curve never crosses."""
        return [word for word, age in self.mended.items() if age is None and self.children.get(word) is not None]

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader must know."""
        found = []
        asked = sum(self.children.get(word) is not None for word in self.mended)
        if never := len(self.never()):
            found.append(f"{never:,} of {asked:,} words never cross half of the way: the model has not learnt them")
        if self.honest is None:
            found.append(f"{self.fitted} words have an age: no correlation is defined (officially it is 0)")
        return tuple(found)

    def details(self) -> dict[str, Any]:
        """Return both years' figures, the interval, and the ages."""
        r, p = pearson(*self._both(self.mended))
        interval = None
        if r is not None and self.fitted > 3 and abs(r) < 1:
            reach = _NORMAL_95 / (self.fitted - 3) ** 0.5
            interval = [100 * math.tanh(math.atanh(r) - reach), 100 * math.tanh(math.atanh(r) + reach)]
        return {
            "rules": {"2025": 100 * self.official_2025, "2026": 100 * self.official_2026},
            "words": self.fitted,
            "words_2025": len(self._both(self.ruled)[0]),
            "interval": interval,
            "p": p,
            "never": self.never(),
            "no_child_age": [word for word in self.mended if self.children.get(word) is None],
            "ages": {
                word: {"model": age, "child": self.children[word]}
                for word, age in self.mended.items()
                if age is not None and self.children.get(word) is not None
            },
        }

    def rows(self, task: str) -> list[dict[str, Any]]:
        """Return one row a word: ``scores`` are its mean log-probabilities by checkpoint, ``target`` the month."""
        return [
            {
                "task": task,
                "group": task,
                "uid": word,
                "answer": "" if self.mended[word] is None else f"{self.mended[word]:.4f}",
                "scores": [None if math.isnan(value) else -value for value in curve.tolist()],
                "target": self.children.get(word),
            }
            for word, curve in self.curves.items()
        ]


def correlations(
    words: Sequence[str],
    steps: Floats,
    values: Floats,
    children: Mapping[str, float | None],
    chances: Mapping[str, float],
) -> Correlations:
    """Fit every word's curve.

    Args:
        words: ``[contexts]``, the word of each context.
        steps: ``[steps]``, words seen.
        values: ``[steps, contexts]``, surprisals in nats, NaN where there is none.
        children: month by word.
        chances: surprisal of a guess by word, nats.
    """
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    curves, ruled, mended = {}, {}, {}
    for word, these in places.items():
        of_word = values[:, these]
        curves[word] = of_word.mean(axis=1)
        known = children.get(word) is not None
        ruled[word] = model_step_2025(np.repeat(steps, len(these)), of_word.ravel()) if known else None
        mended[word] = model_step(steps, curves[word], chances[word]) if known else None
    return Correlations(children, ruled, mended, curves)


def pearson(ours: Floats, theirs: Floats) -> tuple[float | None, float | None]:
    """Return Pearson's r and its two-sided p by Student's t; None below 3 words, or where one side is constant."""
    if len(ours) < 3 or np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return None, None
    found = library("scipy.stats").pearsonr(ours, theirs)
    return float(found.statistic), float(found.pvalue)
