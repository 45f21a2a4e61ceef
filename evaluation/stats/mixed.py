"""Mixed-effects regression: the form of the 2024 BabyLM findings, and runs crossed with paradigms.

Findings (Hu et al. 2024, §6.1): average text score on log FLOPs, backbone and track, with random effects of the
submitting group, because one team's models are not independent. ``grouped`` is that; ``crossed`` has one row a run and
paradigm, with random intercepts of both. statsmodels' ``MixedLM`` fits them by REML; its intervals are normal, which is
too narrow for few groups, so that degrees of freedom here are counted from the level at which a column varies (Pinheiro
& Bates 2000, §2.4.2).

``MixedLM`` often ends at a variance of 0 or says that it has not converged. What it says is kept, word for word.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.stats.design import INTERCEPT, SLOPE, Design, Regression
from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate, t_estimate
from evaluation.stats.libraries import library
from evaluation.stats.regress import checked_scores


def grouped(
    scores: ArrayLike, design: Design, groups: Sequence[Hashable], *, slope: bool = False, level: float = 0.95
) -> Regression:
    """Regress ``scores`` ``(rows,)`` on the design, with a random intercept of each group.

    Args:
        scores: one a run.
        design: from ``design_matrix``, row for row.
        groups: ``(rows,)`` the team, laboratory or base corpus that a run belongs to.
        slope: a random slope on log10 FLOPs of each group as well.
        level: of the intervals.

    Raises:
        StatisticsError: lengths differ, or there are too few groups.
    """
    values = checked_scores(scores, design)
    codes = _codes(groups, len(values), "groups")
    centred, shift = _centred(design)
    random = np.ones((len(values), 1))
    if slope:
        if SLOPE not in design.names:
            hint = "give FLOPs to design_matrix"
            raise StatisticsError("a random slope needs log10 FLOPs", where="regression", hint=hint)
        random = np.column_stack([random, centred[:, design.names.index(SLOPE)]])
    model = library("statsmodels.regression.mixed_linear_model").MixedLM(values, centred, codes, exog_re=random)
    fitted, said, converged = _fit(model)
    inner = _inner_df(design, codes, slope=slope)
    of_groups = np.atleast_2d(np.asarray(fitted.cov_re, dtype=np.float64))
    spreads = np.sqrt(np.maximum(np.diag(of_groups), 0))
    covariance = (random @ of_groups @ random.T) * (codes[:, None] == codes) + fitted.scale * np.eye(len(values))
    names = ("group", f"group {SLOPE}")[: len(spreads)]
    return Regression(
        method=f"mixed effects (REML), random intercept{' and slope' if slope else ''} by group",
        coefficients=_coefficients(fitted, design, centred, covariance, inner, shift, level),
        references=dict(design.references),
        rows=len(values),
        groups=int(codes.max()) + 1,
        residual_sd=float(np.sqrt(fitted.scale)),
        random_sd={name: float(sd) for name, sd in zip(names, spreads, strict=True)},
        r_squared=None,
        converged=converged,
        warnings=said,
    )


def crossed(
    scores: ArrayLike,
    design: Design,
    runs: Sequence[Hashable],
    paradigms: Sequence[Hashable],
    *,
    level: float = 0.95,
) -> Regression:
    """Regress ``scores`` of run and paradigm ``(rows,)`` on columns that are constant within a run.

    With a balanced table ``least_squares`` over runs' means says the same, much sooner.

    Raises:
        StatisticsError: lengths differ, too few runs, or a column that varies within a run.
    """
    values = checked_scores(scores, design)
    of_run, of_paradigm = _codes(runs, len(values), "runs"), _codes(paradigms, len(values), "paradigms")
    for name, column in zip(design.names, design.matrix.T, strict=True):
        if _varies_within(column, of_run):
            hint = "a run has one arm and one number of FLOPs"
            raise StatisticsError(f"{name} varies within a run", where="regression", hint=hint)
    count = int(of_run.max()) + 1
    if count <= len(design.names):
        hint = "add runs, or leave factors out"
        raise StatisticsError(f"{count} runs for {len(design.names)} coefficients", where="regression", hint=hint)
    centred, shift = _centred(design)
    mixed = library("statsmodels.regression.mixed_linear_model")
    parts = {"paradigm": np.eye(int(of_paradigm.max()) + 1)[of_paradigm], "run": np.eye(count)[of_run]}
    names = [[[f"{name}{i}" for i in range(part.shape[1])]] for name, part in parts.items()]
    spec = mixed.VCSpec(list(parts), names, [[part] for part in parts.values()])
    # Crossed effects are variance components of one group that holds all rows.
    model = mixed.MixedLM(values, centred, np.zeros(len(values)), exog_re=None, exog_vc=spec)
    fitted, said, converged = _fit(model)
    components = dict(zip(parts, np.maximum(fitted.vcomp, 0).tolist(), strict=True))
    covariance = fitted.scale * np.eye(len(values))
    for name, part in parts.items():
        covariance += components[name] * (part @ part.T)
    df = [float(count - len(design.names))] * len(design.names)
    return Regression(
        method="mixed effects (REML), random intercepts by run and by paradigm, crossed",
        coefficients=_coefficients(fitted, design, centred, covariance, df, shift, level),
        references=dict(design.references),
        rows=len(values),
        groups=count,
        residual_sd=float(np.sqrt(fitted.scale)),
        random_sd={name: component**0.5 for name, component in components.items()},
        r_squared=None,
        converged=converged,
        warnings=said,
    )


def _fit(model: Any) -> tuple[Any, tuple[str, ...], bool]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # Not lbfgs: from the default start it walks into singular matrices, in half of 25 simulated tables.
            fitted = model.fit(reml=True, method=["bfgs", "powell"])
        except np.linalg.LinAlgError as error:
            hint = "use least_squares over runs, or fewer random effects"
            message = f"the mixed model cannot be fitted: {error}"
            raise StatisticsError(message, where="regression", hint=hint) from error
    said = tuple(dict.fromkeys(f"{warning.category.__name__}: {warning.message}" for warning in caught))
    return fitted, said, bool(fitted.converged)


def _coefficients(
    fitted: Any,
    design: Design,
    columns: NDArray[np.float64],
    of_scores: NDArray[np.float64],
    df: Sequence[float],
    shift: NDArray[np.float64],
    level: float,
) -> Mapping[str, Estimate]:
    values = np.asarray(fitted.fe_params, dtype=np.float64)
    # By generalised least squares, as nlme and lme4 have it: statsmodels takes it from the Hessian of all parameters,
    # which is some percent larger in small tables, and NaN where a variance ends at 0.
    covariance = np.linalg.inv(columns.T @ np.linalg.solve(of_scores, columns))
    # Back from log10 FLOPs about their mean: only the intercept is another one.
    back = np.eye(len(values))
    back[design.names.index(INTERCEPT)] -= shift
    values, variances = back @ values, np.diag(back @ covariance @ back.T)
    return {
        name: t_estimate(float(value), float(variance), freedom, level=level)
        for name, value, variance, freedom in zip(design.names, values, variances, df, strict=True)
    }


def _centred(design: Design) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # FLOPs of 1e14 to 1e20 are far from 0: about their mean, slope and intercept hardly correlate, and REML converges.
    shift = np.zeros(len(design.names))
    if SLOPE in design.names:
        place = design.names.index(SLOPE)
        shift[place] = design.matrix[:, place].mean()
    return design.matrix - shift, shift


def _codes(labels: Sequence[Hashable], rows: int, where: str) -> NDArray[np.intp]:
    if len(labels) != rows:
        hint = "give one label a row"
        raise StatisticsError(f"{len(labels)} labels for {rows} rows", where=where, hint=hint)
    names, codes = np.unique(np.array([str(label) for label in labels]), return_inverse=True)
    if not 2 <= len(names) < rows:
        hint = "random effects need at least 2 groups, and some with several rows; else use least_squares"
        raise StatisticsError(f"{len(names)} groups for {rows} rows", where=where, hint=hint)
    return codes.astype(np.intp)


def _varies_within(column: NDArray[np.float64], codes: NDArray[np.intp]) -> bool:
    means = np.bincount(codes, column) / np.bincount(codes)
    return bool(np.abs(column - means[codes]).max() > 1e-9 * max(1.0, float(np.abs(column).max())))


def _inner_df(design: Design, codes: NDArray[np.intp], *, slope: bool) -> list[float]:
    rows, groups = len(codes), int(codes.max()) + 1
    # Of a random slope, a group gives one reading, as of a column that is constant within groups.
    outer = [
        not _varies_within(column, codes) or (slope and name == SLOPE)
        for name, column in zip(design.names, design.matrix.T, strict=True)
    ]
    between, within = sum(outer), len(outer) - sum(outer)
    df = (float(groups - between), float(rows - groups - within))
    if min(df[0], df[1] if within else 1.0) < 1:
        hint = "add runs or groups, or leave factors out"
        message = f"{rows} rows in {groups} groups for {len(outer)} coefficients"
        raise StatisticsError(message, where="regression", hint=hint)
    return [df[0] if is_outer else df[1] for is_outer in outer]
