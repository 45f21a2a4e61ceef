"""Runs side by side in worker processes: fed one by one, paused at the deadline, and mended when a worker dies."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import Any

from curation.core.events import Event, Warned
from evaluation.ablation.events import RunDone, RunsAdvanced
from evaluation.ablation.limits import Limits
from evaluation.ablation.runs import Job, RunScores, do, kept, prepare_worker

#: Seconds between two events on runs that are under way.
ADVANCED_EVERY = 2.0


class Pool:
    """Worker processes that each do one run at a time."""

    def __init__(self, workers: int, threads: int, limits: Limits, listen: Callable[[Event], None]) -> None:
        """Start nothing yet."""
        self._workers = workers
        self._threads = threads
        self._limits = limits
        self._listen = listen
        self._context = multiprocessing.get_context("spawn")
        self._reports: Any = None
        self._shares: dict[tuple[str, int], tuple[float, float]] = {}

    def run(self, jobs: Sequence[Job], metric: str) -> Iterator[RunScores]:
        """Yield the scores of all jobs, in the order in which they end; what was done before comes first.

        At the deadline the runs under way save their state and end, and give no scores.

        Args:
            jobs: in the order in which they are started.
            metric: whose value the listener is told.

        Raises:
            KeyboardInterrupt: it was asked to stop; the runs under way have saved their state.
        """
        waiting = []
        for job in jobs:
            before = kept(job)
            if before is None:
                waiting.append(job)
            else:
                yield before
        if not waiting:
            return
        begun, done = time.monotonic(), len(jobs) - len(waiting)
        finished = 0

        def advanced(running: Sequence[Job]) -> None:
            shares = [(job.arm, job.seed, *self._shares.get((job.arm, job.seed), (0.0, 0.0))) for job in running]
            work = finished + sum(share - first for _, _, share, first in shares)
            left = (time.monotonic() - begun) / work * (len(waiting) - work) if work > 0 else None
            told = tuple((arm, seed, round(share, 3)) for arm, seed, share, _ in shares)
            self._listen(RunsAdvanced(told, done + finished, len(jobs), left))

        for scores in self._all(waiting, advanced):
            finished += 1
            left = (time.monotonic() - begun) / finished * (len(waiting) - finished)
            if scores.failed:
                self._listen(Warned(f"{scores.arm}, seed {scores.seed} failed: {scores.failed}"))
            value, cpu = scores.metrics.get(metric), scores.cost.get("cpu_seconds", 0.0)
            told = RunDone(scores.arm, scores.seed, metric, value, done + finished, len(jobs), cpu, left, scores.failed)
            self._listen(told)
            yield scores

    def _all(self, jobs: Sequence[Job], advanced: Callable[[Sequence[Job]], None]) -> Iterator[RunScores]:
        workers = min(self._workers, len(jobs))
        self._shares.clear()
        pool = self._fresh(workers)
        running: dict[Future[RunScores], Job] = {}
        coming = iter(jobs)
        paused = False
        try:
            while True:
                if self._limits.late and not paused:
                    paused = True
                    _pause(pool)
                free = 0 if paused or len(running) == workers or self._limits.full else workers - len(running)
                for job in islice(coming, free):
                    try:
                        running[pool.submit(do, job)] = job
                    except BrokenExecutor:  # a worker was killed: the runs after it get new ones
                        pool.shutdown(wait=False, cancel_futures=True)
                        pool = self._fresh(workers)
                        running[pool.submit(do, job)] = job
                if not running:
                    break
                until = ADVANCED_EVERY if paused else min(self._limits.seconds_left or ADVANCED_EVERY, ADVANCED_EVERY)
                ended, _ = wait(running, timeout=until, return_when=FIRST_COMPLETED)
                self._hear()
                if not ended and not paused:
                    advanced(list(running.values()))
                for future in ended:
                    job = running.pop(future)
                    if not (paused and future.exception() is not None):  # one that we cut off has not failed
                        yield _result(future, job)
        except BaseException:
            _pause(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _hear(self) -> None:
        """Note how far the runs are; the first share heard of a run is what an earlier start had done."""
        while True:
            try:
                arm, seed, share = self._reports.get_nowait()
            except queue.Empty:
                return
            _, first = self._shares.get((arm, seed), (share, share))
            self._shares[arm, seed] = share, first

    def _fresh(self, workers: int) -> ProcessPoolExecutor:
        self._reports = self._context.Queue()  # a worker that was killed may hold the lock of the one before
        return ProcessPoolExecutor(
            workers,
            mp_context=self._context,
            initializer=prepare_worker,
            initargs=(self._threads, self._reports),
        )


def _pause(pool: ProcessPoolExecutor) -> None:
    """End the workers; the training loop in them saves its state first."""
    for process in list((pool._processes or {}).values()):  # noqa: SLF001  (there is no public way)
        process.terminate()


def _result(future: Future[RunScores], job: Job) -> RunScores:
    """Return a run's scores; one whose process died is a failed run, and the others go on."""
    try:
        return future.result()
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001  (whatever killed a worker)
        why = f"{type(error).__name__}: {error}"
        return RunScores(job.arm, job.seed, folder=job.folder, wanted=job.wanted, failed=why)
