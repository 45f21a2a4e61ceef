"""Causal language modelling: each position predicts the next token from those before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.batches.batch import Batch
from training.batches.rows import Rows
from training.objectives.objective import Loss, Moment, answer, assemble
from training.objectives.settings import Causal
from training.objectives.special import Vocabulary


def next_tokens(rows: Rows, vocabulary: Vocabulary) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return the token after each position [B, T], -1 where there is none to predict.

    A begin token is never an answer: which document follows in a packed row says nothing about language.
    """
    following = rows.ids[:, 1:]
    there = rows.segments[:, 1:] > 0
    if vocabulary.begin is not None:
        there &= following != vocabulary.begin
    return np.where(there, following, -1).astype(np.int32)


class Objective:
    """Predict the next token."""

    ahead = 1

    def __init__(self, settings: Causal, vocabulary: Vocabulary, seed: int) -> None:
        """Keep the settings."""
        self._settings = settings
        self._vocabulary = vocabulary

    def prepare(self, rows: Rows, moment: Moment, *, words: int, separate: bool) -> Batch:
        """Show all but the last token, ask for all but the first."""
        nowhere = np.zeros(len(rows.ids), np.bool_)
        answers = next_tokens(rows, self._vocabulary)
        return assemble(rows.ids[:, :-1], rows.segments[:, :-1], answers, nowhere, words=words, separate=separate)

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Run the model on a batch."""
        return answer(model, batch, self._settings.z_loss)
