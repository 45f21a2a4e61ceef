"""One seed of fine-tuning: AdamW, a pass over the rows an epoch, the best epoch's weights at the end.

Every draw is a function of the seed and of the epoch or step, so a run that was killed and goes on from its state file
gives the weights of one that was not (on a CPU, bit by bit).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from numpy.typing import NDArray
from torch import Tensor, nn

from curation.core.fingerprint import seed_for
from evaluation.errors import NotFinite
from evaluation.finetune import state
from evaluation.finetune.batches import epoch_order, pad, scoring_order, steps_in_epoch
from evaluation.finetune.examples import Tokens
from evaluation.finetune.metrics import all_values
from evaluation.finetune.progress import Listen, quiet
from evaluation.finetune.settings import FineTuneSettings
from training.optim.schedule import learning_rate


@dataclass(frozen=True)
class Trained:
    """How a seed's training went; the model has the best epoch's weights."""

    best_epoch: int
    """From 1; the last one if training was cut short within the first."""
    epochs: int
    steps: int
    curve: tuple[float, ...]
    """What each epoch reached in ``settings.select_by``, on the rows it was chosen by."""
    stopped: str
    """Why it ended before all its epochs, or nothing."""


class Trainer:
    """Trains one classifier on one device."""

    def __init__(
        self,
        model: nn.Module,
        train: Tokens,
        select: Tokens,
        settings: FineTuneSettings,
        *,
        classes: int,
        seed: int,
        pad_id: int,
        device: str = "cpu",
        path: Path | None = None,
        key: str = "",
        listen: Listen = quiet,
    ) -> None:
        """Take everything that a run needs.

        Args:
            model: called with ids and mask [B, T]; gives logits [B, classes]. It is on the device, and is changed.
            train: rows to learn from.
            select: rows to pick the epoch on.
            settings: hyper-parameters.
            classes: how many.
            seed: of order and dropout.
            pad_id: id of padding, which the mask hides.
            device: where the model is.
            path: state file to go on from; None keeps none.
            key: of model, data and settings: a state file of another key is not used.
            listen: is told how many steps of how many are finished.
        """
        self.model, self.train_rows, self.select_rows, self.settings = model, train, select, settings
        self.classes, self.seed, self.pad_id, self.device = classes, seed, pad_id, device
        self.path, self.key, self.listen = path, key, listen
        self.per_epoch = steps_in_epoch(len(train.ids), settings.batch_size)
        planned = self.per_epoch * settings.epochs
        self.steps = min(planned, settings.max_steps or planned)
        self.optimizer = torch.optim.AdamW(
            _groups(model, settings), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    def run(self) -> Trained:
        """Train to the end, or go on and do so, and leave the best epoch's weights in the model.

        Raises:
            NotFinite: the loss is NaN or infinite.
            OutputError: the state file cannot be written.
        """
        found = state.load(self.path, self.key, self.model, self.optimizer) if self.path else None
        progress, best = found or (state.Progress(), {})
        self.listen(progress.step, self.steps)
        # The draws of a step are its own; what others draw is left as it was.
        cuda = [torch.device(self.device)] if self.device.startswith("cuda") else []
        with torch.random.fork_rng(devices=cuda):
            while not progress.done:
                best = self._epoch(progress, best)
        if self.path and not (found and found[0].done):
            state.save(self.path, self.key, progress, self.model, self.optimizer, best)
        state.put(self.model, best)
        signed = -1.0 if self.settings.select_by == "loss" else 1.0
        curve = tuple(signed * score for score in progress.curve)
        return Trained(progress.best, progress.epochs, progress.step, curve, self._reason(progress))

    def _epoch(self, progress: state.Progress, best: dict[str, Tensor]) -> dict[str, Tensor]:
        """Train to the end of the present epoch and score it; return the best weights so far."""
        order = epoch_order(self.train_rows.lengths, self.settings.batch_size, self.seed, progress.epochs)
        saved = time.monotonic()
        first = progress.step - progress.epochs * self.per_epoch
        for rows in order[first:]:
            if progress.step >= self.steps:
                break
            self._step(progress.step, rows)
            progress.step += 1
            self.listen(progress.step, self.steps)
            if self.path and time.monotonic() - saved >= self.settings.save_seconds:
                state.save(self.path, self.key, progress, self.model, self.optimizer, best)
                saved = time.monotonic()
        score = self._score()
        progress.epochs += 1
        if not progress.curve or score > max(progress.curve):
            best, progress.best = state.copied(state.tuned(self.model)), progress.epochs
        progress.curve.append(score)
        progress.done = progress.step >= self.steps or self._no_gain(progress.curve)
        if self.path and not progress.done:
            state.save(self.path, self.key, progress, self.model, self.optimizer, best)
        return best

    def _step(self, step: int, rows: NDArray[np.int64]) -> None:
        rate = self.settings.learning_rate * learning_rate(step, self.steps, self.settings.schedule)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        _seed(self.device, seed_for(self.seed, "dropout", step))
        batch = pad(self.train_rows, rows, self.pad_id, self.device)
        self.model.train()
        loss = F.cross_entropy(self.model(batch.ids, batch.mask).float(), batch.labels)
        if not torch.isfinite(loss):
            raise NotFinite(
                f"the loss is {float(loss.detach())} at step {step + 1:,}",
                where=f"fine-tuning, seed {self.seed}",
                hint="the weights may hold NaN, or the learning rate is too high for this model",
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip is not None:
            nn.utils.clip_grad_norm_([*state.tuned(self.model).values()], self.settings.clip)
        self.optimizer.step()

    def _score(self) -> float:
        logits = predict(self.model, self.select_rows, self.pad_id, self.device)
        labels = self.select_rows.labels
        if self.settings.select_by == "loss":
            return -float(F.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels)))
        return all_values(labels, logits.argmax(1), self.classes)[self.settings.select_by]

    def _no_gain(self, curve: list[float]) -> bool:
        """Return whether patience has run out: epochs in a row without a gain on the best before them."""
        waited, best = 0, -np.inf
        for score in curve:
            waited = 0 if score > best + self.settings.gain else waited + 1
            best = max(best, score)
        return self.settings.patience is not None and waited >= self.settings.patience

    def _reason(self, progress: state.Progress) -> str:
        if progress.step < self.steps:
            return f"no gain in {self.settings.patience} epochs"
        if self.settings.max_steps is not None and self.steps < self.per_epoch * self.settings.epochs:
            return f"limited to {self.settings.max_steps} steps"
        return ""


def predict(model: nn.Module, tokens: Tokens, pad_id: int, device: str = "cpu") -> NDArray[np.float32]:
    """Return logits float32 ``[rows, classes]``, in the order of the rows.

    Raises:
        NotFinite: the model returned NaN or infinity.
    """
    model.eval()
    parts, rows = [], []
    with torch.no_grad():  # inference tensors, once cached by a model, cannot be trained on
        for chosen in scoring_order(tokens.lengths):
            batch = pad(tokens, chosen, pad_id, device)
            parts.append(model(batch.ids, batch.mask).float().cpu().numpy())
            rows.append(chosen)
    found = np.concatenate(parts)
    logits = np.empty_like(found)
    logits[np.concatenate(rows)] = found
    if not np.isfinite(logits).all():
        raise NotFinite("the classifier returned NaN or infinity", where="fine-tuning", hint="do the weights hold NaN?")
    return logits


def _groups(model: nn.Module, settings: FineTuneSettings) -> list[dict[str, object]]:
    free = [(name, weight) for name, weight in state.tuned(model).items()]
    spared = [weight for name, weight in free if any(part in name for part in settings.no_decay)]
    decayed = [weight for name, weight in free if not any(part in name for part in settings.no_decay)]
    groups: list[dict[str, object]] = [{"params": decayed}]
    return [*groups, {"params": spared, "weight_decay": 0.0}] if spared else groups


def _seed(device: str, seed: int) -> None:
    """Seed the draws on one device and no other: runs on other devices are in the middle of theirs."""
    if device.startswith("cuda"):
        torch.cuda.default_generators[torch.device(device).index or 0].manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
