"""Trees, windows and masked copies hold the tokens they should, each once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation.queries import Query
from evaluation.scorers.copies import copies_of, write
from evaluation.scorers.tokens import TokenPlan
from evaluation.scorers.tree import plant
from evaluation.scorers.windows import cut

SEQUENCES = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=12), min_size=1, max_size=20)


def flat(sequences):
    ids = np.array([token for sequence in sequences for token in sequence], np.int32)
    return ids, np.concatenate([[0], np.cumsum([len(sequence) for sequence in sequences])])


def plan_of(sequences, scored_from=1, words=()):
    """A plan in which the tokens of each sequence are scored from a place on."""
    ids, rows = flat(sequences)
    inside = np.arange(len(ids)) - np.repeat(rows[:-1], np.diff(rows))
    places = np.flatnonzero(inside >= scored_from)
    return TokenPlan(
        [Query("") for _ in sequences],
        np.searchsorted(places, rows),
        np.zeros((len(places), 2), np.int32),
        np.zeros(len(places), bool),
        ids,
        rows,
        places,
        np.array(words, np.int32),
    )


@given(SEQUENCES, st.integers(1, 30))
def test_a_tree_leads_from_its_root_to_every_sequence(sequences, size):
    ids, bounds = flat(sequences)
    forest = plant(ids, bounds, size)
    assert np.diff(forest.trees).max() <= max(size, *map(len, sequences))
    for start, stop in pairwise(bounds):
        nodes = forest.nodes[start:stop]
        assert (forest.tokens[nodes] == ids[start:stop]).all()
        assert (forest.depths[nodes] == np.arange(stop - start)).all()
        tree = np.searchsorted(forest.trees, nodes, side="right")
        assert len(set(tree.tolist())) == 1
        for before, node in pairwise(nodes):  # nothing as shallow stands between
            assert (forest.depths[before + 1 : node + 1] > forest.depths[before]).all()


def test_what_sequences_share_is_run_once():
    ids, bounds = flat([[1, 2, 3], [5], [1, 2, 4], [1, 2, 3], [1, 2]])
    assert plant(ids, bounds, 100).tokens.tolist() == [1, 2, 3, 4, 5]


@given(SEQUENCES, st.integers(2, 9), st.integers(1, 5))
def test_windows_answer_for_each_scored_token_once_with_half_a_window_before_it(sequences, limit, scored_from):
    plan = plan_of([[*sequence, 7, 7] for sequence in sequences], scored_from)
    numbers = np.arange(plan.tokens)
    windows = cut(plan, numbers, limit)
    assert sorted(windows.numbers.tolist()) == numbers.tolist()
    assert np.diff(windows.bounds).max(initial=0) <= limit
    for window in range(len(windows.bounds) - 1):
        start, stop = windows.bounds[window : window + 2]
        for index in range(*windows.asked[window : window + 2]):
            number, answer = windows.numbers[index], windows.answers[index]
            assert start <= answer < stop
            row = plan.rows[plan.query_of(np.array([number]))[0]]
            place = int(plan.places[number] - row)
            before = plan.ids[row : row + place]
            seen = windows.ids[start : answer + 1]
            assert len(seen) >= min(place, (limit + 1) // 2)
            if len(seen) > 1:  # the first stands for the text's first, the others are what stands before
                assert (seen[1:] == before[len(before) - len(seen) + 1 :]).all()
            assert seen[0] == before[0] if len(seen) == place or len(seen) > 1 else True


@given(SEQUENCES, st.one_of(st.none(), st.integers(4, 9)))
def test_masked_copies_hide_what_they_are_asked_for(sequences, limit):
    plan = plan_of([[8, *sequence, 9] for sequence in sequences])
    numbers = np.arange(plan.tokens)
    copies = copies_of(plan, numbers, 99, limit)
    ids, bounds = write(plan, copies, slice(None), 99)
    assert sorted(copies.numbers.tolist()) == numbers.tolist()
    assert (np.diff(copies.sizes) >= 0).all()
    made = set()
    for copy in range(len(copies.sizes)):
        row = ids[bounds[copy] : bounds[copy + 1]]
        place = int(copies.sources[copy, 3] - copies.sources[copy, 2])
        assert (row == 99).tolist() == [at == place for at in range(len(row))]
        made.add((tuple(row.tolist()), place))
        for number in copies.numbers[copies.answered[copy] : copies.answered[copy + 1]]:
            query = plan.query_of(np.array([number]))[0]
            text = plan.ids[plan.rows[query] : plan.rows[query + 1]].copy()
            text[plan.places[number] - plan.rows[query]] = 99
            if limit is None or len(text) <= limit:
                assert row.tolist() == text.tolist()
            else:
                assert len(row) == limit
                assert row[0] in {8, 99}
                assert row[-1] in {9, 99}
    assert len(made) == len(copies.sizes)


def test_the_rest_of_a_word_is_hidden_with_its_first_token():
    plan = plan_of([[8, 1, 2, 3, 4, 9]], words=[-1, 0, 0, 0, 1, -1])
    copies = copies_of(plan, np.arange(plan.tokens), 99, None)
    ids, bounds = write(plan, copies, slice(None), 99)
    rows = {int(s[3]): ids[a:b].tolist() for s, a, b in zip(copies.sources, bounds[:-1], bounds[1:], strict=True)}
    assert rows[1] == [8, 99, 99, 99, 4, 9]
    assert rows[2] == [8, 1, 99, 99, 4, 9]
    assert rows[4] == [8, 1, 2, 3, 99, 9]
    assert rows[5] == [8, 1, 2, 3, 4, 99]
