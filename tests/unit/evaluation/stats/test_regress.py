"""Regression over runs: known coefficients are recovered, in the form of the findings paper's data."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from evaluation.stats.design import design_matrix
from evaluation.stats.errors import StatisticsError
from evaluation.stats.mixed import crossed, grouped
from evaluation.stats.regress import least_squares

BETA = {"log10_flops": 2.7, "backbone[ltg]": 3.0, "backbone[gpt]": 0.0, "track[strict]": 2.0}


def submissions(rng, *, group_sd=3.0, slope_sd=0.0, groups=31, models=64):
    """64 models of 31 teams: text average on log FLOPs, backbone and track, with effects of the team."""
    team = np.concatenate([np.arange(groups), rng.integers(0, groups, models - groups)])
    logs = rng.normal(17.5, 1.0, models)
    backbone = rng.choice(["bert", "gpt", "ltg"], models)
    track = rng.choice(["small", "strict"], models)
    scores = (
        10
        + BETA["log10_flops"] * logs
        + BETA["backbone[ltg]"] * (backbone == "ltg")
        + BETA["track[strict]"] * (track == "strict")
        + rng.normal(0, group_sd, groups)[team]
        + rng.normal(0, slope_sd, groups)[team] * (logs - 17.5)
        + rng.normal(0, 3, models)
    )
    return scores, design_matrix(10**logs, {"backbone": backbone, "track": track}), team


def shares(fit, repeats, seed=0, **settings):
    """Return by coefficient how often its interval holds the truth, and its mean."""
    rng = np.random.default_rng(seed)
    held, values = dict.fromkeys(BETA, 0), {name: [] for name in BETA}
    for _ in range(repeats):
        found = fit(*submissions(rng, **settings)).coefficients
        for name, truth in BETA.items():
            held[name] += found[name].low <= truth <= found[name].high
            values[name].append(found[name].value)
    return {name: count / repeats for name, count in held.items()}, {n: np.mean(v) for n, v in values.items()}


def test_coefficients_are_statsmodels():
    """The formula interface, dummy-coded by patsy, gives the same numbers."""
    rng = np.random.default_rng(0)
    logs, arm = rng.normal(16, 1, 30), rng.choice(["a", "b", "c"], 30)
    scores = 50 + 2 * logs + rng.normal(0, 1, 30)
    ours = least_squares(scores, design_matrix(10**logs, {"arm": arm}, references={"arm": "b"})).coefficients
    theirs = smf.ols("y ~ x + C(arm, Treatment('b'))", pd.DataFrame({"y": scores, "x": logs, "arm": arm})).fit()
    interval = theirs.conf_int()

    assert [e.value for e in ours.values()] == pytest.approx([theirs.params.iloc[i] for i in (0, 3, 1, 2)])
    assert [e.low for e in ours.values()] == pytest.approx([interval[0].iloc[i] for i in (0, 3, 1, 2)])
    assert list(ours) == ["intercept", "log10_flops", "arm[a]", "arm[c]"]


def test_known_effects_are_recovered():
    """A table like the 2024 submissions': log FLOPs inside its interval and beyond doubt, all within 3 errors."""
    scores, design, team = submissions(np.random.default_rng(11))
    for found in (
        least_squares(scores, design),
        grouped(scores, design, team),
        grouped(scores, design, team, slope=True),
    ):
        for name, truth in BETA.items():
            assert abs(found.coefficients[name].value - truth) < 3 * found.coefficients[name].se
        assert found.coefficients["log10_flops"].low <= 2.7 <= found.coefficients["log10_flops"].high
        assert found.coefficients["log10_flops"].p < 0.01
        assert found.references == {"backbone": "bert", "track": "small"}
        json.dumps(dataclasses.asdict(found), allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("errors", ["classic", "hc3"])
def test_coverage_of_least_squares(errors):
    """Independent runs: every interval holds its coefficient in 95%."""
    held, means = shares(lambda y, design, _: least_squares(y, design, errors=errors), 1500, group_sd=0.0)

    assert all(0.935 <= share <= 0.965 for share in held.values())
    assert means == pytest.approx(BETA, abs=0.1)


@pytest.mark.slow
def test_hc3_holds_where_spread_differs():
    """An arm with ten times the spread: classic errors are wrong, HC3 are not."""
    rng = np.random.default_rng(1)
    arm = ["clean"] * 24 + ["noisy"] * 8
    held = {"classic": 0, "hc3": 0}
    for _ in range(1000):
        scores = np.concatenate([rng.normal(0, 1, 24), rng.normal(0, 10, 8)])
        for errors in held:
            found = least_squares(scores, design_matrix(None, {"arm": arm}), errors=errors).coefficients["arm[noisy]"]
            held[errors] += found.low <= 0 <= found.high

    assert held["classic"] / 1000 < 0.85
    assert held["hc3"] / 1000 > 0.91


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "slope_sd"), [(False, 0.0), (True, 1.5)])
def test_coverage_of_the_mixed_model(slope, slope_sd):
    """Teams' effects: every interval of the mixed model holds its coefficient in 95%, to simulation error."""
    repeats = 300 if not slope else 100
    held, means = shares(lambda y, d, g: grouped(y, d, g, slope=slope), repeats, slope_sd=slope_sd)

    assert all(0.92 <= share <= 0.985 for share in held.values())
    # Four standard errors of the means of so few repetitions.
    assert means == pytest.approx(BETA, abs=0.4 if slope else 0.25)


def test_balanced_runs_and_paradigms_give_least_squares():
    """Runs crossed with paradigms, balanced: the mixed model says what least squares over runs' means says."""
    rng = np.random.default_rng(3)
    runs, paradigms = np.repeat(np.arange(20), 23), np.tile(np.arange(23), 20)
    logs, arm = rng.normal(16, 0.5, 20), np.arange(20) % 2
    table = (
        (50 + 2 * logs + 1.5 * arm + rng.normal(0, 1, 20))[:, None] + rng.normal(0, 8, 23) + rng.normal(0, 4, (20, 23))
    )
    mixed = crossed(table.ravel(), design_matrix((10**logs)[runs], {"arm": arm[runs]}), runs, paradigms)
    plain = least_squares(table.mean(axis=1), design_matrix(10**logs, {"arm": arm}))

    for name in ("log10_flops", "arm[1]"):
        assert mixed.coefficients[name].value == pytest.approx(plain.coefficients[name].value, rel=1e-4)
        assert mixed.coefficients[name].se == pytest.approx(plain.coefficients[name].se, rel=1e-2)
        assert mixed.coefficients[name].df == plain.coefficients[name].df
    assert plain.coefficients["arm[1]"].low <= 1.5 <= plain.coefficients["arm[1]"].high
    assert mixed.random_sd["paradigm"] == pytest.approx(8, rel=0.35)
    assert mixed.residual_sd == pytest.approx(4, rel=0.1)


def test_errors_are_statsmodels():
    """Away from the edge, coefficients are statsmodels', and errors its Hessian's to some percent."""
    scores, design, team = submissions(np.random.default_rng(2))
    found = grouped(scores, design, team)
    frame = pd.DataFrame(design.matrix, columns=list("abcde"))
    theirs = smf.mixedlm("y ~ b + c + d + e", frame.assign(y=scores, b=frame.b - frame.b.mean()), groups=team).fit()

    assert found.random_sd["group"] > 1
    for name, letter in zip(design.names[1:], "bcde", strict=True):
        assert found.coefficients[name].value == pytest.approx(theirs.params[letter], rel=1e-3, abs=1e-4)
        assert found.coefficients[name].se == pytest.approx(theirs.bse[letter], rel=0.08)


@pytest.mark.slow
def test_coverage_of_crossed_effects():
    """Runs crossed with paradigms: the arm's interval holds its effect in 95%, to simulation error."""
    rng = np.random.default_rng(4)
    runs, paradigms = np.repeat(np.arange(12), 8), np.tile(np.arange(8), 12)
    arm = np.arange(12) % 2
    design = design_matrix(None, {"arm": arm[runs]})
    held = 0
    for _ in range(300):
        table = (1.5 * arm + rng.normal(0, 1, 12))[:, None] + rng.normal(0, 5, 8) + rng.normal(0, 2, (12, 8))
        found = crossed(table.ravel(), design, runs, paradigms).coefficients["arm[1]"]
        held += found.low <= 1.5 <= found.high

    assert 0.92 <= held / 300 <= 0.98


def test_what_the_fitting_says_is_kept():
    """No spread between teams: MixedLM ends at the edge and says so; the words are in the result."""
    scores, design, team = submissions(np.random.default_rng(5), group_sd=0.0)
    found = grouped(scores, design, team, slope=True)

    assert any("ConvergenceWarning" in line for line in found.warnings)


def test_columns_that_cannot_be_told_apart():
    """Arm and backbone always together: refused, and the second is named."""
    arm = ["a", "a", "b", "b", "a", "b"]
    with pytest.raises(StatisticsError, match=r"backbone\[y\] cannot be told apart"):
        design_matrix(None, {"arm": arm, "backbone": ["x" if a == "a" else "y" for a in arm]})
    with pytest.raises(StatisticsError, match="log10_flops cannot be told apart"):
        design_matrix([1e15] * 6, {"arm": arm})


def test_bad_tables():
    """Each says what is wrong."""
    with pytest.raises(StatisticsError, match=r"flops\[1\] is 0"):
        design_matrix([1e15, 0], {})
    with pytest.raises(StatisticsError, match="lengths differ"):
        design_matrix([1e15, 1e16], {"arm": ["a"]})
    with pytest.raises(StatisticsError, match="lengths differ"):
        design_matrix(None, {})
    with pytest.raises(StatisticsError, match="'z' is no level"):
        design_matrix(None, {"arm": ["a", "b"]}, references={"arm": "z"})
    design = design_matrix(None, {"arm": ["a", "b", "a", "b", "c"]})
    with pytest.raises(StatisticsError, match="4 scores for 5"):
        least_squares([1, 2, 3, 4], design)
    with pytest.raises(StatisticsError, match="row 4 alone"):
        least_squares([1, 2, 3, 4, 5], design, errors="hc3")
    with pytest.raises(StatisticsError, match="needs log10 FLOPs"):
        grouped([1, 2, 3, 4, 5], design, list("xxyyz"), slope=True)
    with pytest.raises(StatisticsError, match="1 groups"):
        grouped([1, 2, 3, 4, 5], design, ["x"] * 5)
    with pytest.raises(StatisticsError, match="varies within a run"):
        crossed([1, 2, 3, 4, 5], design, list("xxyyz"), list("ppqqq"))
    with pytest.raises(StatisticsError, match="nothing is left"):
        least_squares([1, 2], design_matrix(None, {"arm": ["a", "b"]}))


def test_nothing_heavy_is_imported():
    """The package loads neither scipy nor statsmodels nor torch until numbers are asked for."""
    code = (
        "import sys, pkgutil, importlib, evaluation.stats as s\n"
        "[importlib.import_module('evaluation.stats.' + m.name) for m in pkgutil.iter_modules(s.__path__)]\n"
        "print(sorted({'scipy', 'statsmodels', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
