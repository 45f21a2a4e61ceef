"""Masked language modelling: hidden tokens are predicted from both sides, each at its own position.

BERT (arXiv 1810.04805); with spans, LTG-BERT (2303.09859).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.batches.batch import Batch
from training.batches.draws import key_for
from training.batches.masking import hide
from training.batches.rows import Rows
from training.errors import RecipeError
from training.objectives.objective import Loss, Moment, answer, assemble
from training.objectives.settings import Masked, Masking
from training.objectives.special import Vocabulary


class Hider:
    """Hides tokens of rows at the rate of a moment."""

    def __init__(self, masking: Masking, vocabulary: Vocabulary, seed: int) -> None:
        """Check that there is a mask token."""
        if vocabulary.mask is None:
            raise RecipeError(
                "this objective hides tokens behind the tokenizer's mask token, and it has none",
                where="tokenizer",
                hint="give the tokenizer a `mask` special, or use the causal objective",
            )
        self._masking = masking
        self._mask = vocabulary.mask
        self._regular = vocabulary.regular()
        self._balance = key_for(seed, "balance") if masking.balanced and masking.use == "gpt_bert_spans" else None

    def __call__(
        self, rows: Rows, moment: Moment, which: np.ndarray[Any, np.dtype[np.int64]]
    ) -> tuple[np.ndarray[Any, np.dtype[np.int32]], np.ndarray[Any, np.dtype[np.bool_]]]:
        """Return the chosen rows with tokens hidden, and which tokens those are."""
        rate = self._masking.rate(moment.step, moment.steps)
        return hide(
            self._masking.use,
            rows.ids[which],
            rows.segments[which],
            rows.origins[which],
            moment.keys[which],
            share=rate,
            random=self._masking.random,
            keep=self._masking.keep,
            mask_id=self._mask,
            regular=self._regular,
            balance_key=self._balance,
            # The rate falls linearly, so its mean so far is that of the first and the present one.
            hidden_before=moment.epochs[which] * ((self._masking.start + rate) / 2),
        )


class Objective:
    """Fill in what is hidden."""

    ahead = 0

    def __init__(self, settings: Masked, vocabulary: Vocabulary, seed: int) -> None:
        """Keep the settings; raises RecipeError if the tokenizer has no mask token."""
        self._settings = settings
        self._hide = Hider(settings.masking, vocabulary, seed)

    def prepare(self, rows: Rows, moment: Moment, *, words: int, separate: bool) -> Batch:
        """Hide tokens and ask for them."""
        everywhere = np.ones(len(rows.ids), np.bool_)
        inputs, hidden = self._hide(rows, moment, np.arange(len(rows.ids)))
        answers = np.where(hidden, rows.ids, -1).astype(np.int32)
        return assemble(inputs, rows.segments, answers, everywhere, words=words, separate=separate)

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Run the model on a batch."""
        return answer(model, batch, self._settings.z_loss)
