"""Runs a command and measures CPU-seconds, wall seconds and memory of its whole tree.

CPU: this process becomes a child subreaper, so that a descendant whose parent has gone
is handed to it; the rusage of os.wait4 over the command and every such orphan adds up to
all descendants, whatever group or session they moved to.

Memory: the sum of PSS (RSS where PSS cannot be read) over the tree. RSS is cheap and never
below PSS, so PSS is read only when the sum of RSS passes the highest PSS so far, and not
so often that reading takes more than a tenth of the time.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")
INTERVAL = 0.05
MIB = 2**20


@dataclass
class Usage:
    """What one run of a command took."""

    returncode: int
    cpu_s: float
    wall_s: float
    peak_mib: float
    peak_anonymous_mib: float
    max_rss_mib: float
    orphans: int
    stdout: str
    stderr: str


def measure(
    command: Sequence[str],
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    cpus: Sequence[int] | None = None,
    timeout: float = 3600.0,
) -> Usage:
    """Run the command to its end; its output goes to LOG.out and LOG.err."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")
    before = _descendants(frozenset())
    out_path, err_path = log.with_suffix(".out"), log.with_suffix(".err")
    with out_path.open("wb") as out, err_path.open("wb") as err:
        own = os.sched_getaffinity(0)
        if cpus is not None:
            os.sched_setaffinity(0, cpus)  # inherited by the command
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, cwd=cwd,
            env=None if env is None else dict(env), start_new_session=True,
        )  # fmt: skip
        os.sched_setaffinity(0, own)
        memory = _Memory(before)
        memory.start()
        killer = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            killer.cancel()
            memory.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    max_rss = used.ru_maxrss
    orphans = _reap(before)
    for extra in orphans:
        cpu += extra.ru_utime + extra.ru_stime
        max_rss = max(max_rss, extra.ru_maxrss)
    return Usage(
        returncode=process.returncode,
        cpu_s=cpu,
        wall_s=wall,
        peak_mib=max(memory.peak, max_rss * 1024 if not memory.samples else 0) / MIB,
        peak_anonymous_mib=memory.peak_anonymous / MIB,
        max_rss_mib=max_rss / 1024,
        orphans=len(orphans),
        stdout=out_path.read_text(errors="replace"),
        stderr=err_path.read_text(errors="replace"),
    )


def _reap(before: frozenset[int], patience: float = 10.0) -> list["os.struct_rusage"]:  # type: ignore[name-defined]
    """Wait for what the command left behind; what does not end by itself is killed."""
    found = []
    deadline = time.monotonic() + patience
    while left := _descendants(before):
        for pid in left:
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            try:
                done, _, used = os.wait4(pid, os.WNOHANG)
            except ChildProcessError:  # its parent is another orphan
                continue
            if done:
                found.append(used)
        time.sleep(0.01)
    return found


def _descendants(before: frozenset[int]) -> frozenset[int]:
    """The processes under this one, zombies included, but those that were there before."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path("/proc", name, "stat").read_text()
            except OSError:
                continue
            # After the command name in brackets: state, parent.
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found: set[int] = set()
    queue = [os.getpid()]
    while queue:
        for pid in children.get(queue.pop(), ()):
            if pid not in before:
                found.add(pid)
                queue.append(pid)
    return frozenset(found)


class _Memory(threading.Thread):
    """Samples the memory of the tree until stopped."""

    def __init__(self, before: frozenset[int]) -> None:
        super().__init__(daemon=True)
        self._before = before
        self._ended = threading.Event()
        self.peak = 0
        self.peak_anonymous = 0
        self.samples = 0

    def stop(self) -> None:
        """End sampling."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Sample at intervals."""
        not_before = 0.0
        while not self._ended.wait(INTERVAL):
            pids = _descendants(self._before)
            now = time.perf_counter()
            if now < not_before or sum(map(_rss, pids)) <= self.peak:
                continue
            total = anonymous = 0
            for pid in pids:
                pss, pss_anonymous = _pss(pid)
                total += pss
                anonymous += pss_anonymous
            self.peak = max(self.peak, total)
            self.peak_anonymous = max(self.peak_anonymous, anonymous)
            self.samples += 1
            done = time.perf_counter()
            not_before = done + 9 * (done - now)


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _pss(pid: int) -> tuple[int, int]:
    """PSS and its anonymous part in bytes; RSS for both where PSS is unreadable."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        rss = _rss(pid)
        return rss, rss
    fields = dict(line.split(":", 1) for line in rollup.splitlines()[1:] if ":" in line)
    pss = int(fields["Pss"].split()[0]) * 1024
    anonymous = int(fields["Pss_Anon"].split()[0]) * 1024 if "Pss_Anon" in fields else pss
    return pss, anonymous
