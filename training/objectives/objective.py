"""The port of all objectives: from rows to a batch, and from a batch to a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.batches.batch import Batch
from training.batches.rows import Rows
from training.kernels import narrow
from training.objectives.cross_entropy import Losses, Projection, linear_cross_entropy


class Moment(NamedTuple):
    """When in a run rows are read, and the random streams that are theirs."""

    step: int
    steps: int
    first_row: int
    """Rows that the run has read before this step."""

    epochs: NDArray[np.int64]
    """The epoch of each row [B]: a step may end one and begin the next."""

    keys: NDArray[np.uint64]
    """A random stream for each row [B]."""


@dataclass(frozen=True)
class Loss:
    """What a batch costs."""

    total: Tensor
    """To go down; with a gradient."""

    masked: Tensor
    """Sum of cross-entropies of answers in masked rows, nats."""

    causal: Tensor
    """Sum of cross-entropies of the others, nats."""

    masked_count: int
    causal_count: int
    positions: int
    """Positions of the rows, padding included."""

    extra: dict[str, Tensor]
    """What else this objective tells, as sums."""


class Objective(Protocol):
    """One way to learn from rows."""

    ahead: int
    """Tokens that a row needs beyond its length: 1 to predict the next token, 0 to fill in its own."""

    def prepare(self, rows: Rows, moment: Moment, *, words: int, separate: bool) -> Batch:
        """Hide what is to be hidden and say what is to be answered: a pure function of its arguments."""

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Run the model on a batch."""


def assemble(
    inputs: NDArray[np.int32],
    segments: NDArray[np.int32],
    answers: NDArray[np.int32],
    masked_rows: NDArray[np.bool_],
    *,
    words: int,
    separate: bool,
) -> Batch:
    """Return a batch from inputs [B, T] and answers [B, T] (-1 for none).

    The answers of masked rows weigh together as much as their rows' share of the batch, and so do the others: the mean
    over masked answers counts 15/16 where 15 of 16 rows are masked, though those have far fewer answers.
    """
    places = np.flatnonzero(answers >= 0)
    masked = np.repeat(masked_rows, answers.shape[1])[places]
    weights = np.empty(len(places), np.float32)
    for kind in (False, True):
        here = masked == kind
        if here.any():
            rows = float((masked_rows == kind).sum())
            weights[here] = rows / len(masked_rows) / here.sum()
    alike = bool(masked_rows.all() or not masked_rows.any())
    return Batch(
        inputs=torch.from_numpy(inputs.astype(np.int64)),
        segments=torch.from_numpy(np.ascontiguousarray(segments)) if separate else None,
        causal=not masked_rows[0] if alike else torch.from_numpy(~masked_rows),
        labelled=torch.from_numpy(places),
        targets=torch.from_numpy(answers.reshape(-1)[places].astype(np.int64)),
        weights=torch.from_numpy(weights),
        masked=torch.from_numpy(masked),
        masked_count=int(masked.sum()),
        words=words,
        tokens=int((segments > 0).sum()),
    )


def labelled_rows(model: Any, batch: Batch) -> Tensor:
    """Return the model's last states at the positions that have an answer [N, D]."""
    hidden: Tensor = model.hidden(batch.inputs, segments=batch.segments, causal=batch.causal).flatten(0, 1)
    return hidden if len(batch.labelled) == len(hidden) else hidden.index_select(0, batch.labelled)


def projection(model: Any, batch: Batch) -> Projection:
    """Return what makes the logits of the positions that have an answer."""
    features = model.features(labelled_rows(model, batch))
    if narrow.applies(features):
        features = features.bfloat16()
    return Projection(features, model.output_weight, model.output_bias)


def answer(model: Any, batch: Batch, z_loss: float) -> Loss:
    """Run the model, project only the positions that have an answer, and return the loss."""
    return told(linear_cross_entropy(projection(model, batch), batch.targets, batch.weights, z_loss=z_loss), batch)


def told(losses: Losses, batch: Batch, **extra: Tensor) -> Loss:
    """Return the loss with the sums that are shown apart for masked and causal rows."""
    masked = (losses.cross_entropy * batch.masked).sum()
    count = batch.masked_count
    causal = losses.cross_entropy.sum() - masked
    return Loss(losses.total, masked, causal, count, len(batch.targets) - count, batch.inputs.numel(), extra)
