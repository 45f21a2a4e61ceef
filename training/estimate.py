"""A dry run: what a run will cost, from a few steps of the real model on the real data, before it starts."""

from __future__ import annotations

import time
from typing import Any

import torch

from curation.core.fingerprint import seed_for
from curation.corpus import Corpus
from curation.display import memory_mib
from training import record
from training.batches.loader import Batches
from training.config import Recipe
from training.display import in_time
from training.flops import flops_per_token
from training.hardware import Hardware
from training.learner import Gradients, Learner, build_model, objective_for, teachers_of
from training.optim.optimizer import build as build_optimizer
from training.optim.optimizer import clip_gradients
from training.prepare import prepare
from training.steps import plan_steps
from training.train import Options, fits, unchanged

#: Tokens that a measured part of a batch has at most, and parts that are measured for each row length.
TOKENS_AT_ONCE = 4096
PARTS = 4


def estimate(recipe: Recipe, options: Options) -> dict[str, Any]:
    """Return words, tokens, steps, FLOPs, and measured speed, time and memory; writes only to the cache.

    Raises:
        CurateError: corpus, recipe, tokenizer or teachers do not fit each other, as the run itself would say.
    """
    corpus = unchanged(Corpus.open(options.corpus))
    hardware = Hardware.choose(recipe.run.precision)
    data = prepare(
        corpus,
        recipe,
        cache=options.cache,
        workers=hardware.threads,
        own_tokenizer=options.tokenizer,
        heldout=options.heldout,
        listen=options.listen,
    )
    seed = recipe.run.seed
    objective = objective_for(recipe.objective, data.vocabulary, seed)
    accelerator = hardware.accelerator()

    def batches_of(lengths: list[int], counts: list[int]) -> Batches:
        return Batches(data.shards, data.vocabulary, recipe.data.layout, objective, lengths, counts, seed=seed)

    steps = plan_steps(recipe, data.shards, batches_of)
    settings = recipe.model.model_copy(update={"vocab_size": recipe.model.vocab_size or data.vocabulary.size})
    fits(settings, data.vocabulary.size, max(steps.lengths))
    model = build_model(settings, seed)
    teachers_of(recipe.objective, objective, accelerator.device)
    optimizer = build_optimizer(model, recipe.optimizer)
    model.to(accelerator.device)
    learner, optimizer = accelerator.prepare(Learner(model, objective), optimizer)
    gradients = Gradients(accelerator, learner, None)
    seconds, per_length = 0.0, {}
    for length in sorted(set(steps.lengths)):
        positions = sum(steps.tokens_in(step) for step in range(len(steps)) if steps.lengths[step] == length)
        most = max(count for count, at in zip(steps.counts, steps.lengths, strict=True) if at == length)
        rows = max(min(most, TOKENS_AT_ONCE // length), 1)
        batches = batches_of([length] * PARTS, [rows] * PARTS)
        best, moved = float("inf"), float("inf")
        for number in range(PARTS):
            torch.manual_seed(seed_for(seed, "dry run", number))
            start = time.perf_counter()
            gradients.of(batches[number])
            middle = time.perf_counter()
            clip_gradients(model, recipe.optimizer.clip)
            optimizer.step()
            optimizer.zero_grad()
            best, moved = min(best, middle - start), min(moved, time.perf_counter() - middle)
        count = sum(1 for at in steps.lengths if at == length)
        part = best / (rows * length) * positions + moved * count
        seconds += part
        per_length[length] = rows * length / best
    flops = record.planned_flops(recipe, settings, steps)
    peak = hardware.peak()
    full = flops_per_token(settings, max(steps.lengths), 1.0).total
    return {
        "recipe": recipe.name,
        "device": hardware.name,
        "precision": hardware.precision,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "words_trained_on": data.shards.words_total,
        "steps": len(steps),
        "tokens": steps.tokens,
        "words_seen": steps.words,
        "flops": flops,
        "flops_per_token": full,
        "tokens_per_second": per_length,
        "words_per_second": steps.words / seconds,
        "seconds": seconds,
        "mfu": None if peak is None else flops / seconds / peak,
        "memory_mib": _memory(accelerator.device),
        "rows_measured_at_once": gradients.rows_at_once or "all",
    }


def _memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return memory_mib()


def in_words(found: dict[str, Any]) -> str:
    """Return an estimate as a person reads it."""
    speeds = ", ".join(f"{speed:,.0f} at length {length}" for length, speed in found["tokens_per_second"].items())
    share = "" if found["mfu"] is None else f" ({found['mfu']:.0%} of the device's peak)"
    return (
        f"{found['recipe']}: {found['parameters']:,} parameters, on {found['device']} in {found['precision']}\n"
        f"  {found['steps']:,} steps, {found['tokens']:,} tokens, about {found['words_seen']:,} words seen "
        f"of {found['words_trained_on']:,}\n"
        f"  {found['flops']:.3g} FLOPs\n"
        f"  tokens a second: {speeds}{share}\n"
        f"  about {in_time(found['seconds'])}, {found['words_per_second']:,.0f} words/s\n"
        f"  {found['memory_mib']:,.0f} MiB with at most {TOKENS_AT_ONCE:,} tokens at once\n"
        "  nothing was written but the cache"
    )
