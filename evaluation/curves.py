"""Learning curves: what each task gives at the milestones of a run, against words seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from curation.core.artifact import write_text
from evaluation.charts.lines import Series, lines
from evaluation.result import Results


def write_curves(folder: Path, results: Sequence[Results]) -> list[Path]:
    """Write ``curves.svg`` and ``curves.json`` of the results of several checkpoints.

    Args:
        folder: gets both.
        results: of one suite; those whose words seen are not known are left out.

    Returns:
        The files.

    Raises:
        OutputError: they cannot be written.
    """
    known = sorted(
        (entry for entry in results if entry.subject["words_seen"]), key=lambda entry: int(entry.subject["words_seen"])
    )
    points: dict[str, list[tuple[float, float]]] = {}
    errors: dict[str, list[float]] = {}
    titles: dict[str, str] = {}
    for entry in known:
        for task in entry.tasks:
            if task.honest is None:
                continue
            name = f"{task.task} ({entry.subject['backend']})"
            titles[name] = (
                task.title
                if len({e.subject["backend"] for e in known}) == 1
                else f"{task.title}, {entry.subject['backend']}"
            )
            points.setdefault(name, []).append((float(entry.subject["words_seen"]), task.honest))
            errors.setdefault(name, []).append(task.stderr or 0.0)
    series = [Series(titles[name], of_task, errors[name]) for name, of_task in points.items()]
    picture = lines(
        series,
        title=f"{known[0].subject['name'] if known else ''}: {results[0].suite['title']}",
        x_title="words seen (repeats counted)",
        y_title="score, ties shared; band: standard error from the items",
        levels=[("chance", 50.0)] if any(task.chance == 50.0 for entry in known for task in entry.tasks) else [],
    )
    table = {
        name: [{"words_seen": int(x), "value": y, "stderr": e} for (x, y), e in zip(found, errors[name], strict=True)]
        for name, found in points.items()
    }
    write_text(folder / "curves.svg", picture)
    write_text(folder / "curves.json", json.dumps(table, indent=1) + "\n")
    return [folder / "curves.svg", folder / "curves.json"]
