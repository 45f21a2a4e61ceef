"""The JZS Bayes factor, against published values."""

import pytest
from scipy import stats

from evaluation.stats.bayes import bayes_factor_of_t, jzs_bayes_factor


@pytest.mark.parametrize(
    ("t", "df", "size", "scale", "expected"),
    [
        # Rouder et al. 2009: t = 2.03 of 80 one-sample observations is 1.56 to 1 for the null, at scale 1.
        (2.03, 79, 80, 1.0, 1 / 1.557),
        # The documented examples of pingouin's bayesfactor_ttest: 20 and 20, unpaired and paired.
        (3.5, 38, 10, 0.5**0.5, 26.743),
        (3.5, 19, 20, 0.5**0.5, 17.185),
    ],
)
def test_published(t, df, size, scale, expected):
    """The same t gives the same factor as the papers and packages say."""
    assert bayes_factor_of_t(t, df, size, scale=scale) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("t", [0.0, 1.0, 20.0, 100.0, 300.0, 1000.0, 1e5])
def test_large_differences_too(t):
    """Against the integral to 30 digits (mpmath over log g), where the plain integral over g loses its peak."""
    mpmath = pytest.importorskip("mpmath")
    df, size, scale = 8, 2.5, mpmath.sqrt(0.5)

    def under(x):
        g = mpmath.exp(x)
        spread = 1 + size * g * scale**2
        shape = spread ** mpmath.mpf(-0.5) * (1 + mpmath.mpf(t) ** 2 / (spread * df)) ** (-mpmath.mpf(df + 1) / 2)
        return shape * mpmath.exp(-0.5 / g) * mpmath.sqrt(g) ** -1 / mpmath.sqrt(2 * mpmath.pi)

    with mpmath.workdps(30):
        evidence = mpmath.quad(under, list(range(-12, 80, 2)))
        expected = evidence / (1 + mpmath.mpf(t) ** 2 / df) ** (-mpmath.mpf(df + 1) / 2)
    assert bayes_factor_of_t(t, df, size) == pytest.approx(float(expected), rel=1e-6)


def test_of_runs_is_of_their_t():
    """Two arms enter by their pooled t."""
    a, b = [1.0, 2.0, 4.0], [2.0, 5.0, 7.0, 6.0]
    t = stats.ttest_ind(a, b).statistic

    assert jzs_bayes_factor(a, b) == pytest.approx(bayes_factor_of_t(t, 5, 12 / 7))
    assert jzs_bayes_factor(a, a) < 1


def test_nothing_to_say():
    """A single run, or runs without spread, have no factor."""
    assert jzs_bayes_factor([1], [2, 3]) is None
    assert jzs_bayes_factor([1, 1], [1, 1]) is None
