"""The design matrix of a regression over runs: intercept, log10 of training FLOPs, dummy-coded factors."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate
from evaluation.stats.scores import Floats, run_scores

INTERCEPT = "intercept"
SLOPE = "log10_flops"


@dataclass(frozen=True)
class Design:
    """Columns of a regression."""

    names: tuple[str, ...]
    matrix: Floats
    """``(rows, columns)``, full rank."""

    references: Mapping[str, str]
    """Of each factor the level that the others are told apart from."""


@dataclass(frozen=True)
class Regression:
    """A fitted regression. All of it goes into JSON as it is."""

    method: str
    coefficients: Mapping[str, Estimate]
    """By column; a factor's column is named ``factor[level]`` and is the level less the reference."""

    references: Mapping[str, str]
    rows: int
    groups: int | None
    residual_sd: float
    random_sd: Mapping[str, float]
    """Standard deviation of each random effect; empty for least squares."""

    r_squared: float | None
    converged: bool
    warnings: tuple[str, ...]
    """What the fitting said, word for word. To be shown wherever the coefficients are."""


def design_matrix(
    flops: ArrayLike | None,
    factors: Mapping[str, Sequence[Hashable]],
    *,
    references: Mapping[str, str] | None = None,
) -> Design:
    """Build the columns.

    Args:
        flops: ``(rows,)`` training FLOPs above 0, taken as log10; None leaves the column out.
        factors: by name (arm, backbone, track) the level of each row ``(rows,)``.
        references: by factor the reference level; else the first in alphabetical order.

    Raises:
        StatisticsError: lengths differ, FLOPs are not above 0, a reference is not a level, or two columns cannot be
            told apart in these runs.
    """
    lengths = {name: len(levels) for name, levels in factors.items()}
    columns: dict[str, Floats] = {}
    if flops is not None:
        amounts = run_scores(flops, where="flops")
        if (amounts <= 0).any():
            row = int(np.flatnonzero(amounts <= 0)[0])
            hint = "leave out runs whose FLOPs are not known"
            raise StatisticsError(f"flops[{row}] is {amounts[row]:g}", where="flops", hint=hint)
        lengths["flops"] = len(amounts)
        columns[SLOPE] = np.log10(amounts)
    if not lengths or len(set(lengths.values())) > 1:
        hint = "give one value a row in each"
        raise StatisticsError(f"lengths differ: {lengths}", where="regression", hint=hint)
    rows = next(iter(lengths.values()))
    chosen: dict[str, str] = {}
    for name, values in factors.items():
        labels = np.array([str(value) for value in values])
        levels = sorted(set(labels.tolist()))
        chosen[name] = (references or {}).get(name, levels[0])
        if chosen[name] not in levels:
            hint = f"levels: {', '.join(levels)}"
            raise StatisticsError(f"reference {chosen[name]!r} is no level of {name}", where="regression", hint=hint)
        for level in levels:
            if level != chosen[name]:
                columns[f"{name}[{level}]"] = (labels == level).astype(np.float64)
    matrix = np.column_stack([np.ones(rows), *columns.values()])
    names = (INTERCEPT, *columns)
    _full_rank(names, matrix)
    return Design(names, matrix, chosen)


def _full_rank(names: tuple[str, ...], matrix: Floats) -> None:
    centred = np.column_stack([matrix[:, :1], matrix[:, 1:] - matrix[:, 1:].mean(axis=0)])
    for count in range(1, len(names) + 1):
        if np.linalg.matrix_rank(centred[:, :count]) < count:
            message = f"{names[count - 1]} cannot be told apart from {', '.join(names[: count - 1])} in these runs"
            hint = "leave one of them out, or add runs that have one without the other"
            raise StatisticsError(message, where="regression", hint=hint)
