"""Steps of several seeds as one progress."""

from __future__ import annotations

import threading
from collections.abc import Callable

Listen = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Tell nobody."""


class Together:
    """Adds up the progress of seeds that run at once."""

    def __init__(self, seeds: int, listen: Listen) -> None:
        """Take how many seeds there are, and who is told."""
        self._shares = [(0, 0)] * seeds
        self._listen, self._lock = listen, threading.Lock()

    def of(self, number: int) -> Listen:
        """Return who a seed tells."""

        def told(done: int, total: int) -> None:
            with self._lock:
                before = self._shares[number][1]
                self._shares[number] = (before or total, before or total) if done == total else (done, total)
                steps = max(total for _, total in self._shares)
                finished = sum(steps if 0 < total == done else done for done, total in self._shares)
                self._listen(finished, steps * len(self._shares))

        return told
