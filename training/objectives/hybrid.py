"""GPT-BERT's objective (arXiv 2410.24159): causal and masked rows in one batch, both predicting the next position.

In a masked row a hidden token is predicted at the position *before* it ("masked next token prediction"), so that
position k answers with token k + 1 in every row. Which rows are causal follows from their number in the run alone: any
n rows in a row hold floor or ceiling of n times the share, whatever the number of processes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from training.batches.batch import Batch
from training.batches.rows import Rows
from training.objectives.causal import next_tokens
from training.objectives.masked import Hider
from training.objectives.objective import Loss, Moment, answer, assemble
from training.objectives.settings import Hybrid
from training.objectives.special import Vocabulary


class Objective:
    """Predict the next token in some rows and hidden tokens in the others."""

    ahead = 1

    def __init__(self, settings: Hybrid, vocabulary: Vocabulary, seed: int) -> None:
        """Keep the settings; raises RecipeError if the tokenizer has no mask token."""
        self._settings = settings
        self._vocabulary = vocabulary
        self._hide = Hider(settings.masking, vocabulary, seed)
        self._share = Fraction(settings.causal_share).limit_denominator(1_000_000)

    def masked_rows(self, moment: Moment, count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return which rows of a step are masked: causal ones are spread evenly over the run."""
        # As a fraction: 0.29 * 100 is 28.999... in floating point.
        numbers = np.arange(moment.first_row, moment.first_row + count + 1)
        before = numbers * self._share.numerator // self._share.denominator
        masked: np.ndarray[Any, np.dtype[np.bool_]] = np.diff(before) == 0
        return masked

    def prepare(self, rows: Rows, moment: Moment, *, words: int, separate: bool) -> Batch:
        """Hide tokens in the masked rows; ask there for those, in the others for every next token."""
        masked = self.masked_rows(moment, len(rows.ids))
        answers = next_tokens(rows, self._vocabulary)
        inputs = rows.ids.copy()
        which = np.flatnonzero(masked)
        if len(which):
            inputs[which], hidden = self._hide(rows, moment, which)
            answers[which] = np.where(hidden[:, 1:], rows.ids[which, 1:], -1)
        return assemble(inputs[:, :-1], rows.segments[:, :-1], answers, masked, words=words, separate=separate)

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Run the model on a batch."""
        return answer(model, batch, self._settings.z_loss)
