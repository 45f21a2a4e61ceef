"""One run of one arm, in a worker process: train (up to a rung, or to the end), evaluate, say what came out."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from curation.core.artifact import only_one, write_text
from curation.core.errors import CurateError, OutputError
from curation.core.events import Event
from evaluation.ablation.settings import AREA, BITS, MEAN, MEASURED
from evaluation.ablation.task_scores import TaskScores, evaluate_run
from evaluation.stats.learning_curve import curve_area

SCORES = "scores.json"
COST = "cost.json"
#: Parts of the CPU seconds of a run that are counted by themselves.
PARTS = ("heldout_cpu_seconds", "tasks_cpu_seconds")
#: Seconds that a run waits for another process to leave its folder.
PATIENCE = 60.0
#: Seconds between two reports of a run.
REPORT_EVERY = 1.0


@dataclass(frozen=True)
class Job:
    """What a worker is told; all of it is plain, so that it can be sent.

    Attributes:
        arm: name of the arm.
        seed: of weights, order and masks.
        corpus: folder that is trained on.
        words_from: folder of the base's corpus: all arms answer the same grounded items.
        folder: of the run.
        recipe: name or file.
        changes: of the recipe, ``key=value``.
        heldout: domain to text file.
        tasks: are evaluated at the end.
        limit: items a paradigm.
        data: evaluation data.
        cache: tokenizers and tokens.
        until: share of the run at which to pause, or None to go to the end.
        wanted: fingerprint of all that decides the model and its bits per byte.
        asked: fingerprint of all that decides the scores of its tasks: another one needs no other model.
    """

    arm: str
    seed: int
    corpus: str
    words_from: str
    folder: str
    recipe: str
    changes: tuple[str, ...]
    heldout: dict[str, str]
    tasks: tuple[str, ...]
    limit: int | None
    data: str | None
    cache: str
    until: float | None
    wanted: str
    asked: str = ""


@dataclass(frozen=True)
class RunScores:
    """What a run gave.

    Attributes:
        metrics: name to value.
        curve: words seen, FLOPs, then bits per byte by domain, at each measurement.
        cost: CPU seconds, of them for held-out text and for tasks, and seconds, of all starts; FLOPs, words and tokens
            seen; peak MiB of the last start.
        task_seconds: CPU seconds by task.
        notes: tasks that gave no value, and why.
        again: a task failed: another start tries it again.
        failed: why there are no metrics, or nothing.
    """

    arm: str
    seed: int
    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)
    cost: dict[str, float] = field(default_factory=dict)
    task_seconds: dict[str, float] = field(default_factory=dict)
    groups: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    folder: str = ""
    wanted: str = ""
    asked: str = ""
    reached: float = 1.0
    notes: tuple[str, ...] = ()
    again: bool = False
    failed: str = ""


def saved(job: Job) -> RunScores | None:
    """Return what a start of this job left, if it got as far and was asked the same."""
    try:
        scores = RunScores(**json.loads((Path(job.folder) / SCORES).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    enough = scores.reached >= (job.until or 1.0) and not scores.failed
    same = scores.wanted == job.wanted and (job.until is not None or scores.asked == job.asked)
    return replace(scores, folder=job.folder) if same and enough else None  # another place, or seen from another


def kept(job: Job) -> RunScores | None:
    """Return what an earlier start of this job left, if nothing of it is to be tried again."""
    scores = saved(job)
    return None if scores is None or (scores.again and job.until is None) else scores


def work(job: Job, threads: int, device: str | None, reports: Connection) -> None:
    """Do a run in a process of its own, and say through the pipe how far it is, or why it failed.

    Ends with 0 when the scores are written, with 130 when it was told to stop.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # outside the training loop too, a stop is orderly
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device  # before CUDA is asked for anything
    try:
        import torch  # noqa: PLC0415  (heavy)

        torch.set_num_threads(threads)
        do(job, _reporter(reports))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001  (whatever ends a run is that run's failure, told to the parent)
        told = str(error)
        if not isinstance(error, CurateError):
            last = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
        with suppress(OSError):
            reports.send(told)
        sys.exit(1)


def _reporter(reports: Connection) -> Callable[[float], None]:
    last = [time.monotonic()]

    def report(share: float) -> None:
        if time.monotonic() - last[0] > REPORT_EVERY:
            last[0] = time.monotonic()
            try:
                reports.send(share)
            except OSError:  # the parent is gone: save the state and end
                signal.raise_signal(signal.SIGTERM)

    return report


def do(job: Job, report: Callable[[float], None]) -> RunScores:
    """Train and evaluate, and leave the scores in the run's folder.

    Args:
        job: the run.
        report: is told the share of training that is done.

    Raises:
        CurateError: what a user can mend.
        KeyboardInterrupt: it was told to stop; the state is saved.
    """
    done = kept(job)
    if done is not None:
        return done
    with _alone(job):
        _own_folder(job)
        before, begun, cpu = spent(job), time.monotonic(), _cpu()
        parts = dict.fromkeys(PARTS, 0.0)

        def cost() -> dict[str, float]:
            now = {"cpu_seconds": _cpu() - cpu, "seconds": time.monotonic() - begun, **parts}
            return {name: round(value + before.get(name, 0.0), 2) for name, value in now.items()}

        try:
            scores = _train_and_score(job, report, parts)
        finally:  # a run that is paused or fails has cost something as well
            with suppress(CurateError):
                write_text(Path(job.folder) / COST, json.dumps(cost()) + "\n")
        scores = replace(scores, cost={**scores.cost, **cost()})
        if scores.reached >= 1.0:  # nothing goes on from here: two thirds of a run's files
            shutil.rmtree(Path(job.folder) / "run" / "checkpoints", ignore_errors=True)
        write_text(Path(job.folder) / SCORES, json.dumps(asdict(scores), allow_nan=False) + "\n")
        return scores


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Hold the run's folder; one that a parent left behind when it was killed is given time to save its state."""
    until = time.monotonic() + PATIENCE
    place = Path(job.folder)
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(only_one(place.with_name(f".{place.name}.lock"), "the run"))
                break
            except OutputError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.5)
        yield


def _own_folder(job: Job) -> None:
    """Clear what a run of other settings or other held-out text left in this place: it answers another question."""
    folder = Path(job.folder)
    mark = folder / "wanted"
    try:
        same = mark.read_text(encoding="utf-8") == job.wanted
    except OSError:
        same = not folder.exists()
    if not same:
        shutil.rmtree(folder, ignore_errors=True)
    write_text(mark, job.wanted)


def _train_and_score(job: Job, report: Callable[[float], None], parts: dict[str, float]) -> RunScores:
    from training.config import load_recipe  # noqa: PLC0415  (heavy)
    from training.events import HeldoutMeasured, StepDone  # noqa: PLC0415
    from training.run import Run, read_metrics  # noqa: PLC0415
    from training.train import Options, train  # noqa: PLC0415

    folder = Path(job.folder)
    reached, last = [0.0], [_cpu()]

    def listen(event: Event) -> None:
        """Pause at the rung as Ctrl-C would: the loop saves its state between two steps."""
        if isinstance(event, StepDone):
            report((event.step + 1) / event.steps / (job.until or 1.0))
            last[0] = _cpu()
        if isinstance(event, HeldoutMeasured):
            parts["heldout_cpu_seconds"] += _cpu() - last[0]
            total = Run.open(folder / "run").record["plan"]["steps"]
            interval = max(round(total / MEASURED), 1)  # as training.heldout counts
            finished = event.step + 1
            reached[0] = 1.0 if finished >= total else min(1.0, finished // interval / MEASURED)
            if job.until is not None and reached[0] >= job.until - 1e-9:
                signal.raise_signal(signal.SIGTERM)  # a second one, of the deadline, does not interrupt a step

    recipe = load_recipe(job.recipe, [*job.changes, f"run.seed={job.seed}"])
    options = Options(
        corpus=Path(job.corpus),
        out=folder / "run",
        cache=Path(job.cache),
        resume=True,
        heldout={name: Path(path) for name, path in job.heldout.items()},
        listen=listen,
    )
    paused = False
    try:
        run = train(recipe, options)
    except KeyboardInterrupt:
        if job.until is None or reached[0] < job.until - 1e-9:
            raise  # a person's, not ours
        paused = True
        run = Run.open(folder / "run")
    lines = read_metrics(run.folder)
    curve = [line for line in lines if "bits_per_byte" in line]
    steps = [line for line in lines if "flops" in line]
    flops = {line["step"]: float(line["flops"]) for line in steps}
    points = [
        {
            "words": line["words"],
            "flops": flops.get(line["step"]),
            **_bits(line["bits_per_byte"]),
        }
        for line in curve
    ]
    metrics = _bits(curve[-1]["bits_per_byte"]) if curve else {}
    cost = {
        "words_seen": float(steps[-1]["words"]) if steps else 0.0,
        "tokens_seen": float(steps[-1]["tokens"]) if steps else 0.0,
        "flops": float(steps[-1]["flops"]) if steps else 0.0,
    }
    scored = TaskScores()
    if not paused:
        metrics |= areas(points)
        begun = _cpu()
        try:
            if job.tasks:
                scored = evaluate_run(
                    run.folder,
                    folder / "evaluation",
                    job.tasks,
                    data=None if job.data is None else Path(job.data),
                    words_from=Path(job.words_from),
                    limit=job.limit,
                )
        finally:
            parts["tasks_cpu_seconds"] += _cpu() - begun
    cost["peak_mib"] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    )
    return RunScores(
        job.arm,
        job.seed,
        metrics=metrics | scored.metrics,
        curve=points,
        cost=cost,
        task_seconds=scored.cpu_seconds,
        groups=scored.groups,
        floors=scored.floors,
        notes=tuple(scored.notes),
        again=scored.again,
        folder=job.folder,
        wanted=job.wanted,
        asked="" if paused else job.asked,
        reached=1.0 if job.until is None else job.until,  # only a run that was evaluated is whole
    )


def _bits(by_domain: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of held-out text, and their mean where there are several domains."""
    found = {f"{BITS}.{domain}": float(value) for domain, value in by_domain.items()}
    return {MEAN: sum(found.values()) / len(found), **found} if len(found) > 1 else found


def areas(curve: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the areas under a run's learning curves, against the logarithm of words seen."""
    found = {}
    words = [point["words"] for point in curve]
    for metric in curve[0] if len(curve) > 1 else ():
        if metric.startswith(f"{BITS}."):
            area = float(curve_area(words, [[point[metric] for point in curve]])[0])
            found[f"{AREA}.{metric.removeprefix(f'{BITS}.')}"] = area
    return found


def spent(job: Job) -> dict[str, float]:
    """Return what earlier starts of the same run cost."""
    try:
        return dict(json.loads((Path(job.folder) / COST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
