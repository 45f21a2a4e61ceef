"""Rows of like length together, in an order that only the seed and the epoch decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from curation.core.fingerprint import seed_for
from evaluation.finetune.examples import Tokens

#: Batches whose rows are sorted by length together. Long enough to save most padding, short enough that what is in a
#: batch stays a draw: a row can meet any row of a sixteenth of RTE.
POOL = 8
#: Positions of a batch when nothing is learnt.
POSITIONS = 16_384


@dataclass(frozen=True)
class Batch:
    """Rows padded on the right to their longest.

    Attributes:
        rows: int64 ``[B]``, which rows they are.
        ids: int64 ``[B, T]``.
        mask: int64 ``[B, T]``, 1 for text.
        labels: int64 ``[B]``.
    """

    rows: NDArray[np.int64]
    ids: Tensor
    mask: Tensor
    labels: Tensor


def steps_in_epoch(rows: int, size: int) -> int:
    """Return the steps of an epoch: a last batch that is not full is left out, as the official code does."""
    return max(1, rows // size)


def epoch_order(lengths: NDArray[np.int64], size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Return the rows of each batch of an epoch.

    Args:
        lengths: tokens of each row.
        size: rows of a batch.
        seed: of the run.
        epoch: from 0.
    """
    draw = np.random.default_rng(seed_for(seed, "order", epoch))
    count = steps_in_epoch(len(lengths), size)
    order = draw.permutation(len(lengths))[: count * size]
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    return [batches[number] for number in draw.permutation(len(batches))]


def scoring_order(lengths: NDArray[np.int64], positions: int = POSITIONS) -> list[NDArray[np.int64]]:
    """Return batches that hold all rows once, longest first, each of at most ``positions`` tokens with padding."""
    order = np.argsort(-lengths, kind="stable")
    batches = []
    at = 0
    while at < len(order):
        size = max(1, positions // max(1, int(lengths[order[at]])))
        batches.append(order[at : at + size])
        at += size
    return batches


def pad(tokens: Tokens, rows: NDArray[np.int64], pad_id: int, device: str) -> Batch:
    """Lay rows out on a device."""
    chosen: Sequence[list[int]] = [tokens.ids[row] for row in rows]
    width = max([1, *(len(ids) for ids in chosen)])
    ids = np.full((len(chosen), width), pad_id, np.int64)
    mask = np.zeros((len(chosen), width), np.int64)
    for number, row in enumerate(chosen):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return Batch(
        rows,
        torch.from_numpy(ids).to(device),
        torch.from_numpy(mask).to(device),
        torch.from_numpy(tokens.labels[rows]).to(device),
    )
