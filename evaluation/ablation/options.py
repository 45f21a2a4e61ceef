"""Where an ablation reads and writes, and how much of the machine it takes: none of it changes a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from curation.core.events import Event


@dataclass(frozen=True)
class Options:
    """Where an ablation reads and writes.

    Attributes:
        file: the ablation file.
        out: folder of the report, the corpora and the runs.
        cache: of builds, tokenizers and tokens.
        database: SQLite file of all runs, or None.
        jobs: runs side by side; 0 is one a GPU, or one a core where there is none.
        threads: of each run.
        max_hours: stop cleanly after this long, and report on what is done.
        max_gigabytes: start no other run when ``out`` holds this much, and report on what is done.
        listen: is told what happens.
    """

    file: Path
    out: Path
    cache: Path
    database: Path | None = None
    jobs: int = 0
    threads: int = 1
    max_hours: float | None = None
    max_gigabytes: float | None = None
    listen: Callable[[Event], None] = lambda _: None
