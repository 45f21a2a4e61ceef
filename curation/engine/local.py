"""Running stages on one machine: threads for kernels, spawned processes for plain Python, bounded queues.

A slice that is already on disk is not made again: its name holds the fingerprint of everything that made it, so a
killed build goes on where it was, with any number of workers.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from curation.core.artifact import CACHE_TAG, atomic_file, sweep, write_text
from curation.core.errors import CurateError, SourceError, WrongSetting
from curation.core.events import Listener, Progress, SliceDone, StageDone, StageStarted
from curation.core.fingerprint import fingerprint
from curation.core.follow import follow_parent
from curation.core.schema import ALIVE, UNREADABLE, UNREADABLE_NAME
from curation.engine.plan import Stage
from curation.engine.slices import Facts, FromSlice, FromSource, Task, known_slice, make_slice
from curation.engine.stage import Cuts, guard
from curation.engine.table import StageTable, View
from curation.steps.kinds import Chunk, Deduplicator, File, Source
from curation.steps.source._files import open_raw


@dataclass(frozen=True)
class Input:
    """A source of the manifest with its files found and hashed."""

    name: str
    index: int
    source: Source
    files: tuple[File, ...]


@dataclass(frozen=True)
class Settings:
    """How to run, never what comes out: the result is the same for all values."""

    cache: Path
    workers: int
    batch_rows: int
    listen: Listener


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# Inputs -------------------------------------------------------------------------------------------------------------


def pin(inputs: Sequence[Input], settings: Settings) -> list[Input]:
    """Return the inputs with every file's SHA-256, checked against the manifest.

    Remote files are copied to the cache first, so that they are read once and cannot change on the way.
    """
    total = sum(file.size for one in inputs for file in one.files)
    done = 0
    pinned: list[Input] = []
    with ThreadPoolExecutor(settings.workers) as pool:
        for one in inputs:
            files = []
            seen: dict[str, int] = {}
            for file in pool.map(partial(_pinned, cache=settings.cache, source=one.source), one.files):
                occurrence = seen.get(file.sha256, 0)
                seen[file.sha256] = occurrence + 1
                files.append(replace(file, occurrence=occurrence))
                done += file.size
                settings.listen(Progress("hashing inputs", done, total, "bytes"))
            _check_sha256(one, files)
            pinned.append(replace(one, files=tuple(files)))
    return pinned


def _pinned(file: File, *, cache: Path, source: Source) -> File:
    if file.sha256:
        return file
    if file.path is None:
        copy = cache / "inputs" / fingerprint(file.name, file.state) / Path(file.name).name
        if not copy.exists() or not file.state:
            with open_raw(file) as raw, atomic_file(copy) as temporary, temporary.open("wb") as out:
                for block in _remote_blocks(raw, file):
                    out.write(block)
        file = replace(file, path=copy, size=copy.stat().st_size, mtime_ns=copy.stat().st_mtime_ns)
    assert file.path is not None
    try:
        with file.path.open("rb") as raw:
            return replace(file, sha256=hashlib.file_digest(raw, "sha256").hexdigest())
    except OSError as error:
        if source.on_error == "skip":  # reading it will fail as well, and leave a row in the ledger
            return replace(file, sha256=UNREADABLE_NAME)
        hint = "check its permissions, or note it in the ledger and go on with on_error: skip"
        raise SourceError(f"cannot be read: {error.strerror}", where=file.name, hint=hint) from error


def _remote_blocks(raw: IO[bytes], file: File) -> Iterator[bytes]:
    """Read a remote file; what breaks is the connection, not the disk that is written to."""
    while True:
        try:
            block = raw.read(1 << 20)
        except OSError as error:
            hint = "check the connection and run again"
            raise SourceError(f"cannot be read: {error}", where=file.name, hint=hint) from error
        if not block:
            return
        yield block


def _check_sha256(one: Input, files: Sequence[File]) -> None:
    expected = one.source.sha256
    if expected is None:
        return
    if len(files) != 1:
        raise SourceError(
            f"sha256 is for one file, the path matches {len(files)}", where=f"sources[{one.index}].sha256"
        )
    if files[0].sha256 != expected:
        raise SourceError(
            f"has SHA-256 {files[0].sha256}, the manifest expects {expected}",
            where=files[0].name,
            hint="the file is not the one that the manifest was written for: fetch it again, or correct sha256",
        )


def _check_unchanged(file: File) -> None:
    if file.path is None or not file.mtime_ns:
        return
    try:
        facts = file.path.stat()
    except OSError as error:
        raise SourceError("was removed while it was being read", where=file.name) from error
    if (facts.st_size, facts.st_mtime_ns) != (file.size, file.mtime_ns):
        raise SourceError("changed while it was being read", where=file.name, hint="run again when it is at rest")


# Stages -------------------------------------------------------------------------------------------------------------


def read_stage(stage: Stage, inputs: Sequence[Input], settings: Settings) -> StageTable:
    """Run the first stage: read every chunk of every file."""
    total = sum(file.size for one in inputs for file in one.files)
    paths: list[Path] = []

    def tasks() -> Iterator[tuple[Task | Path, int]]:
        for one in inputs:
            for number, file in enumerate(one.files):
                folder = slice_folder(settings.cache, stage, one, number, file)
                yield from _file_tasks(stage, one, number, file, folder, paths, settings)

    return _run(stage, tasks(), paths, total, settings)


def slice_folder(cache: Path, stage: Stage, one: Input, number: int, file: File) -> Path:
    """Return where the slices of one file lie after the first stage: named by all that decides what they hold."""
    source = [one.name, one.index, type(one.source).__name__, one.source.version, one.source.read_settings()]
    return cache / "slices" / fingerprint(stage.fingerprint(), source, number, file.sha256, file.occurrence)


def _file_tasks(
    stage: Stage, one: Input, number: int, file: File, folder: Path, paths: list[Path], settings: Settings
) -> Iterator[tuple[Task | Path, int]]:
    """Yield a task for each chunk that is not on disk, else its path; a finished file is not even opened."""
    finished = folder / "chunks.json"
    if finished.exists():
        sizes: list[int] = json.loads(finished.read_text())
        whole = [folder / f"{chunk:05}.arrow" for chunk in range(len(sizes))]
        if all(path.exists() for path in whole):
            paths.extend(whole)
            yield from zip(whole, sizes, strict=True)
            return
    sizes = []
    for chunk in chunks_of(one.source, file):
        _check_unchanged(file)  # before a slice is made of it: what is cached under the old digest must be the old text
        path = folder / f"{chunk.number:05}.arrow"
        paths.append(path)
        sizes.append(chunk.size)
        origin = FromSource(one.name, one.index, one.source, number, file, chunk)
        yield (path if path.exists() else Task(stage, origin, path, settings.batch_rows)), chunk.size
    _check_unchanged(file)
    write_text(finished, json.dumps(sizes))


def chunks_of(source: Source, file: File) -> Iterator[Chunk]:
    """Yield the chunks of a file; with ``on_error: skip`` a failure, or an empty file, is a reject at the end."""
    number, position = 0, 1
    reason = ""
    try:
        for chunk in source.chunks(file):
            yield chunk
            number, position = chunk.number + 1, chunk.first
        if number == 0:
            hint = "leave the file out, or set on_error: skip to note it in the ledger and go on"
            raise SourceError("holds no document", where=file.name, hint=hint)
    except WrongSetting:
        raise
    except SourceError as error:
        if source.on_error == "fail":
            raise
        reason = error.message
    if reason:
        yield Chunk(number, None, position, 0, ((position, reason),))


def next_stage(stage: Stage, before: StageTable, cuts: Cuts | None, settings: Settings) -> StageTable:
    """Run a later stage over what the one before it left."""
    paths: list[Path] = []
    alive = before.step == ALIVE

    def tasks() -> Iterator[tuple[Task | Path, int]]:
        left_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(alive)])
        for number, path in enumerate(before.paths):
            rows = before.rows_of(number)
            keep = alive[rows]
            mine = None
            if cuts is not None:
                first, last = np.searchsorted(cuts.rows, [rows.start, rows.stop])
                mine = Cuts(left_before[cuts.rows[first:last]] - left_before[rows.start], cuts.parts[first:last])
            name = fingerprint(
                stage.fingerprint(),
                str(path.relative_to(settings.cache)),
                hashlib.sha256(np.packbits(keep).tobytes()).hexdigest(),
                [hashlib.sha256(array.tobytes()).hexdigest() for array in (mine.rows, mine.parts)] if mine else [],
            )
            out = settings.cache / "slices" / name / "00000.arrow"
            paths.append(out)
            size = path.stat().st_size
            yield (out if out.exists() else Task(stage, FromSlice(path, keep), out, settings.batch_rows, mine)), size

    return _run(stage, tasks(), paths, sum(path.stat().st_size for path in before.paths), settings)


def _run(
    stage: Stage, tasks: Iterator[tuple[Task | Path, int]], paths: list[Path], total: int, settings: Settings
) -> StageTable:
    """Hand tasks to the workers, never more than a few ahead; return the table of what came back.

    ``paths`` is filled by ``tasks`` as it goes, in reading order.
    """
    started = time.monotonic()
    settings.cache.mkdir(parents=True, exist_ok=True)
    if not (settings.cache / "CACHEDIR.TAG").exists():
        write_text(settings.cache / "CACHEDIR.TAG", CACHE_TAG)
    settings.listen(StageStarted(stage.number, stage.title, total))
    tally = _Tally(stage, settings.listen)
    pending: dict[Future[Facts], int] = {}
    pool = _Pool(stage, settings)
    try:
        for task, size in tasks:
            if isinstance(task, Path):
                tally.add(known_slice(stage, task), size, cached=True)
                continue
            pending[pool.get().submit(make_slice, task)] = size
            if len(pending) > settings.workers:
                _collect(pending, tally, FIRST_COMPLETED)
        while pending:
            _collect(pending, tally, FIRST_COMPLETED)
    except BrokenProcessPool as error:
        pool.abandon()
        sweep(settings.cache)
        raise CurateError(
            "a worker process died", where=stage.title, hint="most often memory: use fewer --workers, then run again"
        ) from error
    finally:
        pool.close()
    table = StageTable(stage, paths)
    left = table.step == ALIVE
    numbers, counts = np.unique(table.step[~left], return_counts=True)
    names = step_names(stage)
    settings.listen(
        StageDone(
            stage=stage.number,
            title=stage.title,
            documents=int(left.sum()),
            words=int(table.words[left].sum()),
            seconds=time.monotonic() - started,
            dropped={names[int(number)]: int(count) for number, count in zip(numbers, counts, strict=True)},
        )
    )
    return table


def _collect(pending: dict[Future[Facts], int], tally: _Tally, when: str) -> None:
    done, _ = wait(pending, return_when=when)
    for future in done:
        tally.add(future.result(), pending.pop(future), cached=False)


class _Pool:
    """Opens the executor when the first task needs it: a stage that is all cached starts no process."""

    def __init__(self, stage: Stage, settings: Settings) -> None:
        self._processes = stage.in_processes and settings.workers > 1
        self._workers = settings.workers
        self._executor: Executor | None = None

    def get(self) -> Executor:
        if self._executor is None:
            self._executor = (
                ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"), initializer=follow_parent)
                if self._processes
                else ThreadPoolExecutor(self._workers, thread_name_prefix="slice")
            )
        return self._executor

    def abandon(self) -> None:
        """Let nothing wait for workers that died.

        CPython before 3.11.5 joins a thread that may be writing into the pipe that no worker reads any more, for ever
        (python/cpython#94777); closing the reading end, as later versions do, ends that write with an error.
        """
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            process.kill()
        queue = getattr(self._executor, "_call_queue", None)
        if queue is not None:
            with suppress(OSError):
                queue._reader.close()  # noqa: SLF001
        self.close()

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


def step_names(stage: Stage) -> dict[int, str]:
    """Return the names of the steps that can remove documents in a stage, by number."""
    placed = [*stage.steps, *stage.deferred, *([stage.cutter] if stage.cutter else [])]
    return {one.index: one.name for one in placed} | {UNREADABLE: UNREADABLE_NAME}


class _Tally:
    """Tells the listener of each slice that is done."""

    def __init__(self, stage: Stage, listen: Listener) -> None:
        self._stage = stage
        self._names = step_names(stage)
        self._listen = listen

    def add(self, facts: Facts, size: int, *, cached: bool) -> None:
        dropped = {self._names[number]: count for number, count in facts.dropped.items() if number in self._names}
        self._listen(SliceDone(self._stage.number, facts.documents, facts.words, size, cached, dropped))


# Decisions ----------------------------------------------------------------------------------------------------------


def decide_globally(
    stage: Stage,
    table: StageTable,
    measures: dict[str, int],
    settings: Settings,
) -> Cuts | None:
    """Apply the stage's deduplicators in order; return the parts to cut, if the last one cuts parts."""
    cuts: Cuts | None = None
    for placed in stage.decisions:
        started = time.monotonic()
        view = View(table, placed.index, measures, _reporter(settings.listen))
        assert isinstance(placed.step, Deduplicator)
        found = guard(placed, partial(placed.step.duplicates, view))
        gone = found.head >= 0
        rows = view.rows[gone]
        table.step[rows] = placed.index
        table.value[rows] = found.value[gone]
        table.head[rows] = view.rows[found.head[gone]]
        if placed.step.cuts_parts:
            cuts = Cuts(view.rows[found.part_rows], found.part_numbers)
        left = table.step == ALIVE
        settings.listen(
            StageDone(
                stage.number,
                placed.name,
                int(left.sum()),
                int(table.words[left].sum()),
                time.monotonic() - started,
                {placed.name: int(gone.sum())},
                found.note,
            )
        )
    return cuts


def _reporter(listen: Listener) -> Callable[[str, int, int, str], None]:
    return lambda title, done, total, unit: listen(Progress(title, done, total, unit))
