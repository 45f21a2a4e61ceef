"""Model and objective as one module, and the gradient of a batch: accumulated, and halved when memory runs out."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from curation.core.fingerprint import seed_for
from training import checkpoint
from training.batches.batch import Batch
from training.errors import ResumeError, TrainError
from training.objectives.objective import Loss, Objective
from training.objectives.settings import ObjectiveSettings
from training.objectives.special import Vocabulary
from training.run import Run


def build_model(settings: Any, seed: int) -> Any:
    """Return the model of a name, ``gpt_bert`` being the class in ``models/gpt_bert.py``, with weights of a seed."""
    torch.manual_seed(seed_for(seed, "weights"))
    return importlib.import_module(f"training.models.{settings.use}").Model(settings)


def objective_for(settings: ObjectiveSettings, vocabulary: Vocabulary, seed: int) -> Objective:
    """Return the objective of a name: ``hybrid`` is the class in ``objectives/hybrid.py``."""
    objective: Objective = importlib.import_module(f"training.objectives.{settings.use}").Objective(
        settings, vocabulary, seed
    )
    return objective


def teachers_of(settings: ObjectiveSettings, objective: Any, device: torch.device) -> list[Run]:
    """Load the teachers of a distillation, give them to the objective, and return their runs.

    Raises:
        ResumeError: a folder holds no finished run.
        RecipeError: there is none, or one has another vocabulary.
    """
    if settings.use != "distillation":
        return []
    runs = [Run.open(folder) for folder in settings.teachers]
    objective.attach([load_model(run).to(device) for run in runs])
    return runs


def load_model(run: Run) -> Any:
    """Return the model of a finished run with its last weights, in evaluation mode and without gradients.

    Raises:
        ResumeError: the run did not finish, or its checkpoints were removed.
    """
    saved = checkpoint.found(run.folder / "checkpoints")
    if not run.done:
        raise ResumeError("the run did not finish", where=str(run.folder), hint="finish it with --resume")
    if not saved:
        raise ResumeError(
            "the run has no checkpoint left, and a teacher's weights are read from its last",
            where=str(run.folder),
            hint="train it by itself with `curate train`: runs of an ablation keep their exported model only",
        )
    recipe = run.recipe()
    model = build_model(recipe.model.model_copy(update={"vocab_size": run.record["model"]["vocab_size"]}), 0)
    weights = "ema" if recipe.optimizer.ema else "model"
    model.load_state_dict(load_file(saved[-1] / f"{weights}.safetensors"))
    return model.eval().requires_grad_(requires_grad=False)


class Learner(nn.Module):
    """Computes a batch's loss in ``forward``, where distributed wrappers look."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        """Take both."""
        super().__init__()
        self.model = model
        self._objective = objective

    def forward(self, batch: Batch) -> tuple[Tensor, Loss]:
        """Return the loss to go down, and all that is told of it."""
        loss = self._objective.loss(self.model, batch)
        return loss.total, loss


class Gradients:
    """Puts the gradient of a batch into the parameters, in as many parts as memory asks for."""

    def __init__(self, accelerator: Any, learner: Any, rows_at_once: int | None) -> None:
        """Take the learner as ``accelerator`` prepared it."""
        self._accelerator = accelerator
        self._learner = learner
        self.rows_at_once = rows_at_once

    def of(self, batch: Batch) -> Loss:
        """Add the gradient of a batch to the parameters' and return its loss."""
        while True:
            try:
                loss = self._accumulate(batch)
            except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                self._halve(batch, error)
            else:
                return loss if self._accelerator.num_processes == 1 else self._over_processes(loss)

    def _accumulate(self, batch: Batch) -> Loss:
        count = len(batch.inputs)
        size = min(self.rows_at_once or count, count)
        losses = []
        for start in range(0, count, size):
            part = batch if size == count else batch.rows(start, min(start + size, count))
            last = start + size >= count
            with self._accelerator.no_sync(self._learner) if not last else nullcontext():
                total, loss = self._learner(part.to(self._accelerator.device))
                # Processes average their gradients, but a batch's weights add up to one over all of them.
                self._accelerator.backward(total * self._accelerator.num_processes)
            losses.append(loss)
        return losses[0] if len(losses) == 1 else _sum(losses)

    def _over_processes(self, loss: Loss) -> Loss:
        """Add up what is told of a batch; the gradients have met already."""
        parts = [loss.total.detach(), loss.masked, loss.causal, *loss.extra.values()]
        sums = torch.stack([part.double() for part in parts])
        counts = sums.new_tensor([loss.masked_count, loss.causal_count, loss.positions])
        total, masked, causal, *more = self._accelerator.reduce(torch.cat([sums, counts]), reduction="sum").unbind()
        masked_count, causal_count, positions = (int(number) for number in more[-3:])
        extra = dict(zip(loss.extra, more, strict=False))
        return Loss(total, masked, causal, masked_count, causal_count, positions, extra)

    def _halve(self, batch: Batch, error: Exception) -> None:
        tried = min(self.rows_at_once or len(batch.inputs), len(batch.inputs))
        if tried == 1 or self._accelerator.num_processes > 1:
            raise TrainError(
                f"memory ran out with {tried} rows of {batch.inputs.shape[1]} tokens at once",
                where="run.rows_at_once",
                hint="a smaller model or shorter rows are needed"
                if tried == 1
                else "set run.rows_at_once to fewer rows: several processes cannot find it out each for itself",
            ) from error
        self.rows_at_once = -(-tried // 2)
        self._learner.zero_grad()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _out_of_memory(error: BaseException) -> bool:
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in text


def _sum(losses: list[Loss]) -> Loss:
    return Loss(
        total=torch.stack([loss.total.detach() for loss in losses]).sum(),
        masked=torch.stack([loss.masked for loss in losses]).sum(),
        causal=torch.stack([loss.causal for loss in losses]).sum(),
        masked_count=sum(loss.masked_count for loss in losses),
        causal_count=sum(loss.causal_count for loss in losses),
        positions=sum(loss.positions for loss in losses),
        extra={name: torch.stack([loss.extra[name] for loss in losses]).sum() for name in losses[0].extra},
    )
