"""Relative positions of the LTG family (LTG-BERT, arXiv 2303.09859; after DeBERTa, 2006.03654).

Distances up to half the buckets have one bucket each; larger ones share buckets of logarithmic width. The scores of
content against position are taken against the few buckets and then *gathered* to pairs of positions: the published
code spreads the table over all pairs first, which is the same sum with T/63 times the work.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor


def log_bucket(distance: Tensor, buckets: int, limit: int) -> Tensor:
    """Return the bucket of each signed distance i - j: between -(buckets - 1) and buckets - 1."""
    middle = buckets // 2
    size = distance.abs().clamp(max=limit - 1)
    # The nearest distances are computed below with a harmless value; `where` then takes the distance itself.
    ratio = torch.log(size.clamp(min=middle).double() / middle) / math.log((limit - 1) / middle)
    wide = middle + torch.ceil(ratio * (middle - 1)).long()
    return torch.where(size <= middle, distance, wide * distance.sign())


@lru_cache(maxsize=16)
def bucket_index(length: int, buckets: int, limit: int, device: torch.device) -> Tensor:
    """Return the row in the table of relative embeddings for each (i, j): integers [length, length]."""
    places = torch.arange(length, device=device)
    return log_bucket(places[:, None] - places[None, :], buckets, limit) + buckets - 1


def position_scores(query: Tensor, key: Tensor, query_table: Tensor, key_table: Tensor, index: Tensor) -> Tensor:
    """Return content-to-position plus position-to-content scores, unscaled.

    Args:
        query: [B, H, T, d].
        key: [B, H, T, d].
        query_table: the table as seen by the query projection [H, buckets, d].
        key_table: the table as seen by the key projection [H, buckets, d].
        index: ``bucket_index`` [T, T].

    Returns:
        [B, H, T, T]: q_i . k(b(i - j)) + k_j . q(b(i - j)).
    """
    shape = (*query.shape[:2], *index.shape)
    to_position = (query @ key_table.transpose(1, 2)).gather(3, index.expand(shape))
    from_position = (key @ query_table.transpose(1, 2)).gather(3, index.T.expand(shape))
    return to_position + from_position.transpose(2, 3)
