"""Attention along branches and within texts equals attention under a mask."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)

from evaluation.networks.lean import Packed
from training.models.layers.relative_positions import bucket_index, position_scores


def layout(kind, rng, count=70):
    """Places, groups, and who sees whom."""
    if kind == "trees":
        places = [0]
        while len(places) < count:
            places.append(int(rng.integers(0, places[-1] + 2)))
        places, groups = np.array(places), np.arange(count + 1)
    else:
        bounds = np.array([0, 1, 5, 23, 24, 60, count])
        places = np.arange(count) - np.repeat(bounds[:-1], np.diff(bounds))
        groups = bounds if kind == "texts" else np.arange(count + 1)
    seen = np.zeros((count, count), bool)
    branch: dict[int, int] = {}
    for start, stop in pairwise(groups):
        for token in range(start, stop):
            branch[int(places[token])] = token
        for token in range(start, stop):
            seen[token, [branch[place] for place in range(int(places[stop - 1]) + 1)]] = True
    return places, groups, torch.from_numpy(seen)


@pytest.mark.parametrize("kind", ["trees", "texts", "causal texts"])
@pytest.mark.parametrize(("heads", "keys", "size"), [(4, 4, 8), (4, 2, 6), (1, 1, 33)])
def test_content_attention_equals_masked_attention(kind, heads, keys, size):
    rng = np.random.default_rng(heads + size)
    places, groups, seen = layout(kind, rng)
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, 70, h, size).transpose(1, 2) * 3 for h in (heads, keys, keys))
    wanted = np.flatnonzero(rng.random(70) < 0.3)
    packed = Packed(np.arange(70, dtype=np.int32), places, groups, wanted)
    expected = F.scaled_dot_product_attention(query, key, value, seen[None, None], enable_gqa=True)
    assert torch.allclose(packed.attend(query, key, value, size**-0.5, last=False), expected, atol=5e-5)
    found = packed.attend(query, key, value, size**-0.5, last=True)
    assert torch.allclose(found, expected[:, :, wanted], atol=5e-5)


@pytest.mark.parametrize("kind", ["trees", "texts"])
def test_relative_attention_equals_masked_attention(kind):
    rng = np.random.default_rng(1)
    places, groups, seen = layout(kind, rng)
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, 3, 70, 8) for _ in range(3))
    query_table, key_table = torch.randn(2, 3, 15, 8)
    packed = Packed(np.arange(70, dtype=np.int32), places, groups, np.arange(0, 70, 3))
    index = bucket_index(packed.length, 8, 24, torch.device("cpu"))
    near = torch.from_numpy(places)
    by_pair = index[near[:, None], near[None, :]]
    scores = query @ key.transpose(2, 3)
    shape = (1, 3, 70, 70)
    scores = scores + (query @ key_table.transpose(1, 2)).gather(3, by_pair.expand(shape))
    scores = scores + (key @ query_table.transpose(1, 2)).gather(3, by_pair.T.expand(shape)).transpose(2, 3)
    expected = scores.masked_fill(~seen, -torch.inf).softmax(-1) @ value
    found = packed.attend_relative(query, key, value, query_table, key_table, index, last=False)
    assert torch.allclose(found, expected, atol=5e-5)
    found = packed.attend_relative(query, key, value, query_table, key_table, index, last=True)
    assert torch.allclose(found, expected[:, :, ::3], atol=5e-5)
    if kind == "texts":  # the model's own way, on the longest text alone
        alone = slice(24, 60)
        square = index[:36, :36]
        q, k = query[:, :, alone], key[:, :, alone]
        own = (q @ k.transpose(2, 3) + position_scores(q, k, query_table, key_table, square)).softmax(-1)
        assert torch.allclose(own @ value[:, :, alone], expected[:, :, alone], atol=5e-5)
