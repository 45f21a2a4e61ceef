"""Runs side by side, a process each: what happens to one happens to no other.

A run's process is forked from a server that has torch imported already (on Linux), says how far it is
through a pipe, and leaves its scores in its folder. Told to stop, it saves its state; so does one whose parent is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from curation.core.events import Event, Warned
from evaluation.ablation.events import RunDone, RunsAdvanced
from evaluation.ablation.limits import Limits
from evaluation.ablation.runs import Job, RunScores, kept, saved, spent, work

#: Seconds between two events on runs that are under way.
ADVANCED_EVERY = 2.0
_HEAVY = ["torch", "training.train", "evaluation.evaluate"]


@dataclass
class _Running:
    """A run under way: its process, the pipe that it reports through, and the share of its training that is done.

    ``first`` is the share that it first reported: most of that was done by an earlier start.
    """

    job: Job
    process: BaseProcess
    reports: Connection
    slot: int
    share: float = 0.0
    first: float | None = None
    failed: str = ""

    def hear(self) -> None:
        """Take in what the process has said."""
        try:
            while self.reports.poll():
                told = self.reports.recv()
                if isinstance(told, str):
                    self.failed = told
                else:
                    self.share = told
                    self.first = told if self.first is None else self.first
        except (EOFError, OSError):
            return  # it has ended

    def scores(self) -> RunScores:
        """Return what an ended process left, or why there is nothing."""
        done = saved(self.job)
        if done is not None:
            return done
        code = self.process.exitcode or 0
        why = self.failed or (_killed(-code) if code < 0 else f"its process ended with {code}")
        failed = RunScores(self.job.arm, self.job.seed, folder=self.job.folder, wanted=self.job.wanted, failed=why)
        return replace(failed, cost=spent(self.job))


class Pool:
    """At most so many runs at once."""

    def __init__(self, workers: int, threads: int, limits: Limits, listen: Callable[[Event], None]) -> None:
        """Start nothing yet.

        Args:
            workers: runs at once; 0 is one a GPU, or one a core where there is none.
            threads: of each run.
            limits: of time and disk.
            listen: is told of runs that are done and under way.
        """
        self._gpus = gpus()
        self._workers = workers or places()
        self._threads = threads
        self._limits = limits
        self._listen = listen
        method = "forkserver" if sys.platform == "linux" else "spawn"  # elsewhere forking is not safe, or not there
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(_HEAVY)

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
        begun, done, finished = time.monotonic(), len(jobs) - len(waiting), 0

        def advanced(running: Sequence[_Running]) -> None:
            made = finished + sum(one.share - (one.first or 0.0) for one in running)
            missing = len(waiting) - finished - sum(one.share for one in running)
            left = (time.monotonic() - begun) / made * missing if made > 0 else None
            told = tuple((one.job.arm, one.job.seed, round(one.share, 3)) for one in running)
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

    def _all(self, jobs: Sequence[Job], advanced: Callable[[Sequence[_Running]], None]) -> Iterator[RunScores]:
        running: list[_Running] = []
        coming = deque(jobs)
        paused = False
        try:
            while True:
                if self._limits.late and not paused:
                    paused = True
                    _stop(running)
                while coming and len(running) < self._workers and not paused and not self._limits.full:
                    taken = {one.slot for one in running}
                    slot = next(slot for slot in range(self._workers) if slot not in taken)
                    running.append(self._start(coming.popleft(), slot))
                if not running:
                    return
                until = ADVANCED_EVERY if paused else min(self._limits.seconds_left or ADVANCED_EVERY, ADVANCED_EVERY)
                wait([one.process.sentinel for one in running], timeout=until)
                for one in running:
                    one.hear()
                ended = [one for one in running if one.process.exitcode is not None]
                running = [one for one in running if one not in ended]
                for one in ended:
                    one.hear()
                    scores = one.scores()
                    if not (paused and scores.failed):  # one that we cut off has not failed
                        yield scores
                if not ended and not paused:
                    advanced(running)
        finally:  # done, or an interruption, or whoever asked for the scores has gone
            _stop(running)
            for one in running:
                one.process.join()

    def _start(self, job: Job, slot: int) -> _Running:
        reports, sender = self._context.Pipe(duplex=False)
        device = self._gpus[slot % len(self._gpus)] if self._gpus else None
        process = self._context.Process(target=work, args=(job, self._threads, device, sender))
        process.start()
        sender.close()
        return _Running(job, process, reports, slot)


def _stop(running: Sequence[_Running]) -> None:
    """Tell runs to end; the training loop saves its state first."""
    for one in running:
        one.process.terminate()


def _killed(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    hint = ": out of memory? give a smaller --jobs" if number == signal.SIGKILL else ""
    return f"its process was killed by {name}{hint}"


def places() -> int:
    """Return how many runs go side by side unless one is told otherwise: one a GPU, or one a core."""
    return len(gpus()) or os.cpu_count() or 1


def gpus() -> list[str]:
    """Return the GPUs that runs may have, as ``CUDA_VISIBLE_DEVICES`` names them."""
    import torch  # noqa: PLC0415  (heavy)

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    return named.split(",")[:count] if named else [str(number) for number in range(count)]
