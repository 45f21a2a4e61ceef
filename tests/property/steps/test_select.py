"""Selection is exact, or says that it cannot be."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from curation.core.errors import BudgetError
from curation.steps.kinds import Selection, Terms
from curation.steps.select.matched_budget import MatchedBudget
from curation.steps.select.order import Order
from curation.steps.select.word_budget import WordBudget


@dataclass
class Memory:
    """A table of documents that are given by their sizes; every third word ends a sentence."""

    sizes: list[int]
    sources: list[int]
    measures: dict[str, Any] = field(default_factory=dict)
    sentence: int = 3

    @property
    def ids(self):
        return np.array([[i * 7919 % 1009, i] for i in range(len(self.sizes))], np.uint64).reshape(-1, 2)

    @property
    def words(self):
        return np.array(self.sizes, np.int32)

    @property
    def source(self):
        return np.array(self.sources, np.int16)

    def measure(self, step):
        return np.array(self.measures[step], np.float64)

    def texts(self, rows):
        words = [
            [f"w{k}." if k % self.sentence == 0 else f"w{k}" for k in range(1, self.sizes[row] + 1)] for row in rows
        ]
        return pa.array([" ".join(some) for some in words], pa.large_string())


def everything(table):
    return Selection(np.arange(len(table.sizes)), table.words)


def terms(quotas, seed=5):
    return Terms(seed, tuple(f"s{i}" for i in range(len(quotas))), tuple(quotas))


sizes = st.lists(st.integers(1, 12), min_size=1, max_size=25)
shares = st.sampled_from([None, None, 0.1, 0.25, 1 / 3, 0.5])


def quotas_of(quotas, selection, table):
    """Return the words that the selection took of each source."""
    return [int(selection.take[table.source[selection.rows] == index].sum()) for index in range(len(quotas))]


@given(sizes, st.data())
def test_a_budget_that_can_be_met_is_met_exactly(sizes, data):
    """The budget is the one promise of the suite: exactly so many words, from documents that are there."""
    table = Memory(sizes, [0] * len(sizes))
    words = data.draw(st.integers(1, sum(sizes)))
    found = WordBudget(words=words).choose(table, everything(table), terms([None]))
    assert int(found.take.sum()) == words
    assert (found.take > 0).all()
    assert (found.take <= table.words[found.rows]).all()
    assert len(set(found.rows.tolist())) == len(found.rows)
    assert (found.take < table.words[found.rows]).sum() <= 1
    assert found.rows.tolist() == sorted(found.rows.tolist())


@given(sizes, st.integers(1, 50))
def test_a_budget_that_cannot_be_met_says_by_how_much(sizes, more):
    """The user must learn what is missing."""
    table = Memory(sizes, [0] * len(sizes))
    with pytest.raises(BudgetError, match=f"s0: short by {more:,} words"):
        WordBudget(words=sum(sizes) + more).choose(table, everything(table), terms([None]))


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=30),
    st.lists(shares, min_size=3, max_size=3),
    st.integers(1, 80),
)
def test_quotas_are_met_to_the_word(documents, quotas, words):
    """A mixture is part of the track's rules: each share is its part of the budget, rounded down, and all add up."""
    table = Memory([size for size, _ in documents], [source for _, source in documents])
    have = [sum(size for size, source in documents if source == index) for index in range(3)]
    try:
        found = WordBudget(words=words).choose(table, everything(table), terms(quotas))
    except BudgetError:
        wanted = [int((quota or 0) * words) for quota in quotas]
        rest = words - sum(wanted)
        spare = sum(count for count, quota in zip(have, quotas, strict=True) if quota is None)
        short = any(a < b for a, b in zip(have, wanted, strict=True)) or spare < rest or sum(q or 0 for q in quotas) > 1
        assert short or (None not in quotas and sum(quotas) < 1)
        return
    taken = quotas_of(quotas, found, table)
    assert sum(taken) == words
    exact = [(count, quota * words) for count, quota in zip(taken, quotas, strict=True) if quota is not None]
    assert [count for count, wanted in exact if not wanted - 1 < count <= wanted + 1e-6 + (None not in quotas)] == []


@given(sizes, st.sampled_from(["sentence", "document"]), st.data())
def test_cuts_at_sentences_and_documents_are_exact_or_refused(sizes, cut, data):
    """Without cutting inside a sentence (or document) the total is still exact; it is refused only if it must be."""
    table = Memory(sizes, [0] * len(sizes))
    words = data.draw(st.integers(1, sum(sizes)))
    allowed = [{0, size} | set(range(3, size, 3) if cut == "sentence" else ()) for size in sizes]
    reachable = {0}
    for choices in allowed:
        reachable = {total + size for total in reachable for size in choices}
    step = WordBudget(words=words, cut=cut)
    if words not in reachable:
        with pytest.raises(BudgetError, match=f"no combination of whole {cut}s"):
            step.choose(table, everything(table), terms([None]))
        return
    found = step.choose(table, everything(table), terms([None]))
    assert int(found.take.sum()) == words
    assert [int(take) in allowed[row] for row, take in zip(found.rows, found.take, strict=True)] == [True] * len(
        found.rows
    )


@pytest.mark.parametrize(("size", "count", "words"), [(1, 10_000, 5_000), (4, 5_000, 12_000), (5, 2_000, 10_000)])
def test_short_documents_can_be_combined_too(size, count, words):
    """Lines of dialogue are documents of a few words: many equal ones make up any multiple of their size."""
    table = Memory([size] * count, [0] * count)
    found = WordBudget(words=words, cut="document").choose(table, everything(table), terms([None]))
    assert int(found.take.sum()) == words


nested_quotas = st.lists(st.sampled_from([None, 0.1, 0.2, 0.3, 1 / 3, 0.45]), min_size=3, max_size=3)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=6, max_size=30),
    nested_quotas,
    st.integers(2, 60),
    st.sets(st.integers(1, 59), min_size=1, max_size=3),
)
@example([(9, 0), (9, 1), (9, 2)], [0.3, 0.3, None], 10, {9})
@example([(20, 0), (20, 1), (20, 2)], [6 / 14, 6 / 14, 2 / 14], 11, {10})
def test_nested_subsets_lie_inside_each_other(documents, quotas, words, nested):
    """Data-scaling studies compare the smaller corpora with the larger: each holds the next, word for word."""
    nested = tuple(sorted(size for size in nested if size < words))
    table = Memory([size for size, _ in documents], [source for _, source in documents])
    assume(nested)
    try:
        plain = WordBudget(words=words).choose(table, everything(table), terms(quotas))
    except BudgetError:
        assume(False)
    found = WordBudget(words=words, nested=nested).choose(table, everything(table), terms(quotas))
    assert (found.rows.tolist(), found.take.tolist()) == (plain.rows.tolist(), plain.take.tolist())
    assert [size for size, _ in found.subsets] == list(nested)
    chain = [*(subset for _, subset in found.subsets), found]
    assert [int(part.take.sum()) for part in chain] == [*nested, words]
    for inner, outer in itertools.pairwise(chain):
        holds = dict(zip(outer.rows.tolist(), outer.take.tolist(), strict=True))
        assert [take <= holds[row] for row, take in zip(inner.rows.tolist(), inner.take.tolist(), strict=True)] == [
            True
        ] * len(inner.rows)


@given(sizes, st.sampled_from(["highest", "lowest"]), st.data())
def test_a_measure_decides_which_documents_come_first(sizes, order, data):
    """With a measure the best documents are taken; those that have none come last."""
    measure = [data.draw(st.sampled_from([0.0, 1.5, 2.0, float("inf"), float("nan")])) for _ in sizes]
    table = Memory(sizes, [0] * len(sizes), {"m": measure})
    words = data.draw(st.integers(1, sum(sizes)))
    found = WordBudget(words=words, by="m", order=order).choose(table, everything(table), terms([None]))
    sign = -1 if order == "highest" else 1
    rank = [sign * value if value == value else float("inf") for value in measure]  # noqa: PLR0124  (NaN)
    left = sorted(set(range(len(sizes))) - set(found.rows.tolist()))
    if left:
        taken_worst = max((rank[row], measure[row] != measure[row]) for row in found.rows)
        left_best = min((rank[row], measure[row] != measure[row]) for row in left)
        assert taken_worst <= left_best


@given(
    sizes,
    st.sampled_from(["shuffle", "source", "m"]),
    st.sampled_from(["ascending", "descending"]),
    st.integers(-3, 3),
    st.data(),
)
def test_order_is_a_permutation(sizes, by, direction, seed, data):
    """Ordering must not lose, double or resize a document, and subsets are ordered as the whole is."""
    sources = [data.draw(st.integers(0, 2)) for _ in sizes]
    measure = [data.draw(st.sampled_from([0.0, 1.0, float("nan")])) for _ in sizes]
    table = Memory(sizes, sources, {"m": measure})
    before = everything(table)
    half = Selection(before.rows[::2], before.take[::2])
    before = Selection(before.rows, before.take, [(int(half.take.sum()), half)])
    found = Order(by=by, direction=direction).choose(table, before, terms([None] * 3, seed))
    assert sorted(zip(found.rows.tolist(), found.take.tolist(), strict=True)) == list(enumerate(sizes))
    inner = found.subsets[0][1].rows.tolist()
    assert inner == [row for row in found.rows.tolist() if row % 2 == 0]
    if by == "source":
        assert [sources[row] for row in found.rows] == sorted(sources)
    if by == "m":
        seen = [measure[row] for row in found.rows if measure[row] == measure[row]]
        assert seen == sorted(seen, reverse=direction == "descending")
        assert [measure[row] == measure[row] for row in found.rows] == [True] * len(seen) + [False] * (
            len(sizes) - len(seen)
        )


def test_another_seed_is_another_choice():
    """Seeds are how two samples of one pool are drawn."""
    table = Memory([2] * 200, [0] * 200)
    chosen = [
        WordBudget(words=100).choose(table, everything(table), terms([None], seed)).rows.tolist() for seed in (1, 1, 2)
    ]
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]


def matched(table, words, quotas=(None, None), **more):
    step = MatchedBudget(words=words, by="m", like="s0", **more)
    return step.choose(table, everything(table), terms(list(quotas)))


def distance(measure, one, other):
    """Return the largest difference of two distributions of words (Kolmogorov and Smirnov's); each is (rows, words)."""
    points = np.unique(measure)
    below = [
        np.histogram(measure[rows], [*points, np.inf], weights=words)[0].cumsum() / words.sum()
        for rows, words in (one, other)
    ]
    return float(np.abs(below[0] - below[1]).max())


@given(st.integers(0, 10_000), st.integers(500, 3000))
@settings(max_examples=30)
def test_matching_gives_every_prefix_the_distribution_of_the_reference(seed, words):
    """A pool that is much harder than the reference gives words as hard as the reference's; so do nested subsets."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 20, 3000).tolist()
    sources = [0] * 500 + [1] * 2500
    measure = np.concatenate([rng.normal(2, 1, 500), rng.normal(4, 2, 2500)])
    table = Memory(sizes, sources, {"m": measure})
    found = matched(table, words, (0.5, 0.5), bins=10, nested=(words // 2,))
    own = np.array(sources) == 0
    reference = np.flatnonzero(own), np.array(sizes)[own]
    plain = WordBudget(words=words).choose(table, everything(table), terms([0.5, 0.5]))
    for part in (found, found.subsets[0][1]):
        assert abs(np.diff(quotas_of((0.5, 0.5), part, table))[0]) <= 1
        there = np.array(sources)[part.rows] == 1
        taken = part.rows[there], part.take[there]
        assert (measure[taken[0]] >= measure[own].min()).all()
        assert (measure[taken[0]] <= measure[own].max()).all(), "what is unlike the reference is not needed here"
        # Inside one of the 10 strata the pool's own distribution remains; each may lack a document of 20 words.
        assert distance(measure, taken, reference) <= 0.1 + 10 * 20 / taken[1].sum()
    there = np.array(sources)[plain.rows] == 1
    assert distance(measure, (plain.rows[there], plain.take[there]), reference) > 0.25


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 1)), min_size=2, max_size=25), st.data())
def test_matching_still_meets_the_budget_exactly(documents, data):
    """However unlike the reference the pool is, the budget is met while there are words."""
    table = Memory([size for size, _ in documents], [source for _, source in documents])
    values = st.sampled_from([0.0, 1.0, 1.0, 2.5, float("inf"), float("nan")])
    table.measures["m"] = [data.draw(values) for _ in documents]
    words = data.draw(st.integers(1, sum(table.sizes)))
    own = [m for m, s in zip(table.measures["m"], table.sources, strict=True) if s == 0 and np.isfinite(m)]
    if not own:
        with pytest.raises(BudgetError, match="no document of s0 has the measure m"):
            matched(table, words)
        return
    found = matched(table, words)
    assert int(found.take.sum()) == words
    assert len(set(found.rows.tolist())) == len(found.rows)
    unlike = [m != m or not min(own) <= m <= max(own) for m in table.measures["m"]]  # noqa: PLR0124  (NaN)
    left = set(range(len(documents))) - set(found.rows.tolist())
    if any(unlike[row] for row in found.rows):
        assert all(unlike[row] for row in left), "what is unlike the reference comes last"


def test_a_reference_that_is_no_source_is_refused_before_anything_is_read():
    """The name is a misspelling, or of another manifest."""
    with pytest.raises(BudgetError, match="'s7' is no source") as raised:
        MatchedBudget(words=1, by="m", like="s7").check(terms([None, None]))
    assert "s0, s1" in (raised.value.hint or "")
