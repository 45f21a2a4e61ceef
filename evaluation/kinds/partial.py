"""What one predictor explains of what others leave: least squares with all pairwise interactions of the others.

``(R² with it - R² without) / (1 - R² without)`` is the squared partial correlation (Frisch & Waugh 1933): the squared
correlation of what the others leave of the predictor with what they leave of the variable. Two residuals say it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Share of a column's variance below which it counts as told by the others.
_NOTHING = 1e-12
#: The same for sums of products, which keep half as many digits.
_FAINT = 1e-7
#: Resampled data sets of an error.
DRAWS = 1000


@dataclass(frozen=True)
class Partial:
    """A predictor beside a base model.

    Attributes:
        share: per cent of what the base leaves that the predictor explains.
        delta_r2: difference of the two R².
        r2: with the predictor.
        coefficient: of the predictor, in units of the variable a nat; None if the base tells the predictor.
        t: the coefficient in standard errors, as ordinary least squares has them.
        rows: how many.
    """

    share: float
    delta_r2: float
    r2: float
    coefficient: float | None
    t: float | None
    rows: int


def design(columns: Sequence[Floats]) -> Floats:
    """Return intercept, columns and the products of every two, ``[n, 1 + k + k(k - 1) / 2]``.

    Columns are standardised first: that leaves what they span as it is, and numbers that can be computed with.
    """
    main = [_standard(column) for column in columns]
    return np.stack([np.ones(len(main[0])), *main, *(a * b for a, b in combinations(main, 2))], axis=1)


def partial(base: Floats, predictor: Floats, variable: Floats) -> Partial:
    """Regress a variable on a base and a predictor.

    Args:
        base: ``[n, k]``, with an intercept.
        predictor: ``[n]``.
        variable: ``[n]``.
    """
    both = np.stack([predictor, variable], axis=1)
    solved, _, rank, _ = np.linalg.lstsq(base, both, rcond=None)
    left, missed = (both - base @ solved).T
    total = float(((variable - variable.mean()) ** 2).sum())
    spread = float(((predictor - predictor.mean()) ** 2).sum())
    own, error, common = float(left @ left), float(missed @ missed), float(left @ missed)
    r2 = 1 - error / total if total else 0.0
    if own <= _NOTHING * spread or error <= _NOTHING * total:
        return Partial(0.0, 0.0, r2, None, None, len(variable))
    share = common**2 / (own * error)
    free = len(variable) - int(rank) - 1
    t = float(np.sign(common)) * (share * free / (1 - share)) ** 0.5 if free > 0 and share < 1 else None
    return Partial(100 * share, share * (1 - r2), r2 + share * (1 - r2), common / own, t, len(variable))


def moments(base: Floats, predictor: Floats, variable: Floats, clusters: NDArray[np.int64], count: int) -> Floats:
    """Return each cluster's sums of products of base, predictor and variable, ``[count, k + 2, k + 2]``."""
    table = np.concatenate([base, np.stack([_standard(predictor), _standard(variable)], axis=1)], axis=1)
    found = np.zeros((count, table.shape[1], table.shape[1]))
    np.add.at(found, clusters, table[:, :, None] * table[:, None, :])
    return found


def resampled(sums: Floats, weights: NDArray[np.int64]) -> Floats:
    """Return the predictor's share in data sets made of clusters drawn with replacement, ``[draws]``.

    Args:
        sums: from ``moments``.
        weights: int64 ``[draws, clusters]``, how often each cluster is in each data set.
    """
    size = sums.shape[1]
    drawn = (weights.astype(float) @ sums.reshape(len(sums), -1)).reshape(-1, size, size)
    at = size - 2
    cross = drawn[:, at:, :at]
    left = drawn[:, at:, at:] - cross @ np.linalg.pinv(drawn[:, :at, :at], hermitian=True) @ cross.transpose(0, 2, 1)
    spread = left[:, 0, 0] * left[:, 1, 1]
    known = np.minimum(left[:, 0, 0] / drawn[:, at, at], left[:, 1, 1] / drawn[:, at + 1, at + 1]) > _FAINT
    shares: Floats = np.where(known, 100 * left[:, 0, 1] ** 2 / np.where(known, spread, 1), 0.0)
    return shares


def draw_clusters(count: int, seed: int, draws: int = DRAWS) -> NDArray[np.int64]:
    """Return how often each cluster is drawn in each of some data sets, int64 ``[draws, count]``."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws)


def _standard(column: Floats) -> Floats:
    centred = column - column.mean()
    spread = float(centred.std())
    standard: Floats = centred / spread if spread else centred
    return standard
