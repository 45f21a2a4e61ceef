"""The command line of comparison: `curate compare A B`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from evaluation.compare import Comparison

out = Console()


def compare(
    a: Annotated[Path, typer.Argument(help="A results folder: RUN/evaluation/SUITE/main/causal, or one of lm-eval.")],
    b: Annotated[Path, typer.Argument(help="Another one; what is shown is B less A.")],
    tasks: Annotated[str, typer.Option("--tasks", help="Only these, with commas between: blimp,ewok.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
) -> None:
    """Compare two evaluations task by task on the same items, and say what the artifacts know to separate them."""
    from curation import cli as root  # noqa: PLC0415

    root.be_verbose(on=verbose)
    from evaluation.compare import compare as run  # noqa: PLC0415

    found = run(a, b, tasks=[name.strip() for name in tasks.split(",") if name.strip()])
    if as_json:
        out.print_json(json.dumps(found.as_dict(), allow_nan=False))
        return
    for line in (*_subjects(found), *found.label):
        out.print(escape(line), highlight=False, soft_wrap=True)
    out.print(table(found), highlight=False)
    notes = [f"{task.task}: {task.note}" for task in found.tasks if task.note]
    for line in (*notes, *found.notes):
        out.print(f"[dim]{escape(line)}[/]", highlight=False, soft_wrap=True)


def table(found: Comparison) -> Table:
    """Return the table of a comparison: both values, the difference, its interval, and how many items are paired."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    made.add_column("task")
    for name in ("A", "B", "B - A", "± items", "95% interval", "p", "items"):
        made.add_column(name, justify="right")
    for task in found.tasks:
        interval = "" if task.low is None or task.high is None else f"{task.low:+.1f} to {task.high:+.1f}"
        made.add_row(
            task.task,
            *("" if value is None else f"{value:.1f}" for value in (task.a, task.b)),
            "" if task.difference is None else f"{task.difference:+.1f}",
            "" if task.stderr is None else f"{task.stderr:.1f}",
            interval,
            "" if task.p is None else f"{task.p:.2g}",
            Text(f"{task.items:,}") if task.items else Text("not paired", style="yellow"),
        )
    return made


def _subjects(found: Comparison) -> list[str]:
    return [
        f"{side}: {about.get('name')} {about.get('revision') or ''} ({about.get('backend')})".replace("  ", " ")
        for side, about in (("A", found.a), ("B", found.b))
    ]
