"""Worker processes follow their parent: it alone answers signals, and they do not outlive it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def follow_parent() -> None:
    """Leave Ctrl-C and SIGTERM, which reach a whole group of processes, to the parent; and end when it is gone.

    Called first in a worker that ``multiprocessing`` started. A worker that waits for its next task would never notice
    that its parent was killed: the one that ``getppid`` names may be the fork server, which waits for its workers.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
