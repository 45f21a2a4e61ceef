"""The marks of words seen at which the challenge asks for a model: 1M to 10M, 20M to 100M, 200M to 1000M.

As the 2025 evaluation names them: ``chck_1M`` and so on (babylm/evaluation-pipeline-2025, README). Words *seen* count,
repeats included.
"""

from __future__ import annotations

from pathlib import Path

from curation.core.exposure import mark_name, marks

MARKS = marks()


def found_in(folder: Path) -> list[str]:
    """Return the marks of which a run folder holds a model, in the order of words seen."""
    held = {path.name for path in (folder / "milestones").glob("chck_*M") if (path / "config.json").is_file()}
    return [name for name in map(mark_name, MARKS) if name in held]
