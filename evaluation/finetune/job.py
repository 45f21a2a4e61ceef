"""One seed from the encoder to its result; what is on disk of it is not done again."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

from curation.core.fingerprint import fingerprint, seed_for
from evaluation.finetune import seed_run
from evaluation.finetune.adapters import add_adapters
from evaluation.finetune.classifier import Classifier, Place
from evaluation.finetune.degenerate import degenerate
from evaluation.finetune.encoder import Encoder
from evaluation.finetune.examples import Tokens
from evaluation.finetune.metrics import all_values, majority
from evaluation.finetune.progress import Listen
from evaluation.finetune.seed_run import SeedRun
from evaluation.finetune.settings import FineTuneSettings
from evaluation.finetune.train import Trainer, predict


@dataclass(frozen=True)
class Job:
    """What all seeds have in common."""

    encoder: Encoder
    settings: FineTuneSettings
    classes: int
    metric: str
    train: Tokens
    select: Tokens
    scored: Tokens
    place: Place
    length: int
    key: str
    folder: Path | None
    name: str
    trained_as: str
    keep: bool

    def run(self, seed: int, device: str, listen: Listen) -> SeedRun:
        """Train and score a seed, or return what is there of it."""
        key = fingerprint(self.key, seed)
        whole = fingerprint(key, digest_of(self.scored))
        done = self.folder / self.name / f"seed-{seed}.json" if self.folder else None
        path = self.folder / self.trained_as / f"seed-{seed}.safetensors" if self.folder else None
        found = seed_run.read(done, whole) if done else None
        if found is not None:
            listen(1, 1)
            return found
        model = self._model(seed).to(device)
        pad_id = self.encoder.pad_id
        trainer = Trainer(
            model,
            self.train,
            self.select,
            self.settings,
            classes=self.classes,
            seed=seed,
            pad_id=pad_id,
            device=device,
            path=path,
            key=key,
            listen=listen,
        )
        trained = trainer.run()
        logits = predict(model, self.scored, pad_id, device)
        labels, predictions = self.scored.labels, logits.argmax(1)
        values = all_values(labels, predictions, self.classes)
        floor = majority(labels, self.classes)[self.metric]
        run = SeedRun(
            seed=seed,
            metrics=values,
            predictions=tuple(int(answer) for answer in predictions),
            best_epoch=trained.best_epoch,
            epochs=trained.epochs,
            steps=trained.steps,
            curve=trained.curve,
            stopped=trained.stopped,
            degenerate=degenerate(labels, logits, values[self.metric], floor),
        )
        if done:
            seed_run.write(done, whole, run)
        if path and not self.keep and self.trained_as == self.name:
            path.unlink(missing_ok=True)
        listen(1, 1)
        return run

    def _model(self, seed: int) -> Classifier:
        module = copy.deepcopy(self.encoder.module)
        module.requires_grad_(requires_grad=self.settings.lora is None)
        if self.settings.lora is not None:
            add_adapters(module, self.settings.lora, seed_for(seed, "adapters"))
        size = self.encoder.hidden_size
        return Classifier(module, size, self.classes, self.settings, self.place, seed_for(seed, "head"))


def digest_of(tokens: Tokens) -> str:
    """Return a fingerprint of rows: of ids and labels."""
    return fingerprint([list(map(int, row)) for row in tokens.ids], tokens.labels.tolist())
