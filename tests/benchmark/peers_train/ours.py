"""curate's own training step: the loop's batches, objective, model, gradient, clipping and optimiser.

Nothing here is faster than ``training/train.py``: the same classes, in its order, on the benchmark's token file. What a
run does beside its steps (held-out text, milestones, checkpoints) is left out on both sides.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from curation.core.fingerprint import seed_for
from tests.benchmark.peers_train import common
from tests.benchmark.peers_train.common import Clock, Job
from training.batches.loader import Batches
from training.batches.settings import Packed, Stream
from training.hardware import Hardware
from training.learner import Gradients, Learner, build_model, objective_for
from training.models.settings import ModelSettings
from training.objectives.settings import Causal, Hybrid, Masked, Masking
from training.objectives.special import Vocabulary
from training.optim.optimizer import build as build_optimizer
from training.optim.optimizer import clip_gradients
from training.optim.settings import Adamw, Lamb

SEED = 1


def shards(job: Job) -> Any:
    """The token file in the terms of ``training.shards``."""
    tokens = np.memmap(job.tokens, np.uint16, "r")
    documents = np.load(Path(job.tokens).with_name("documents.npy"))
    words = np.ones(len(tokens), np.uint8)
    return SimpleNamespace(tokens=tokens, documents=documents, sentences=None, words=words)


def settings(job: Job) -> tuple[Any, Any, Any]:
    """Model, objective and layout of a job."""
    sizes = {
        "use": job.family,
        "vocab_size": job.vocabulary,
        "hidden_size": job.width,
        "intermediate_size": job.inner,
        "num_hidden_layers": job.layers,
        "num_attention_heads": job.heads,
    }
    if job.dropout is not None:
        names = ("attention_probs_dropout_prob",) if job.family == "llama" else (
            "hidden_dropout_prob", "attention_probs_dropout_prob",
        )  # fmt: skip
        sizes |= dict.fromkeys(names, job.dropout)
    model = TypeAdapter(ModelSettings).validate_python(sizes)
    if job.family == "gpt_bert":
        masking = Masking(use="gpt_bert_spans", start=job.mask_rate)
        return model, Hybrid(causal_share=job.causal_share, masking=masking), Packed()
    if job.family == "bert":
        return model, Masked(masking=Masking(use="tokens", start=job.mask_rate)), Stream(end=False)
    return model, Causal(), Stream(end=False)


def main() -> None:
    """Train until the clock stops."""
    job = common.read_job()
    model_settings, objective_settings, layout = settings(job)
    hardware = Hardware.choose("bf16" if job.bf16 else "auto")
    accelerator = hardware.accelerator()
    vocabulary = Vocabulary(
        job.vocabulary, common.BEGIN, common.END, common.PAD, common.MASK, tuple(range(common.SPECIALS))
    )
    objective = objective_for(objective_settings, vocabulary, SEED)
    steps = common.MANY_STEPS
    lengths, counts = [job.length] * steps, [job.rows] * steps
    batches = Batches(shards(job), vocabulary, layout, objective, lengths, counts, seed=SEED)
    model = build_model(model_settings, SEED)
    chosen = {"adamw": Adamw, "lamb": Lamb}[job.optimizer]
    optimizer_settings = chosen(lr=common.RATE, betas=common.BETAS, weight_decay=common.DECAY, clip=common.CLIP)
    optimizer = build_optimizer(model, optimizer_settings)
    if job.compiled:
        model.hidden = torch.compile(model.hidden, dynamic=False)
    learner, optimizer = accelerator.prepare(Learner(model, objective), optimizer)
    gradients = Gradients(accelerator, learner, None)
    clock = Clock(job)
    model.train()
    norm = 0.0
    for step, batch in enumerate(batches.loader(0, workers=0, pin=False)):
        if clock.tick():
            break
        torch.manual_seed(seed_for(SEED, "dropout", step, 0))
        loss = gradients.of(batch)
        accelerator.unscale_gradients(optimizer)
        norm = clip_gradients(model, optimizer_settings.clip)
        optimizer.step()
        optimizer.zero_grad()
        told = {"loss": loss.total, "masked": loss.masked, "causal": loss.causal}  # the loop writes them at each step
        json.dumps({name: float(value) for name, value in told.items()} | {"norm": norm})
    clock.answer(model, norm=norm)


if __name__ == "__main__":
    sys.exit(main())
