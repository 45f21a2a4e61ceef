"""Several pieces of work at once, one a device; on one device they run one after the other."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def on_devices(work: Sequence[Callable[[str], T]], devices: Sequence[str]) -> list[T]:
    """Return what each piece returns, in order; each is called with the device it is to use.

    torch leaves Python's lock while a GPU works, so threads are enough. A device is one piece's at a time: the draws of
    its dropout are seeded there. The first error is raised when the pieces that had begun are through.

    Args:
        work: pieces, independent of each other.
        devices: ``cpu``, ``cuda:0``, …; one that is named twice counts once.
    """
    free: queue.SimpleQueue[str] = queue.SimpleQueue()
    names = list(dict.fromkeys(devices)) or ["cpu"]
    if len(names) == 1:
        return [piece(names[0]) for piece in work]
    for name in names:
        free.put(name)

    def run(piece: Callable[[str], T]) -> T:
        device = free.get()
        try:
            return piece(device)
        finally:
            free.put(device)

    with ThreadPoolExecutor(len(names)) as pool:
        running = [pool.submit(run, piece) for piece in work]
        try:
            return [future.result() for future in running]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
