"""Right or wrong, and by how much: credits under a tie rule, and their mean with its error over nested groups.

Ties decide results (babylm.md's pain point 1 in the field: MLM scores on EWoK fell from 60-70 to 50 when ties stopped
counting as right): every rule that was ever official is here, and the default shares the credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for

#: How an item counts when the gold option shares the highest score with others.
#: ``half``: 1/k for k options that share it. ``gold``: right (``torch.max`` and lm-eval's ``argmax`` return the first
#: option, and the first is the gold one: official until April 2026). ``strict``: wrong. ``random``: one of them by a
#: seeded draw (official in 2026, without the seed).
Ties = Literal["half", "gold", "strict", "random"]

#: Nats below which two scores are one: half of what batching and hardware change (3e-5 seen), so that a tie does not
#: depend on them. The ``gold`` rule compares exactly, as its source does.
SAME = 1e-5

#: Log-odds beyond this count as this: one absurd item cannot carry a mean.
CLIP = 10.0


@dataclass(frozen=True)
class Credits:
    """What items earned.

    Attributes:
        credit: float64 ``[items]``, 0 to 1.
        tied: bool ``[items]``, whether the gold option shares the highest score.
        chosen: int64 ``[items]``, the option that counts as the model's answer.
        log_odds: float64 ``[items]``, score of the gold option less the best other, in nats, clipped to ±10.
    """

    credit: NDArray[np.float64]
    tied: NDArray[np.bool_]
    chosen: NDArray[np.int64]
    log_odds: NDArray[np.float64]


def judge(scores: NDArray[np.float64], gold: NDArray[np.int64], ties: Ties = "half", seed: int = 0) -> Credits:
    """Return what each item earns.

    Args:
        scores: ``[items, options]``, ``-inf`` where an item has fewer options.
        gold: ``[items]``, the right option.
        ties: the rule.
        seed: of the draws of ``random``.
    """
    rows = np.arange(len(scores))
    best = scores.max(axis=1, initial=-np.inf) if scores.size else np.zeros(0)
    right = scores[rows, gold]
    others = scores.copy()
    others[rows, gold] = -np.inf
    second = others.max(axis=1, initial=-np.inf) if scores.size else np.zeros(0)
    within = 0.0 if ties == "gold" else SAME
    shares = scores >= best[:, None] - within
    tied = shares[rows, gold] & (shares.sum(axis=1) > 1)
    chosen = np.argmax(scores, axis=1) if scores.size else np.zeros(0, np.int64)
    chosen[tied] = gold[tied]
    if ties == "half":
        credit = shares[rows, gold] / np.maximum(shares.sum(axis=1), 1)
    elif ties == "gold":
        credit = shares[rows, gold].astype(float)
    elif ties == "strict":
        credit = (shares[rows, gold] & ~tied).astype(float)
    else:
        draws = np.random.default_rng(seed_for(seed, "ties")).random(scores.shape)
        chosen = np.argmax(np.where(shares, draws, -1.0), axis=1)
        credit = (chosen == gold).astype(float)
    return Credits(credit, tied, chosen.astype(np.int64), np.clip(right - second, -CLIP, CLIP))


@dataclass(frozen=True)
class Mean:
    """A mean over groups of items, and the standard error that the items give it.

    The groups are the task's own, all of them: they are strata, and only items are drawn. The error over training runs
    is another one, and larger (``evaluation/stats``).
    """

    value: float
    stderr: float | None
    items: int


@dataclass
class _Node:
    values: list[int] = field(default_factory=list)
    below: dict[str, _Node] = field(default_factory=dict)


def macro(values: NDArray[np.float64], groups: Sequence[str]) -> Mean:
    """Return the mean of the means of groups; ``a/b`` is group ``b`` inside ``a``, and each level is averaged.

    The error is that of a stratified mean: the sum over groups of (weight² times variance over items).
    """
    root = _Node()
    for number, group in enumerate(groups):
        node = root
        for part in group.split("/"):
            node = node.below.setdefault(part, _Node())
        node.values.append(number)
    mean = variance = 0.0
    known = True
    waiting = [(root, 1.0)]
    while waiting:
        node, weight = waiting.pop()
        if node.values:
            of_group = values[node.values]
            mean += weight * float(of_group.mean())
            if len(of_group) > 1:
                variance += weight**2 * float(of_group.var(ddof=1)) / len(of_group)
            else:
                known = False  # one item says nothing of its spread
        waiting += [(below, weight / len(node.below)) for below in node.below.values()]
    return Mean(mean, variance**0.5 if known and len(values) else None, len(values))


def micro(values: NDArray[np.float64]) -> Mean:
    """Return the plain mean over items and its standard error."""
    if not len(values):
        return Mean(0.0, None, 0)
    stderr = float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else None
    return Mean(float(values.mean()), stderr, len(values))
