"""What an ablation may use: time until a deadline, and disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from curation.core.events import Event, Warned


@dataclass
class Limits:
    """Limits of one start of an ablation.

    Attributes:
        folder: of the ablation; what lies in it counts.
        hours: until no run may go on, from when this was made; None for no limit.
        gigabytes: of the folder from which on no run is started; None for no limit.
        listen: is told when a limit is reached, once of each.
    """

    folder: Path
    hours: float | None = None
    gigabytes: float | None = None
    listen: Callable[[Event], None] = lambda _: None
    begun: float = field(default_factory=time.monotonic)
    _told: set[str] = field(default_factory=set)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the deadline, 0 when it has passed; None without one."""
        return None if self.hours is None else max(self.begun + 3600 * self.hours - time.monotonic(), 0.0)

    @property
    def late(self) -> bool:
        """Whether the deadline has passed: runs under way are to save their state and end."""
        late = self.seconds_left == 0.0
        if late:
            self._tell(
                "late", f"--max-hours {self.hours:g} is over: runs are paused; the same command goes on with them"
            )
        return late

    @property
    def full(self) -> bool:
        """Whether the folder is, or was, as large as it may be: runs under way go on to their end, no other starts."""
        if self.gigabytes is None or "full" in self._told:
            return self.gigabytes is not None
        used = size_of(self.folder) / 1e9
        if used >= self.gigabytes:
            what = f"{self.folder} holds {used:.3g} GB, the limit is {self.gigabytes:g} GB"
            self._tell("full", f"{what}: no other run is started; the same command with a higher limit goes on")
        return used >= self.gigabytes

    def _tell(self, limit: str, message: str) -> None:
        """Tell of a limit once."""
        if limit not in self._told:
            self._told.add(limit)
            self.listen(Warned(message))


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; files that vanish meanwhile do not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  (many files)
            except OSError:
                continue
    return total
