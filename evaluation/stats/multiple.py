"""Many tests at once: Holm for the claim, Benjamini-Hochberg for the search.

Holm (1979, Scand. J. Stat. 6:65) bounds the chance of a single false finding, whatever the dependence of the tests:
for the primary metric over the arms. Benjamini & Hochberg (1995, JRSS B 57:289) bound the share of false findings, for
independent or positively dependent tests: for exploratory metrics and paradigms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.scores import Floats


def holm(p: ArrayLike) -> Floats:
    """Return Holm's adjusted p values ``(tests,)``, in the order given.

    Raises:
        StatisticsError: a p value is not between 0 and 1.
    """
    values, order = _sorted(p)
    steps = np.arange(len(values), 0, -1)
    return _back(np.maximum.accumulate(steps * values[order]), order)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return Benjamini and Hochberg's adjusted p values ``(tests,)``, in the order given.

    Raises:
        StatisticsError: a p value is not between 0 and 1.
    """
    values, order = _sorted(p)
    scaled = len(values) / np.arange(1, len(values) + 1) * values[order]
    return _back(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _sorted(p: ArrayLike) -> tuple[Floats, np.ndarray]:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not np.all((values >= 0) & (values <= 1)):
        hint = "leave out tests that gave no p value; they are not part of the family"
        raise StatisticsError("p values must be a row of numbers from 0 to 1", where="p", hint=hint)
    return values, np.argsort(values, kind="stable")


def _back(adjusted: Floats, order: np.ndarray) -> Floats:
    out = np.empty_like(adjusted)
    out[order] = np.minimum(adjusted, 1)
    return out
