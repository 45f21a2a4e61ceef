"""One arm against the baseline, and verdicts over arms."""

import dataclasses
import json

import numpy as np
import pytest

from evaluation.stats import seed_error
from evaluation.stats.compare import ArmScores, compare
from evaluation.stats.errors import StatisticsError
from evaluation.stats.item_error import macro
from evaluation.stats.pairing import Correlation
from evaluation.stats.verdict import explore, verdicts

ITEMS = macro([f"p{i % 6}" for i in range(120)])


def arms(rng, *, runs=5, effect=0.0, sd=1.0):
    """An arm and a baseline without items."""
    return ArmScores("arm", rng.normal(effect, sd, runs)), ArmScores("base", rng.normal(0, 1, runs))


def test_seeds_alone_are_welch():
    """Without items the difference is Welch's on seed means, and says so."""
    a, b = arms(np.random.default_rng(0), effect=2)
    found = compare(a, b, higher_is_better=True)

    assert found.difference == found.seeds == seed_error.welch(a.scores, b.scores)
    assert found.p == found.difference.p
    assert found.p_from == "Welch t, seeds"
    assert found.item_se is None
    assert "not shared" in found.pairing.why
    assert found.permutation.smallest_p == pytest.approx(2 / 252)


@pytest.mark.parametrize("runs", [1, 2])
def test_no_verdict_below_three_seeds(runs):
    """Numbers, and no p: neither from this arm, nor in the family."""
    a, b = arms(np.random.default_rng(0), runs=runs, effect=100)
    found = compare(a, b, higher_is_better=True, margin=1)
    verdict = verdicts([found])[0]

    assert found.p is None
    assert (verdict.finding, verdict.p) == ("none", None)
    assert f"{runs} finished run(s)" in verdict.why
    assert found.difference.value > 50
    json.dumps([dataclasses.asdict(found), dataclasses.asdict(verdict)], allow_nan=False)


def test_runs_that_do_not_vary():
    """The same score from every seed is no error of 0: nothing is claimed."""
    found = compare(ArmScores("a", [50.0] * 5), ArmScores("b", [49.0] * 5), higher_is_better=True)

    assert verdicts([found])[0].finding == "none"
    assert "do not vary" in found.p_from
    assert found.detectable is None


def test_items_widen_the_interval():
    """With scores by item the interval is of the total error, and both parts are shown."""
    rng = np.random.default_rng(1)
    a = ArmScores("a", rng.normal(0, 8, 120) + rng.normal(1, 1, (5, 1)) + rng.normal(0, 2, (5, 120)))
    b = ArmScores("b", rng.normal(0, 8, 120) + rng.normal(0, 1, (5, 1)) + rng.normal(0, 2, (5, 120)))
    found = compare(a, b, higher_is_better=True, items=ITEMS)

    assert found.p_from == "Welch t, seeds and items"
    assert found.difference.se > found.seeds.se == found.seed_se
    assert found.item_se > 0
    assert found.scores_arm == pytest.approx(tuple(a.scores.mean(axis=1)))
    assert (
        found.detectable
        > compare(
            ArmScores("a", found.scores_arm), ArmScores("b", found.scores_baseline), higher_is_better=True
        ).detectable
    )


def test_seeds_are_matched_by_number():
    """Runs finish in any order; pairs are of the same seed."""
    rng = np.random.default_rng(2)
    shared = rng.normal(0, 5, 6)
    a, b = shared + rng.normal(1, 0.1, 6), shared + rng.normal(0, 0.1, 6)
    order = rng.permutation(6)
    straight = compare(ArmScores("a", a, range(6)), ArmScores("b", b, range(6)), higher_is_better=True)
    mixed = compare(ArmScores("a", a[order], order.tolist()), ArmScores("b", b, range(6)), higher_is_better=True)

    assert straight.pairing.paired
    assert straight.difference == mixed.difference
    assert straight.difference.se < 0.2
    assert straight.permutation.ways == 64
    # Six pairs cannot give less than .031, which no correction for several arms would leave: stated, no veto.
    assert straight.permutation.smallest_p == pytest.approx(2 / 64)
    assert straight.p == straight.difference.p < 0.001
    assert straight.p_from == "paired t, seeds"


@pytest.mark.parametrize(
    ("runs", "seeds", "says"), [(5, (), False), (6, (), True), (9, range(9), False), (10, range(10), True)]
)
def test_exact_test_has_a_say_where_it_can_speak(runs, seeds, says):
    """From 6 runs, or 10 pairs, a verdict asks for the exact test too, which can there be well below .0025."""
    rng = np.random.default_rng(8)
    shared = rng.normal(0, 5, runs) * bool(seeds)
    a, b = shared + 30 + rng.normal(0, 0.1, runs), shared + rng.normal(0, 0.1, runs)
    found = compare(ArmScores("a", a, seeds), ArmScores("b", b, seeds), higher_is_better=True)

    assert found.pairing.paired == bool(seeds)
    assert found.p == (found.permutation.p if says else found.difference.p)
    assert found.p_from.startswith("exact") == says


def test_other_seeds_are_not_paired():
    """Seeds that only one arm has make the comparison unpaired; an earlier correlation decides where it is known."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 5), rng.normal(0, 1, 5)
    sure = Correlation(0.8, 0.6, 40)

    for seeds, paired in ((range(5), True), (range(1, 6), False), ((), False)):
        found = compare(ArmScores("a", a, range(5)), ArmScores("b", b, seeds), higher_is_better=True, earlier=sure)
        assert found.pairing.paired == paired


@pytest.mark.slow
def test_error_rate_of_the_whole_procedure():
    """Seeds 6, permutation and Welch together, pairing chosen by the data: at most 5% false findings."""
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(1200):
        a, b = (ArmScores(name, rng.normal(0, 1, 6), range(6)) for name in "ab")
        false += verdicts([compare(a, b, higher_is_better=True)])[0].finding != "undecided"

    assert false / 1200 < 0.065


def test_a_claim_has_an_interval_without_zero():
    """Whatever test decides, better or worse means that the interval shown excludes 0."""
    rng = np.random.default_rng(5)
    for runs in (3, 5, 6, 8):
        for _ in range(60):
            found = compare(*arms(rng, runs=runs, effect=1.5), higher_is_better=True)
            if verdicts([found])[0].finding in {"better", "worse"}:
                assert found.difference.low * found.difference.high > 0


def test_direction_follows_the_metric():
    """Fewer bits are better."""
    a, b = ArmScores("a", [1.50, 1.51, 1.52, 1.50]), ArmScores("b", [1.60, 1.61, 1.62, 1.61])

    assert verdicts([compare(a, b, higher_is_better=False)])[0].finding == "better"
    assert verdicts([compare(a, b, higher_is_better=True)])[0].finding == "worse"


def test_holm_over_arms():
    """An arm that is just significant alone is not among four that are not; a missing arm is not in the family."""
    rng = np.random.default_rng(6)
    base = ArmScores("base", [0.0, 0.1, -0.1, 0.05, -0.05])
    near = compare(ArmScores("near", [0.05, 0.20, 0.15, 0.02, 0.28]), base, higher_is_better=True)
    others = [compare(ArmScores(f"o{i}", rng.normal(0, 0.1, 5)), base, higher_is_better=True) for i in range(3)]
    failed = compare(ArmScores("failed", [0.1]), base, higher_is_better=True)

    assert verdicts([near, failed])[0].finding == "better"
    assert verdicts([near, failed])[0].p == near.p
    corrected = verdicts([near, failed, *others])
    assert corrected[0].finding == "undecided"
    assert corrected[0].p == pytest.approx(4 * near.p)
    assert "found with probability .8" in corrected[0].why
    assert [v.arm for v in corrected] == ["near", "failed", "o0", "o1", "o2"]
    assert explore([near, *others])[0].p <= corrected[0].p
    assert verdicts([near, failed], planned=3)[0].p == pytest.approx(3 * near.p), "an arm that is lost counts on"
    assert verdicts([near, failed, *others], planned=5)[0].p == pytest.approx(5 * near.p)


def test_what_is_detectable_in_the_company_of_other_arms():
    a, b = ArmScores("a", [1.0, 1.1, 1.2, 1.05, 1.15]), ArmScores("b", [1.0, 1.1, 1.2, 1.1, 1.1])
    alone = compare(a, b, higher_is_better=True)
    six = compare(a, b, higher_is_better=True, comparisons=6)
    strict = compare(a, b, higher_is_better=True, alpha=0.05 / 6)
    assert six.detectable == pytest.approx(strict.detectable)
    assert six.detectable > 1.2 * alone.detectable
    assert six.difference == alone.difference, "the interval is of one arm"


def test_no_difference_as_a_finding():
    """Two arms that hardly differ, with a margin named before: equivalent; without a margin: undecided."""
    rng = np.random.default_rng(7)
    a, b = ArmScores("a", rng.normal(0, 0.1, 5)), ArmScores("b", rng.normal(0, 0.1, 5))

    assert verdicts([compare(a, b, higher_is_better=True, margin=1)])[0].finding == "equivalent"
    assert verdicts([compare(a, b, higher_is_better=True)])[0].finding == "undecided"
    small = compare(ArmScores("a", np.add(b.scores, [0.3, 0.31, 0.29, 0.3, 0.3])), b, higher_is_better=True, margin=1)
    assert verdicts([small])[0].finding == "better"
    assert verdicts([small])[0].within_margin


def test_bad_input_names_the_arm():
    """Which arm, which run."""
    good = ArmScores("good", [1, 2, 3])
    with pytest.raises(StatisticsError, match=r"bad: score \[1\] is nan"):
        compare(ArmScores("bad", [1, np.nan, 2]), good, higher_is_better=True)
    with pytest.raises(StatisticsError, match="2 seeds for 3 runs"):
        compare(ArmScores("bad", [1, 2, 3], [1, 2]), good, higher_is_better=True)
