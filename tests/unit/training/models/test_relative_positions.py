"""Buckets of relative distance, and gathered scores against the published way of computing them."""

from __future__ import annotations

import pytest
import torch

from training.models.layers.relative_positions import bucket_index, log_bucket, position_scores
from training.models.settings import GptBert


def test_near_distances_have_their_own_bucket_and_far_ones_share():
    """The values that the published formula gives for 32 buckets and 512 positions."""
    distances = torch.arange(-600, 601)
    buckets = dict(zip(distances.tolist(), log_bucket(distances, 32, 512).tolist(), strict=True))

    assert all(buckets[d] == d for d in range(-16, 17))
    assert [buckets[d] for d in (17, 20, 21, 25, 26)] == [17, 17, 18, 18, 19]
    assert all(buckets[d] == 31 and buckets[-d] == -31 for d in range(511, 601))
    assert all(buckets[-d] == -buckets[d] for d in range(601))
    assert sorted(set(buckets.values())) == list(range(-31, 32))


def test_buckets_never_fall_with_distance():
    """A further token is never in a nearer bucket."""
    found = log_bucket(torch.arange(2000), 32, 512)

    assert (found.diff() >= 0).all()


def test_gathered_scores_equal_materialised_ones():
    """LTG's code spreads the table over all pairs first; the sums are the same."""
    torch.manual_seed(0)
    length, heads, size = 70, 3, 8
    query, key = torch.randn(2, 2, heads, length, size, dtype=torch.float64)
    query_table, key_table = torch.randn(2, heads, 63, size, dtype=torch.float64)
    index = bucket_index(length, 32, 512, torch.device("cpu"))

    gathered = position_scores(query, key, query_table, key_table, index)
    materialised = torch.einsum("bhid,hijd->bhij", query, key_table[:, index]) + torch.einsum(
        "bhjd,hijd->bhij", key, query_table[:, index]
    )

    assert torch.allclose(gathered, materialised, atol=1e-12)


def test_a_table_too_short_for_its_buckets_is_refused():
    with pytest.raises(ValueError, match="max_position_embeddings 17 must be at least 18"):
        GptBert(max_position_embeddings=17, position_bucket_size=32)
    assert bucket_index(64, 32, 18, torch.device("cpu")).max() == 62
