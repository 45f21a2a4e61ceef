"""What a person sees while a model is evaluated: a bar with time left, and a table at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from curation.core.events import Event, Warned
from evaluation import events

if TYPE_CHECKING:
    from types import TracebackType

    from evaluation.result import Results, TaskResult

#: Seconds between plain lines.
SAY_EVERY = 10.0


class _Pace:
    """Items a second of the present task, from its share that is done."""

    def __init__(self) -> None:
        self.task = ""
        self.what = "items"
        self.items = 0
        self.share = 0.0
        self._begun = time.monotonic()
        self._first = 0.0

    def add(self, event: Event) -> None:
        if isinstance(event, events.TaskStarted):
            self.task, self.items, self.what, self.share, self._first = event.task, event.items, event.what, 0.0, -1.0
        elif isinstance(event, events.Advanced) and event.total:
            self.share = event.done / event.total
            if self._first < 0:  # what a journal held already says nothing of speed
                self._first, self._begun = self.share, time.monotonic()

    def line(self) -> str:
        spent = time.monotonic() - self._begun
        done = self.share - max(self._first, 0.0)
        if done <= 0 or spent <= 0:
            return f"{self.task}: {self.share:.0%}"
        left = spent * (1 - self.share) / done
        return f"{self.task}: {self.share:.0%}, {done * self.items / spent:,.0f} {self.what}/s, {_clock(left)} left"


class Plain:
    """Lines for logs and pipes: one a task, and one every ten seconds of a long one."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._pace = _Pace()
        self._last = time.monotonic()

    def __enter__(self) -> Plain:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: Event) -> None:
        """Show an event as a line."""
        self._pace.add(event)
        line = _line(event)
        if isinstance(event, events.Advanced) and time.monotonic() - self._last > SAY_EVERY:
            line = f"  {self._pace.line()}"
        if line is not None:
            self._last = time.monotonic()
            self._console.print(escape(line), highlight=False, soft_wrap=True)


class Live:
    """A bar for the present task below the lines of those that are done."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        self._console = console
        self._pace = _Pace()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[pace]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("[dim]left"),
            console=console,
            transient=True,
        )
        self._bar: TaskID | None = None

    def __enter__(self) -> Live:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it should be."""
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._pace.add(event)
        if isinstance(event, events.TaskStarted):
            self._clear()
            self._bar = self._progress.add_task(escape(event.task), total=None, pace=f"{event.items:,} {event.what}")
        elif isinstance(event, events.Advanced) and self._bar is not None:
            pace = self._pace.line().rpartition(": ")[2].rpartition(", ")[0]
            self._progress.update(self._bar, total=event.total, completed=event.done, pace=pace)
        elif isinstance(event, events.TaskDone):
            self._clear()
        line = _line(event)
        if line is not None:
            self._console.print(escape(line), highlight=False, soft_wrap=True)

    def _clear(self) -> None:
        if self._bar is not None:
            self._progress.remove_task(self._bar)
            self._bar = None


def _line(event: Event) -> str | None:
    if isinstance(event, events.EvaluationStarted):
        return f"{event.subject} ({event.backend}): {event.suite}, {len(event.tasks)} tasks"
    if isinstance(event, Warned):
        return f"warning: {event.message}"
    if isinstance(event, events.TaskDone):
        if event.status != "scored":
            return f"{event.task}: {event.status}: {event.reason}"
        again = ", done before" if event.reused else f" in {_clock(event.seconds)}"
        value = "not defined" if event.value is None else f"{event.value:.1f}"
        return f"{event.task}: {value}{_error(event.stderr)} {event.metric}, {event.items:,} items{again}"
    return None


def summary(results: Results) -> RenderableType:
    """Return the table of a suite: value, error, chance, floors, published figures; then what a reader must know."""
    floors = list(dict.fromkeys(name for task in results.tasks for name in task.floors))
    table = Table(box=None, pad_edge=False, header_style="bold", title=None)
    table.add_column("task")
    for name in ("year's rule", "ties shared", "± items", "chance", *floors, "ties", "items"):
        table.add_column(name, justify="right")
    for task in results.tasks:
        table.add_row(*_cells(task, floors))
    asked = {task.task for task in results.tasks}
    for name, value in results.averages.items():
        if not asked & set(results.suite.get("averages", {}).get(name, asked)):
            continue
        honest = results.honest_averages.get(name)
        shown = ["missing" if number is None else f"{number:.1f}" for number in (value, honest)]
        table.add_row(Text(name, style="italic"), *shown)
    parts: list[RenderableType] = [table]
    for entry in results.published:
        figures = [f"{name} {entry['scores'][name]:.1f}" for name in entry["scores"] if name in asked]
        if figures:
            parts.append(Text(f"published, {entry['model']}: {', '.join(figures)}", style="dim"))
    parts += [Text(f"{task.task}: {note}", style="dim") for task in results.tasks for note in _notes(task)]
    return Group(*parts)


def _notes(task: TaskResult) -> list[str]:
    """Return what a reader of the table must know of a task."""
    if task.status != "scored":
        return [f"{task.status}: {task.reason}"]
    notes = [*task.warnings, *([task.data.cut] if task.data.cut else [])]
    mirrored = task.details.get("mirrored")
    if mirrored:
        of_both = f"{mirrored['accuracy']:.1f}{_error(mirrored['stderr'])}"
        notes.insert(0, f"pairs with their mirrors: {of_both}, chance 50")
    if task.run_stderr is not None:
        notes.append(f"± {task.run_stderr:.1f} over seeds")
    if task.majority is not None:
        notes.append(f"the majority class gets {task.majority:.1f}")
    return notes


def _cells(task: TaskResult, floors: list[str]) -> list[RenderableType]:
    if task.status != "scored":
        return [task.task, Text(task.status, style="yellow")]
    numbers: list[float | None] = [task.value, task.honest, task.stderr, task.chance]
    numbers += [task.floors.get(name) for name in floors]
    cells: list[RenderableType] = [task.task, *("" if number is None else f"{number:.1f}" for number in numbers)]
    cells.append("" if task.ties is None else f"{task.ties:.1%}")
    cut = "*" if task.data.cut else ""
    return [*cells, f"{task.items:,}{cut}"]


def _error(stderr: float | None) -> str:
    return "" if stderr is None else f" ± {stderr:.1f}"


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"
