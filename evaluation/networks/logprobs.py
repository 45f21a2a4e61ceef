"""Logits to log-probabilities of chosen tokens, a cache-sized block of rows at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: Gives the logits ``[n, V]`` of rows ``start`` to ``stop``.
Logits = Callable[[int, int], Tensor]

ROWS = 128


def logprobs(
    logits: Logits,
    count: int,
    rows: NDArray[np.int64],
    targets: NDArray[np.int32],
    temperatures: tuple[float, ...],
) -> NDArray[np.float32]:
    """Return natural log-probabilities, float32 ``[temperatures, n]``.

    Args:
        logits: of ``count`` rows.
        count: how many rows there are.
        rows: which row answers for each token ``[n]``.
        targets: ids of the tokens ``[n]``.
        temperatures: logits are divided by each.
    """
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], np.arange(0, count + ROWS, ROWS))
    out = np.empty((len(temperatures), len(rows)), np.float32)
    for number, start in enumerate(range(0, count, ROWS)):
        asked = order[bounds[number] : bounds[number + 1]]
        if not len(asked):
            continue
        block = logits(start, min(start + ROWS, count)).float()
        row = torch.from_numpy(rows[asked] - start).to(block.device)
        target = torch.from_numpy(targets[asked].astype(np.int64)).to(block.device)
        for index, temperature in enumerate(temperatures):
            # Torch's log-softmax makes one pass where its logsumexp makes four.
            found = torch.log_softmax(block if temperature == 1 else block / temperature, 1)
            out[index, asked] = found[row, target].cpu().numpy()
    return out
