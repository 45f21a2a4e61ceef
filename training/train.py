"""A training run, top to bottom: read the corpus, plan the steps, build the model, step, write.

Everything random is a function of (seed, step): a run that was killed and resumed ends with the same weights, bit for
bit on one kind of device, whatever the number of loader workers. Nothing here prints; a listener is told.
"""

from __future__ import annotations

import math
import shutil
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from curation.core.artifact import only_one, sweep
from curation.core.errors import CorpusError, OutputError
from curation.core.events import Listener, Warned, ignore
from curation.core.fingerprint import seed_for
from curation.corpus import Corpus, file_digests
from training import checkpoint, events, record, trackers
from training.batches.loader import Batches
from training.checkpoint import Progress
from training.config import Recipe
from training.errors import Diverged, RecipeError, ResumeError
from training.flops import flops_per_token
from training.hardware import Hardware
from training.heldout import Heldout
from training.learner import Gradients, Learner, build_model, objective_for, teachers_of
from training.optim import schedule
from training.optim.ema import Ema
from training.optim.optimizer import build as build_optimizer
from training.optim.optimizer import clip_gradients
from training.prepare import prepare
from training.run import HELDOUT, Metrics, Run
from training.steps import plan_steps
from training.stop import StopSignal

#: Gradient norms that a spike is measured against.
RECENT = 100


@dataclass(frozen=True)
class Options:
    """Where a run reads and writes, and what does not change its weights."""

    corpus: Path
    """A corpus folder."""

    out: Path
    """The run folder."""

    cache: Path
    """Where tokenizers and token shards are kept."""

    workers: int = 0
    """Processes that make batches; 0 makes them in the training process."""

    resume: bool = False
    """Go on with the run in ``out``, if there is one."""

    force: bool = False
    """Replace what ``out`` holds."""

    tokenizer: Path | None = None
    """A tokenizer.json of one's own, instead of one trained on the corpus."""

    heldout: Mapping[str, Path] = field(default_factory=dict)
    """Further held-out texts by name."""

    loggers: tuple[str, ...] = ()
    """Trackers beside metrics.jsonl: `tensorboard`, `trackio`, `wandb`."""

    listen: Listener = ignore
    """Is told what happens."""


def train(recipe: Recipe, options: Options) -> Run:
    """Train the model of a recipe on a corpus.

    Raises:
        CorpusError: the corpus folder is not whole, or was changed since it was built.
        RecipeError: the recipe does not fit the corpus or the hardware.
        ResumeError: the folder holds another run.
        Diverged: too many steps in a row had no usable gradient.
        OutputError: nothing can be written; what is on disk is whole.
        KeyboardInterrupt: it was asked to stop, and has saved a checkpoint.
    """
    hardware = Hardware.choose(recipe.run.precision)
    accelerator = hardware.accelerator()
    if not accelerator.is_main_process:
        return _train(recipe, replace(options, listen=ignore, loggers=(), force=False), hardware, accelerator)
    with only_one(options.out.with_name(f".{options.out.name}.lock"), "the run"):
        return _train(recipe, options, hardware, accelerator)


def _train(  # noqa: C901, PLR0912, PLR0915  (one run, read top to bottom)
    recipe: Recipe, options: Options, hardware: Hardware, accelerator: Any
) -> Run:
    seed, listen = recipe.run.seed, options.listen
    trackers.check(options.loggers)
    rank, world, first = accelerator.process_index, accelerator.num_processes, accelerator.is_main_process

    # What there is to learn from. A changed corpus or recipe is another run. Of several processes the first one writes.
    with accelerator.main_process_first():
        corpus = unchanged(Corpus.open(options.corpus))
        run = _existing(options, recipe, corpus)
        if run is not None and run.done:
            listen(record.done(run, reused=True))
            return run
        data = prepare(
            corpus,
            recipe,
            cache=options.cache,
            workers=hardware.threads,
            own_tokenizer=options.tokenizer,
            heldout=options.heldout,
            listen=listen,
        )
    objective = objective_for(recipe.objective, data.vocabulary, seed)

    # What each step reads.
    def batches_of(lengths: list[int], counts: list[int]) -> Batches:
        layout = recipe.data.layout
        return Batches(
            data.shards, data.vocabulary, layout, objective, lengths, counts, seed=seed, rank=rank, world=world
        )

    steps = plan_steps(recipe, data.shards, batches_of)
    _enough_rows(min(steps.counts), world)
    batches = batches_of(steps.lengths, steps.counts)

    if recipe.run.max_words_seen is not None and steps.words > recipe.run.max_words_seen:
        most = f"{recipe.run.max_words_seen:,}"
        listen(Warned(f"about {steps.words:,} words are planned, and the run stops at {most}: before its cooldown"))

    # What learns.
    settings = recipe.model.model_copy(update={"vocab_size": recipe.model.vocab_size or data.vocabulary.size})
    fits(settings, data.vocabulary.size, max(steps.lengths))
    model = build_model(settings, seed)
    teachers = teachers_of(recipe.objective, objective, accelerator.device)
    optimizer = build_optimizer(model, recipe.optimizer)
    rates = [group["lr"] for group in optimizer.param_groups]
    ema = Ema(model, recipe.optimizer.ema) if recipe.optimizer.ema else None
    heldout = Heldout.of(recipe, data.heldout, data.vocabulary, max(steps.lengths))

    # Where it stands: at the start, or where a checkpoint left it.
    accelerator.wait_for_everyone()
    if run is None and first:
        about = record.describe(recipe, settings, corpus, data, steps, model, hardware)
        run = Run.create(options.out, recipe, data.tokenizer, about)
    accelerator.wait_for_everyone()
    run = run or Run.open(options.out)
    if first:
        sweep(run.folder)
    progress = Progress(rows_at_once=recipe.run.rows_at_once)
    checkpoints = run.folder / "checkpoints"
    saved = checkpoint.found(checkpoints)
    if saved:
        progress = checkpoint.restore(saved[-1], model, optimizer, ema, accelerator.scaler)
    meter = record.meter_of(recipe, data.shards, progress)
    model.to(accelerator.device)
    if recipe.run.compile:
        model.hidden = torch.compile(model.hidden, dynamic=False)
    learner, optimizer = accelerator.prepare(Learner(model, objective), optimizer)
    gradients = Gradients(accelerator, learner, progress.rows_at_once)
    listen(record.started(run, hardware, progress))

    def keep() -> None:
        metrics.flush()
        if first:
            folder = checkpoint.save(checkpoints, progress, model, optimizer, ema, accelerator.scaler)
            listen(events.CheckpointSaved(progress.step, str(folder)))

    # The loop. A stopped run saves where it is; nothing between two steps is ever half done.
    model.train()
    stopped = ""
    last_keep = last_step = time.monotonic()
    lines = run.folder / "metrics.jsonl" if first else None
    with Metrics(lines, before_step=progress.step, loggers=options.loggers) as metrics, StopSignal() as asked_to_stop:
        for batch in batches.loader(progress.step, workers=options.workers, pin=hardware.pins):
            step = progress.step
            if not meter.fits(batch.words_by_source):
                stopped = f"at the exposure limit of {meter.limit:,} words seen"
                break

            factor = schedule.learning_rate(step, len(steps), recipe.schedule)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            torch.manual_seed(seed_for(seed, "dropout", step, rank))
            loss = gradients.of(batch)
            accelerator.unscale_gradients(optimizer)
            norm = clip_gradients(model, recipe.optimizer.clip)
            reason = _unusable(norm, progress.norms, recipe.run.spike)
            if not reason:
                optimizer.step()
                if ema is not None:
                    ema.update(model)
            elif accelerator.scaler is not None:
                accelerator.scaler.update()  # lowers a scale that was too high
            optimizer.zero_grad()

            now = time.monotonic()
            supervised = (loss.masked_count + loss.causal_count) / max(loss.positions, 1)
            cost = flops_per_token(settings, steps.lengths[step], supervised).total * steps.tokens_in(step)
            reached = meter.see(batch.words_by_source)
            progress.seen = meter.seen.tolist()
            progress.advance(batch.words, batch.tokens, cost, now - last_step, gradients.rows_at_once)
            last_step = now
            if reason:
                progress.skipped += 1
                listen(events.StepSkipped(step, norm, reason))
                metrics.write({"event": "StepSkipped", "step": step, "reason": reason})
                if progress.skipped > recipe.run.max_skipped:
                    raise _diverged(run, progress, reason)
            else:
                progress.skipped = 0
                progress.norms = [*progress.norms[1 - RECENT :], norm]
            told = record.step_done(recipe, steps, progress, loss, norm, optimizer.param_groups[0]["lr"], batches)
            metrics.write(told.as_dict())
            listen(told)

            if heldout is not None and heldout.due(step, len(steps)):
                measured = heldout.event(model, ema, progress, accelerator.device)
                metrics.write(measured.as_dict())
                listen(measured)
            for mark in reached:
                folder = run.folder / "milestones" / mark
                if first:
                    record.export_model(folder, run, recipe, settings, model, ema, data, progress)
                progress.marks.append(mark)
                listen(events.MilestoneSaved(mark, progress.words, str(folder)))
            stop = asked_to_stop.anywhere(accelerator)
            if stop or time.monotonic() - last_keep > 60 * recipe.run.checkpoint_minutes:
                keep()
                last_keep = time.monotonic()
                if stop:
                    raise KeyboardInterrupt

        # What comes out.
        keep()
        final = None if heldout is None else heldout.event(model, ema, progress, accelerator.device)
        if final is not None:
            metrics.write(final.as_dict())
            listen(final)
    if first:
        if heldout is not None:
            record.keep_documents(run.folder / HELDOUT, heldout.by_document())
        record.export_model(run.model, run, recipe, settings, model, ema, data, progress)
        longest = max(steps.lengths)
        outcome = record.results(run, recipe, model, progress, final, stopped, teachers, longest, meter.by_source())
        run.save(status="done", **outcome)
    accelerator.wait_for_everyone()
    run = run if first else Run.open(run.folder)
    listen(record.done(run, reused=False))
    return run


def unchanged(corpus: Corpus) -> Corpus:
    """Hold the corpus's files against its lock, and return it.

    Raises:
        CorpusError: a file is missing, was changed, or is not of this corpus.
    """
    there = file_digests(corpus.folder / "data")
    more = sorted(name for name in there if name.endswith(".parquet") and f"data/{name}" not in corpus.lock["files"])
    if more:
        hint = "remove it, or build the corpus again: what is trained on must be what the lock describes"
        raise CorpusError(f"data/{more[0]} is not of this corpus", where=str(corpus.folder), hint=hint)
    for name, expected in corpus.lock["files"].items():
        if not name.startswith("data/"):
            continue
        found = there.get(name.removeprefix("data/"))
        if found is None or found["sha256"] != expected["sha256"]:
            what = "is missing" if found is None else "was changed since the corpus was built"
            hint = "build the corpus again: what is trained on must be what the lock describes"
            raise CorpusError(f"{name} {what}", where=str(corpus.folder), hint=hint)
    return corpus


def _existing(options: Options, recipe: Recipe, corpus: Corpus) -> Run | None:
    """Return the run to go on with, or None to start one."""
    folder = options.out
    if Run.unborn(folder):
        return None
    if options.force:
        if not (folder / "run.json").is_file():
            hint = "--force replaces runs only: remove the folder yourself, or choose another with --out"
            raise OutputError("holds something that is no run", where=str(folder), hint=hint)
        shutil.rmtree(folder)
        return None
    if not (folder / "run.json").is_file():
        raise OutputError("exists and holds no run", where=str(folder), hint="choose another folder with --out")
    run = Run.open(folder)
    wanted = {"recipe": recipe.fingerprint(), "corpus": corpus.digest}
    other = [name for name, value in wanted.items() if run.record["identity"][name] != value]
    if other:
        raise ResumeError(
            f"holds a run of another {' and '.join(other)}",
            where=str(folder),
            hint="choose another folder with --out, or replace that run with --force",
        )
    if not options.resume and not run.done:
        raise ResumeError(
            "holds an unfinished run", where=str(folder), hint="go on with --resume, or --force a new one"
        )
    return run


def _enough_rows(fewest: int, processes: int) -> None:
    if fewest < processes:
        raise RecipeError(
            f"a step has {fewest} rows for {processes} processes",
            where="schedule.rows",
            hint="start fewer processes, or raise schedule.rows",
        )


def fits(settings: Any, vocabulary: int, longest: int) -> None:
    """Check that a model has room for the vocabulary and for the longest rows.

    Raises:
        RecipeError: it has not.
    """
    size, positions = settings.vocab_size, settings.max_position_embeddings
    if size < vocabulary:
        raise RecipeError(
            f"the model's vocabulary is {size}, the tokenizer's {vocabulary}",
            where="model.vocab_size",
            hint="leave it out: the tokenizer's size is taken",
        )
    if settings.use in {"gpt2", "llama", "bert", "roberta"} and longest > positions:
        raise RecipeError(
            f"rows of {longest} tokens do not fit {positions} positions",
            where="model.max_position_embeddings",
            hint="raise it, or shorten schedule.length",
        )


def _unusable(norm: float, recent: list[float], spike: float | None) -> str:
    """Return why a gradient must not be used, or nothing."""
    if not math.isfinite(norm):
        return "the gradient is not finite"
    if spike is not None and len(recent) >= RECENT // 2 and norm > spike * statistics.median(recent):
        return f"the gradient norm is {norm:.3g}, more than {spike:g} times the recent median"
    return ""


def _diverged(run: Run, progress: Progress, reason: str) -> Diverged:
    return Diverged(
        f"{progress.skipped} steps in a row had to be skipped, the last at step {progress.step}: {reason}",
        where=str(run.folder),
        hint="lower optimizer.lr or lengthen schedule.warmup; checkpoints from before are kept",
    )
