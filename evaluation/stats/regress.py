"""Ordinary least squares over runs: score on log10 FLOPs and dummy-coded arm, backbone, track.

One row a run, its score the mean of its paradigms: where every run has the same paradigms this gives the coefficients
of the mixed model at a five-hundredth of its time (``training.md`` §4). statsmodels does the fitting.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evaluation.stats.design import Design, Regression
from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import t_estimate
from evaluation.stats.libraries import library
from evaluation.stats.scores import run_scores


def least_squares(
    scores: ArrayLike, design: Design, *, errors: Literal["classic", "hc3"] = "classic", level: float = 0.95
) -> Regression:
    """Regress ``scores`` ``(rows,)`` on the design.

    Args:
        scores: one a run.
        design: from ``design_matrix``, row for row.
        errors: ``hc3`` where spread differs by arm or by scale (MacKinnon & White 1985); ``classic`` assumes that it
            does not, and is the sharper one for few rows.
        level: of the intervals.

    Raises:
        StatisticsError: not as many scores as rows, or no rows to spare for the error.
    """
    values = checked_scores(scores, design)
    fitted = library("statsmodels.regression.linear_model").OLS(values, design.matrix).fit()
    if errors == "hc3":
        leverage = fitted.get_influence().hat_matrix_diag
        if leverage.max() > 1 - 1e-9:
            alone = int(np.argmax(leverage))
            message = f"row {alone} alone decides a coefficient: its error cannot be told from the residuals"
            hint = "give every level two runs or more, or take classic errors"
            raise StatisticsError(message, where="regression", hint=hint)
        fitted = fitted.get_robustcov_results("HC3", use_t=True)
    df = float(fitted.df_resid)
    return Regression(
        method=f"ordinary least squares over runs, {errors} errors",
        coefficients={
            name: t_estimate(float(value), float(se) ** 2, df, level=level)
            for name, value, se in zip(design.names, fitted.params, fitted.bse, strict=True)
        },
        references=dict(design.references),
        rows=len(values),
        groups=None,
        residual_sd=float(np.sqrt(fitted.scale)),
        random_sd={},
        r_squared=float(fitted.rsquared) if np.ptp(values) else None,
        converged=True,
        warnings=(),
    )


def checked_scores(scores: ArrayLike, design: Design) -> np.ndarray:
    """Return ``scores`` as float64 ``(rows,)`` that fit the design.

    Raises:
        StatisticsError: not as many scores as rows, or no rows to spare for the error.
    """
    values = run_scores(scores, where="regression")
    rows, columns = design.matrix.shape
    if len(values) != rows:
        hint = "give one score a row"
        raise StatisticsError(f"{len(values)} scores for {rows} rows", where="regression", hint=hint)
    if rows <= columns:
        hint = "add runs, or leave factors out"
        message = f"{rows} runs for {columns} coefficients: nothing is left to tell the error from"
        raise StatisticsError(message, where="regression", hint=hint)
    return values
