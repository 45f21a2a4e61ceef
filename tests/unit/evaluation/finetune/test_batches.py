"""Batches: every row once, like lengths together, one order for a seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation.finetune.batches import epoch_order, pad, scoring_order
from evaluation.finetune.examples import Tokens

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=90).map(np.array)


@given(LENGTHS, st.integers(1, 12), st.integers(0, 3))
def test_an_epoch_has_whole_batches_of_different_rows(lengths, size, epoch):
    order = epoch_order(lengths, size, 7, epoch)

    rows = np.concatenate(order)
    assert len(np.unique(rows)) == len(rows)
    if len(lengths) >= size:
        assert {len(batch) for batch in order} == {size}
        assert len(order) == len(lengths) // size
    else:
        assert len(order) == 1
        assert len(rows) == len(lengths)


def test_order_is_of_seed_and_epoch():
    lengths = np.arange(64)

    first = [batch.tolist() for batch in epoch_order(lengths, 8, 1, 0)]

    assert first == [batch.tolist() for batch in epoch_order(lengths, 8, 1, 0)]
    assert first != [batch.tolist() for batch in epoch_order(lengths, 8, 1, 1)]
    assert first != [batch.tolist() for batch in epoch_order(lengths, 8, 2, 0)]


def test_like_lengths_are_together():
    lengths = np.random.default_rng(0).integers(1, 100, 640)

    def positions(batches):
        return sum(len(batch) * lengths[batch].max() for batch in batches)

    drawn = np.random.default_rng(1).permutation(640).reshape(-1, 16)
    assert positions(epoch_order(lengths, 16, 0, 0)) < 0.7 * positions(drawn)


@given(LENGTHS)
def test_scoring_has_each_row_once_within_the_budget(lengths):
    order = scoring_order(lengths, 64)

    assert sorted(np.concatenate(order).tolist()) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * lengths[batch].max() <= 64 for batch in order)


def test_padding_is_masked():
    found = pad(Tokens([[5, 6, 7], [8]], np.array([1, 0])), np.array([1, 0]), 9, "cpu")

    assert found.ids.tolist() == [[8, 9, 9], [5, 6, 7]]
    assert found.mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert found.labels.tolist() == [0, 1]
