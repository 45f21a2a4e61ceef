"""Holm and Benjamini-Hochberg: against statsmodels, the measured table, and by simulation."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from evaluation.stats.errors import StatisticsError
from evaluation.stats.multiple import benjamini_hochberg, holm


def test_measured_table():
    """Holm over the 4 measured arms: bits per byte .004 and .027, others above .1; log-odds .036 and .06."""
    bits = holm([0.001, 0.009, 0.07, 0.24])

    assert bits[:2] == pytest.approx([0.004, 0.027])
    assert bits[2:].min() > 0.1
    # .063 was printed of unrounded p values: .06 is 3 x .02.
    assert holm([0.009, 0.02, 0.15, 0.19])[:2] == pytest.approx([0.036, 0.06])


@pytest.mark.parametrize("count", [0, 1, 2, 7, 67])
def test_adjusted_p_are_statsmodels(count):
    """Both corrections, with ties."""
    p = np.round(np.random.default_rng(count).random(count) ** 2, 2)
    for ours, name in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        theirs = multipletests(p, method=name)[1] if count else []
        assert ours(p) == pytest.approx(theirs)


def test_familywise_error():
    """Four arms against one baseline, none of them different: any false finding in at most 5% of families."""
    rng = np.random.default_rng(0)
    baseline = rng.normal(0, 1, (4000, 1, 5))
    arms = rng.normal(0, 1, (4000, 4, 5))
    p = stats.ttest_ind(arms, baseline, axis=2, equal_var=False).pvalue
    bare = (p < 0.05).any(axis=1).mean()
    corrected = np.mean([holm(row).min() < 0.05 for row in p])

    assert bare > 0.1
    assert corrected <= 0.06


def test_familywise_error_with_true_findings():
    """Two arms differ and two do not: the two are falsely found in at most 5% of families, whatever the others do."""
    rng = np.random.default_rng(1)
    p = rng.random((4000, 4))
    p[:, :2] *= 1e-4
    adjusted = np.array([holm(row) for row in p])

    assert (adjusted[:, 2:] < 0.05).any(axis=1).mean() <= 0.06
    assert (adjusted[:, :2] < 0.05).all()


def test_false_discovery_rate():
    """Among 67 paradigms, 20 of them changed, at most 5% of the findings are false, on average."""
    rng = np.random.default_rng(2)
    z = rng.normal(0, 1, (1500, 67))
    z[:, :20] += 3.5
    found = np.array([benjamini_hochberg(row) for row in 2 * stats.norm.sf(np.abs(z))]) < 0.05

    assert (found[:, 20:].sum(axis=1) / np.maximum(1, found.sum(axis=1))).mean() <= 0.055
    assert found[:, :20].mean() > 0.6


@pytest.mark.parametrize("bad", [[0.5, np.nan], [1.2], [-0.1], [[0.1, 0.2]]])
def test_no_p_values(bad):
    """A missing p value is not part of the family."""
    with pytest.raises(StatisticsError):
        holm(bad)
