"""Runs side by side in worker processes: fed one by one, paused at the deadline, and mended when a worker dies."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import islice

from curation.core.events import Event, Warned
from evaluation.ablation.events import RunDone
from evaluation.ablation.limits import Limits
from evaluation.ablation.runs import Job, RunScores, do, kept, prepare_worker


class Pool:
    """Worker processes that each do one run at a time."""

    def __init__(self, workers: int, threads: int, limits: Limits, listen: Callable[[Event], None]) -> None:
        """Start nothing yet."""
        self._workers = workers
        self._threads = threads
        self._limits = limits
        self._listen = listen

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
        for finished, scores in enumerate(self._all(waiting), 1):
            left = (time.monotonic() - begun) / finished * (len(waiting) - finished)
            if scores.failed:
                self._listen(Warned(f"{scores.arm}, seed {scores.seed} failed: {scores.failed}"))
            value, cpu = scores.metrics.get(metric), scores.cost.get("cpu_seconds", 0.0)
            told = RunDone(scores.arm, scores.seed, metric, value, done + finished, len(jobs), cpu, left, scores.failed)
            self._listen(told)
            yield scores

    def _all(self, jobs: Sequence[Job]) -> Iterator[RunScores]:
        workers = min(self._workers, len(jobs))
        pool = self._fresh(workers)
        running: dict[Future[RunScores], Job] = {}
        queue = iter(jobs)
        paused = False
        try:
            while True:
                if self._limits.late and not paused:
                    paused = True
                    _pause(pool)
                free = 0 if paused or len(running) == workers or self._limits.full else workers - len(running)
                for job in islice(queue, free):
                    try:
                        running[pool.submit(do, job)] = job
                    except BrokenExecutor:  # a worker was killed: the runs after it get new ones
                        pool.shutdown(wait=False, cancel_futures=True)
                        pool = self._fresh(workers)
                        running[pool.submit(do, job)] = job
                if not running:
                    break
                until = None if paused else self._limits.seconds_left
                ended, _ = wait(running, timeout=until, return_when=FIRST_COMPLETED)
                for future in ended:
                    job = running.pop(future)
                    if not (paused and future.exception() is not None):  # one that we cut off has not failed
                        yield _result(future, job)
        except BaseException:
            _pause(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _fresh(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=prepare_worker,
            initargs=(self._threads,),
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
