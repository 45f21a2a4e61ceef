"""A suite on a subject: each task in turn; what is finished is kept, what cannot be done is said, the rest goes on."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.artifact import atomic_file, write_text
from curation.core.errors import CurateError, OutputError
from curation.core.events import Event, Warned
from curation.core.fingerprint import fingerprint
from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError, EvaluateError, Unsupported
from evaluation.events import EvaluationDone, EvaluationStarted, TaskDone
from evaluation.result import Results, TaskResult, items_table, write_results
from evaluation.suite import Suite
from evaluation.task import Outcome, Task, Tuning, Work

if TYPE_CHECKING:
    from evaluation.counted import Counted
    from evaluation.subject import Subject

#: Changes where the meaning of stored results does, so that older ones are not taken up.
RESULTS_OF = 2


@dataclass(frozen=True)
class Options:
    """What an evaluation is asked for.

    Attributes:
        suite: tasks and rules.
        out: folder of the results.
        data: folder of the evaluation data; None is the environment's.
        corpus: folder of the corpus that the subject was trained on.
        limit: at most this many items a group.
        seed: of draws.
        tuning: how fine-tuning is done.
        force: do finished tasks again.
        listen: is told what happens.
    """

    suite: Suite
    out: Path
    data: Path | None = None
    corpus: Path | None = None
    limit: int | None = None
    seed: int = 0
    tuning: Tuning = field(default_factory=Tuning)
    force: bool = False
    listen: Callable[[Event], None] = lambda _: None


def evaluate(subject: Subject | Counted, options: Options) -> Results:
    """Run a suite and write ``results.json`` and ``items.parquet``.

    Args:
        subject: what is scored.
        options: suite, folders, limits.

    Returns:
        What is in ``results.json``.

    Raises:
        SuiteError: a task does not exist.
        OutputError: the folder cannot be written.
    """
    from evaluation.floors import floors  # noqa: PLC0415  (numba)

    begun = time.monotonic()
    tasks = [load_task(name) for name in options.suite.tasks]
    data = Data(options.data)
    names = tuple(task.name for task in tasks)
    options.listen(EvaluationStarted(subject.name, options.suite.name, subject.backend, names))
    work = Work(
        subject=subject,
        data=data,
        rules=options.suite.rules,
        which=options.suite.set,
        limit=options.limit,
        seed=options.seed,
        folder=options.out / "work",
        corpus=options.corpus,
        floors=floors(options.corpus, cache=options.out / "work"),
        tuning=options.tuning,
        listen=options.listen,
    )
    state = _state_of(subject, options, data)
    outcomes = [
        _one(task, work, fingerprint(state, task.name, _milestones(subject, task)), force=options.force)
        for task in tasks
    ]
    results = Results(
        suite={
            "name": options.suite.name,
            "title": options.suite.title,
            "source": options.suite.source,
            "set": options.suite.set,
            "digest": options.suite.digest,
            "rules": options.suite.rules.model_dump(mode="json"),
            "averages": {name: list(average.of) for name, average in options.suite.averages.items()},
            "limit": options.limit,
            "seed": options.seed,
        },
        subject=describe(subject),
        tasks=tuple(outcome.result for outcome in outcomes),
        averages=averages(options.suite, {o.result.task: o.result.value for o in outcomes}),
        honest_averages=averages(options.suite, {o.result.task: o.result.honest for o in outcomes}),
        published=tuple(entry.model_dump(mode="json") for entry in options.suite.published),
        versions=_versions(),
        seconds=round(time.monotonic() - begun, 2),
    )
    table = items_table([row for outcome in outcomes for row in outcome.rows])
    write_results(options.out, results, table)
    options.listen(EvaluationDone(str(options.out), results.seconds))
    return results


def describe(subject: Subject | Counted) -> dict[str, Any]:
    """Return what results keep of a subject."""
    record = subject.record or {}
    return {
        "name": subject.name,
        "revision": subject.revision,
        "backend": subject.backend,
        "digest": subject.digest,
        "parameters": subject.parameters,
        "corpus": subject.corpus,
        "words_seen": subject.words_seen,
        "recipe": record.get("recipe"),
        "flops": None if subject.revision else record.get("flops"),
        "scoring": subject.options.model_dump(mode="json"),
    }


def averages(suite: Suite, values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return a suite's averages; one with a missing part is None, not smaller."""
    found: dict[str, float | None] = {}
    for name, average in suite.averages.items():
        parts = [found.get(part, values.get(part)) for part in average.of]
        known = [part for part in parts if part is not None]
        found[name] = sum(known) / len(known) if len(known) == len(parts) else None
    return found


def _one(task: Task, work: Work, key: str, *, force: bool) -> Outcome:
    """Run a task, or take up what an earlier run of it left."""
    kept = None if force else _kept(work.folder, task.name, key)
    if kept is not None:
        _tell(work, kept.result, reused=True)
        return kept
    begun, cpu = time.monotonic(), time.process_time()
    try:
        outcome = task.run(work)
        json.dumps(outcome.result.model_dump(mode="json"), allow_nan=False)  # what cannot be written is no result
    except OutputError:
        raise
    except Unsupported as error:
        outcome = _without(task, "unsupported", error)
    except DataError as error:
        outcome = _without(task, "missing", error)
    except CurateError as error:
        outcome = _without(task, "failed", error)
        work.listen(Warned(f"{task.name} failed: {error}"))
    except Exception as error:  # noqa: BLE001  (odd data, or whatever a model raises: the other tasks go on)
        outcome = _without(task, "failed", CurateError(f"{type(error).__name__}: {error}"))
        work.listen(Warned(f"{task.name} failed: {type(error).__name__}: {error}"))
    spent = {
        "seconds": round(time.monotonic() - begun, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }
    outcome = Outcome(outcome.result.model_copy(update=spent), outcome.rows)
    if outcome.result.status == "scored":
        _keep(work.folder, key, outcome)
    _tell(work, outcome.result, reused=False)
    return outcome


def _without(task: Task, status: str, error: EvaluateError | CurateError) -> Outcome:
    result = TaskResult.model_validate(
        {"task": task.name, "title": task.title, "status": status, "metric": task.metric, "reason": str(error)}
    )
    return Outcome(result)


def _tell(work: Work, result: TaskResult, *, reused: bool) -> None:
    work.listen(
        TaskDone(
            result.task,
            result.status,
            result.value,
            result.stderr,
            result.chance,
            result.metric,
            result.items,
            result.seconds,
            result.reason,
            reused,
        )
    )


def _kept(folder: Path, name: str, key: str) -> Outcome | None:
    try:
        saved = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if saved["key"] != key:
            return None
        rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
        return Outcome(TaskResult.model_validate(saved["result"]), rows)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
        return None


def _keep(folder: Path, key: str, outcome: Outcome) -> None:
    """Write a finished task, the record last; its journal has done its work."""
    name = outcome.result.task
    with atomic_file(folder / f"{name}.parquet") as partial:
        pq.write_table(items_table(list(outcome.rows)), partial, compression="zstd")
    record = {"key": key, "result": outcome.result.model_dump(mode="json")}
    write_text(folder / f"{name}.json", json.dumps(record, ensure_ascii=False) + "\n")
    (folder / f"{name}.journal").unlink(missing_ok=True)


def _milestones(subject: Subject | Counted, task: Task) -> list[str]:
    """Return the digests of a run's checkpoints, on which ages of acquisition depend; the task says what is wrong."""
    if not task.name.startswith("aoa"):
        return []
    try:
        return [milestone.digest for milestone in subject.milestones()]
    except CurateError:
        return []


def _corpus_state(corpus: Path | None) -> list[Any]:
    """Return what tells a corpus from another one at the same place."""
    if corpus is None:
        return []
    lock = corpus / "corpus.lock"
    stat = (lock if lock.is_file() else corpus).stat()
    return [str(corpus), stat.st_size, stat.st_mtime_ns]


def _state_of(subject: Subject | Counted, options: Options, data: Data) -> str:
    """Return a fingerprint of all that results depend on; data count by name, size and time of change."""
    return fingerprint(
        RESULTS_OF,
        subject.digest,
        subject.backend,
        subject.options.model_dump(mode="json"),
        options.suite.rules.model_dump(mode="json"),
        options.suite.set,
        options.limit,
        options.seed,
        _corpus_state(options.corpus),
        [list(options.tuning.seeds), options.tuning.lora, options.tuning.official_selection, options.tuning.max_steps],
        data.state(),
    )


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("curate-corpora", "torch", "transformers", "tokenizers", "numpy", "scipy", "peft"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
