"""What a run writes down about itself: in run.json, in events, on the model's card."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import tokenizers
import torch

from curation import __version__
from curation.core.artifact import atomic_file
from curation.core.exposure import ExposureMeter, Part
from curation.corpus import Corpus
from training import events, flops
from training.checkpoint import Progress
from training.config import Recipe
from training.errors import ResumeError
from training.export.folder import export
from training.hardware import Hardware
from training.objectives.objective import Loss
from training.optim.optimizer import is_hidden_matrix
from training.optim.settings import Muon
from training.run import Run
from training.steps import Steps

if TYPE_CHECKING:
    from training.batches.loader import Batches
    from training.optim.ema import Ema
    from training.prepare import Prepared
    from training.shards import Shards


def meter_of(recipe: Recipe, shards: Shards, progress: Progress) -> ExposureMeter:
    """Return the meter of words seen, at where a checkpoint left it.

    Raises:
        ResumeError: the checkpoint did not count by source.
    """
    meter = ExposureMeter([Part(name) for name in shards.source_names], limit=recipe.run.max_words_seen)
    if progress.words:
        if len(progress.seen) != len(meter.parts) or sum(progress.seen) != progress.words:
            hint = "start the run again with --force: its checkpoint is of an earlier version"
            raise ResumeError("the checkpoint does not say which sources its words are of", hint=hint)
        meter.seen[:] = progress.seen
    return meter


def describe(
    recipe: Recipe, settings: Any, corpus: Corpus, data: Prepared, steps: Steps, model: Any, hardware: Hardware
) -> dict[str, Any]:
    """Return what is known of a run before it starts."""
    shards = data.shards
    return {
        "identity": {"recipe": recipe.fingerprint(), "corpus": corpus.digest},
        "recipe": {"name": recipe.name, "seed": recipe.run.seed},
        "corpus": {
            "name": corpus.lock["name"],
            "folder": str(corpus.folder.resolve()),  # where it was: evaluation looks there for the model's own words
            "digest": corpus.digest,
            "words": corpus.words,
            "audit": _audit(corpus),
        },
        "data": {
            "words_trained_on": shards.words_total + shards.meta["words_without_tokens"],
            "words_held_out": 0 if data.heldout is None else data.heldout.words_total,
            "tokens": shards.tokens_total,
            "documents": len(shards.documents) - 1,
        },
        "tokenizer": {
            "digest": data.tokenizer.digest,
            "vocab_size": data.tokenizer.vocab_size,
            **data.tokenizer.record,
        },
        "auxiliary_models": [{"kind": "tokenizer", "digest": data.tokenizer.digest, **data.tokenizer.record}],
        "model": settings.model_dump(mode="json"),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "plan": {
            "steps": len(steps),
            "words": steps.words,
            "tokens": steps.tokens,
            "flops": planned_flops(recipe, settings, steps),
        },
        "hardware": hardware.as_dict(),
        "versions": {
            "curate": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "tokenizers": tokenizers.__version__,
        },
    }


def _audit(corpus: Corpus) -> str:
    try:
        found = json.loads((corpus.folder / "audit.json").read_text(encoding="utf-8"))
        exact = found["words"] == corpus.words
    except (OSError, ValueError, KeyError):
        return "no audit beside the corpus"
    return "words recounted: as the lock says" if exact else f"recounted {found['words']:,} words: NOT as the lock says"


def supervised_share(recipe: Recipe, step: int, steps: int) -> float:
    """Return the share of positions that have an answer, as the objective plans it."""
    objective = recipe.objective
    if objective.use == "masked":
        return objective.masking.rate(step, steps)
    if objective.use == "hybrid":
        return objective.causal_share + (1 - objective.causal_share) * objective.masking.rate(step, steps)
    return 1.0


def planned_flops(recipe: Recipe, settings: Any, steps: Steps) -> float:
    """Return the compute of all steps, planned."""
    total = len(steps)
    return sum(
        flops.flops_per_token(settings, steps.lengths[step], supervised_share(recipe, step, total)).total
        * steps.tokens_in(step)
        for step in range(total)
    )


def started(run: Run, hardware: Hardware, progress: Progress) -> events.TrainStarted:
    """Return the event of a run that starts, or starts again."""
    about, plan = run.record, run.record["plan"]
    return events.TrainStarted(
        recipe=about["recipe"]["name"],
        model=about["model"]["use"],
        parameters=about["parameters"],
        device=hardware.name,
        precision=hardware.precision,
        peak=hardware.peak(),
        steps=plan["steps"],
        first_step=progress.step,
        corpus_words=about["data"]["words_trained_on"],
        tokens=about["data"]["tokens"],
        words_planned=plan["words"],
        words_seen=progress.words,
        flops_planned=plan["flops"],
    )


def step_done(
    recipe: Recipe, steps: Steps, progress: Progress, loss: Loss, norm: float, rate: float, batches: Batches
) -> events.StepDone:
    """Return the event of a step."""
    step, total = progress.step - 1, len(steps)
    masking = getattr(recipe.objective, "masking", None)
    answers = loss.masked_count + loss.causal_count
    return events.StepDone(
        step=step,
        steps=total,
        loss=float(loss.total.detach()),
        masked_loss=float(loss.masked) / loss.masked_count if loss.masked_count else None,
        causal_loss=float(loss.causal) / loss.causal_count if loss.causal_count else None,
        learning_rate=rate,
        gradient_norm=norm,
        length=steps.lengths[step],
        rows=steps.counts[step],
        mask_rate=None if masking is None else masking.rate(step, total),
        words=progress.words,
        tokens=progress.tokens,
        epoch=round(batches.plan.epoch(step), 4),
        flops=progress.flops,
        seconds=round(progress.seconds, 3),
        extra={name: float(value) / max(answers, 1) for name, value in loss.extra.items()},
    )


def export_model(
    folder: Path,
    run: Run,
    recipe: Recipe,
    settings: Any,
    model: Any,
    ema: Ema | None,
    data: Prepared,
    progress: Progress,
) -> None:
    """Write the model as Hugging Face loads it, with the averaged weights if the run keeps an average."""
    about = run.record
    own = data.tokenizer.record.get("external")
    facts = {
        "corpus": about["corpus"],
        "words_trained_on": about["data"]["words_trained_on"],
        "words_held_out": about["data"]["words_held_out"],
        "words_seen": progress.words,
        "parameters": about["parameters"],
        "tokenizer": f"{data.tokenizer.vocab_size:,} tokens, "
        + ("brought from outside: its training text is unknown" if own else "trained on the same words"),
        "flops": progress.flops,
        "weights": "raw, of the last step" if ema is None else f"averaged, decay {ema.decay} a step",
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with nullcontext() if ema is None else ema.in_place_of(model):
        export(folder, recipe, settings, model.state_dict(), data.tokenizer, facts)


def keep_documents(path: Path, table: pa.Table | None) -> None:
    """Write what each held-out document cost: whoever compares two runs needs the error over texts."""
    if table is not None:
        with atomic_file(path) as partial:
            pq.write_table(table, partial)


def results(
    run: Run,
    recipe: Recipe,
    model: Any,
    progress: Progress,
    measured: events.HeldoutMeasured | None,
    stopped: str,
    teachers: list[Run],
    length: int,
    by_source: Mapping[str, int],
) -> dict[str, Any]:
    """Return what is known of a run when it ends."""
    auxiliary = [flops.tokenizer("of this run", float(run.record["tokenizer"].get("cpu_seconds", 0.0)))]
    for teacher in teachers:
        sizes = teacher.recipe().model.model_copy(update={"vocab_size": teacher.record["model"]["vocab_size"]})
        auxiliary += flops.teacher(
            teacher.folder.name, sizes, length=length, tokens=progress.tokens, training=teacher.record["flops"]["total"]
        )
    muon = 0.0
    if isinstance(recipe.optimizer, Muon):
        shapes = [p.shape for name, p in model.named_parameters() if is_hidden_matrix(name, p, recipe.optimizer)]
        muon = flops.muon_flops_per_step(shapes) * progress.step
    return {
        "result": {
            "steps": progress.step,
            "words_seen": progress.words,
            "words_seen_by_source": dict(by_source),
            "tokens_seen": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "bits_per_byte": None if measured is None else dict(measured.bits_per_byte),
            "pseudo": None if measured is None else measured.pseudo,
            "milestones": progress.marks,
            "stopped": stopped,
        },
        "teachers": [{"folder": run.folder.name, "identity": run.record["identity"]} for run in teachers],
        "flops": flops.run_report(
            student=progress.flops,
            tokens=progress.tokens,
            parameters=run.record["parameters"],
            auxiliary=auxiliary,
            optimizer=muon,
        ),
    }


def done(run: Run, *, reused: bool) -> events.TrainDone:
    """Return the event of a run that is whole."""
    result = run.record["result"]
    return events.TrainDone(
        folder=str(run.folder),
        model=str(run.model),
        steps=result["steps"],
        words=result["words_seen"],
        tokens=result["tokens_seen"],
        flops=run.record["flops"]["total"],
        seconds=result["seconds"],
        bits_per_byte=result["bits_per_byte"] or {},
        stopped=result["stopped"],
        reused=reused,
    )
