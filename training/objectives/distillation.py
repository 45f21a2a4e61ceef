"""Distillation from an ensemble of teachers: BabyLlama (arXiv 2308.02019) and BabyLlama-2 (2409.17312).

loss = alpha CE + (1 - alpha) T^2 KL(mean of teachers || student), where the teachers' logits are averaged before the
softmax. BabyLlama's code summed the divergence over positions and divided by rows only, while the cross-entropy is a
mean over tokens: with rows of 128 its divergence weighs 128 times more than the formula says. ``kd_reduction: batch``
is that; ``token`` is the formula.
"""

from __future__ import annotations

from typing import Any

import torch

from training.batches.batch import Batch
from training.batches.rows import Rows
from training.errors import RecipeError
from training.objectives.causal import Objective as Causal
from training.objectives.cross_entropy import Teaching, linear_cross_entropy
from training.objectives.objective import Loss, Moment, projection, told
from training.objectives.settings import Causal as CausalSettings
from training.objectives.settings import Distillation
from training.objectives.special import Vocabulary


class Objective:
    """Predict the next token as the text and the teachers do."""

    ahead = 1

    def __init__(self, settings: Distillation, vocabulary: Vocabulary, seed: int) -> None:
        """Keep the settings; the teachers come with ``attach``, in the training process only."""
        self._settings = settings
        self._vocabulary = vocabulary
        self._causal = Causal(CausalSettings(z_loss=settings.z_loss), vocabulary, seed)
        self._teachers: list[Any] = []

    def attach(self, teachers: list[Any]) -> None:
        """Give the teachers: models with this vocabulary, in evaluation mode.

        Raises:
            RecipeError: none, or one of another vocabulary.
        """
        if not teachers:
            raise RecipeError(
                "distillation needs at least one teacher",
                where="objective.teachers",
                hint="train one with `curate train`, then give its run folder with --teacher",
            )
        for teacher in teachers:
            if len(teacher.output_weight) != self._vocabulary.size:
                raise RecipeError(
                    f"a teacher has a vocabulary of {len(teacher.output_weight)}, the student {self._vocabulary.size}",
                    where="objective.teachers",
                    hint="teachers and student share one tokenizer: train them on one corpus, with one setting",
                )
        self._teachers = teachers

    def __getstate__(self) -> dict[str, Any]:
        """Stay at home with the teachers: workers that make batches have no use for them."""
        return vars(self) | {"_teachers": []}

    def prepare(self, rows: Rows, moment: Moment, *, words: int, separate: bool) -> Batch:
        """Show all but the last token, ask for all but the first."""
        return self._causal.prepare(rows, moment, words=words, separate=separate)

    def loss(self, model: Any, batch: Batch) -> Loss:
        """Run the model and its teachers on a batch."""
        settings = self._settings
        weights = batch.weights * (1 - settings.alpha)
        if settings.kd_reduction == "batch":
            weights = weights * batch.inputs.shape[1]
        with torch.no_grad():
            teachers = [projection(teacher, batch) for teacher in self._teachers]
        losses = linear_cross_entropy(
            projection(model, batch),
            batch.targets,
            batch.weights * settings.alpha,
            z_loss=settings.z_loss,
            teaching=Teaching(teachers, weights, settings.temperature),
        )
        return told(losses, batch, divergence=losses.divergence.sum())
