"""What a person sees while a build runs: a live display on a terminal, plain lines elsewhere, JSON on request."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from curation.core import events

if TYPE_CHECKING:
    from types import TracebackType


class Display(Protocol):
    """Listens to a build and shows it."""

    def __call__(self, event: events.Event) -> None:
        """Show an event."""

    def __enter__(self) -> Display:
        """Start showing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it should be."""


def display_for(
    console: Console,
    errors: Console,
    lines: Callable[[Console], Display],
    bars: Callable[[Console], Display],
    *,
    as_json: bool,
    quiet: bool,
) -> Display:
    """Return the display that fits where the output goes.

    Args:
        console: of what is shown.
        errors: of warnings when all else is quiet.
        lines: makes the display for logs and pipes.
        bars: makes the display for terminals.
        as_json: events as JSON lines.
        quiet: only warnings.
    """
    if quiet:
        return Quiet(errors)
    if as_json:
        return Json(console)
    return bars(console) if console.is_terminal else lines(console)


def memory_mib() -> float:
    """Return the resident memory of this process, or its peak where the current value is not to be had."""
    try:
        with open("/proc/self/statm", encoding="ascii") as handle:  # noqa: PTH123
            return int(handle.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


class Json:
    """One JSON object a line on standard output."""

    def __init__(self, console: Console) -> None:
        """Write to the console's file, untouched by markup."""
        self._file = console.file

    def __enter__(self) -> Json:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: events.Event) -> None:
        """Write an event."""
        self._file.write(json.dumps(event.as_dict(), ensure_ascii=False) + "\n")
        self._file.flush()


class Quiet:
    """Only warnings."""

    def __init__(self, console: Console) -> None:
        """Use ``console`` for what must be said."""
        self._console = console

    def __enter__(self) -> Quiet:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: events.Event) -> None:
        """Show warnings."""
        if isinstance(event, events.Warned):
            self._console.print(f"warning: {escape(event.message)}", highlight=False)


class Plain:
    """A line when a stage ends, and every ten seconds of a long one: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._stages = _Tally()
        self._last = time.monotonic()

    def __enter__(self) -> Plain:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: events.Event) -> None:
        """Show an event as a line."""
        self._stages.add(event)
        say = self._console.print
        if isinstance(event, events.BuildStarted):
            say(escape(f"{event.name}: {event.files} files, {event.input_bytes:,} bytes"), highlight=False)
        elif isinstance(event, events.StageDone):
            say(escape(_stage_line(event)), highlight=False, soft_wrap=True)
        elif isinstance(event, events.SliceDone) and time.monotonic() - self._last > 10:
            self._last = time.monotonic()
            say(escape(f"  {self._stages.line()}"), highlight=False)
        elif isinstance(event, events.Warned):
            say(escape(f"warning: {event.message}"), highlight=False)
        elif isinstance(event, events.BuildDone):
            for line in _summary(event):
                say(escape(line), highlight=False, soft_wrap=True)


class Live:
    """Bars for the stages, with words a second, memory and time left."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        self._console = console
        self._stages = _Tally()
        self._progress = _Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            _Share(),
            TimeRemainingColumn(compact=True),
            TextColumn("[dim]left"),
            console=console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Live:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and give the cursor back."""
        self._progress.stop()

    def __call__(self, event: events.Event) -> None:
        """Move the bars."""
        self._stages.add(event)
        if isinstance(event, events.StageStarted):
            self._bar(f"stage {event.stage}: {event.title}", event.total_bytes)
        elif isinstance(event, events.SliceDone):
            bar = next(reversed(self._bars.values()))
            self._progress.update(bar, advance=event.bytes)
            self._progress.status = f"{self._stages.line()}\n{self._stages.losses()}"
        elif isinstance(event, events.Progress):
            bar = self._bars.get(event.title) or self._bar(event.title, event.total)
            self._progress.update(bar, completed=event.done, total=event.total)
            self._progress.status = f"{event.done:,} of {event.total:,} {event.unit}, {memory_mib():,.0f} MiB"
        elif isinstance(event, events.StageDone):
            self._clear()
            self._console.print(f"[green]✓[/] {escape(_stage_line(event))}", highlight=False)
        elif isinstance(event, events.Warned):
            self._console.print(f"[yellow]warning:[/] {escape(event.message)}", highlight=False)
        elif isinstance(event, events.BuildDone):
            self._clear()
            self._progress.stop()
            self._console.print(_panel(event))

    def _bar(self, title: str, total: int) -> TaskID:
        self._clear()
        shown = title if len(title) < 40 else title[:39] + "…"
        self._bars[title] = self._progress.add_task(escape(shown), total=total or None)
        self._progress.status = ""
        return self._bars[title]

    def _clear(self) -> None:
        for bar in self._bars.values():
            self._progress.remove_task(bar)
        self._bars.clear()


class _Bars(Progress):
    """Bars with lines of numbers below them."""

    status = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.status:
            yield Text(self.status, style="dim")


class _Share(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if not task.total else f"{min(task.percentage, 100):3.0f}%", style="cyan")


class _Tally:
    """Adds up the slices of the stage that is running."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._documents = self._words = self._fresh = 0
        self._dropped: dict[str, int] = {}

    def add(self, event: events.Event) -> None:
        if isinstance(event, events.StageStarted):
            self.__init__()  # type: ignore[misc]
        elif isinstance(event, events.SliceDone):
            self._documents += event.documents
            self._words += event.words
            self._fresh += 0 if event.cached else event.words
            for name, count in event.dropped.items():
                self._dropped[name] = self._dropped.get(name, 0) + count

    def line(self) -> str:
        rate = self._fresh / max(time.monotonic() - self._start, 1e-3)
        return f"{self._documents:,} documents, {self._words:,} words, {rate:,.0f} words/s, {memory_mib():,.0f} MiB"

    def losses(self) -> str:
        return _dropped(self._dropped)


def _dropped(counts: Mapping[str, int]) -> str:
    """Return the largest losses in words, or nothing."""
    lost = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    if not lost:
        return ""
    more = f" and {len(lost) - 6} more" if len(lost) > 6 else ""
    return "dropped " + ", ".join(f"{name} {count:,}" for count, name in lost[:6]) + more


def _stage_line(event: events.StageDone) -> str:
    line = f"{event.title}: {event.documents:,} documents, {event.words:,} words left ({event.seconds:.1f} s)"
    if losses := _dropped(event.dropped):
        line += f"; {losses}"
    return line + (f"; {event.note}" if event.note else "")


def _headline(event: events.BuildDone) -> str:
    return f"{event.words:,} words in {event.documents:,} documents, of {event.words_read:,} words read"


def _summary(event: events.BuildDone) -> list[str]:
    how = "already built, nothing to do" if event.reused else f"built in {event.seconds:.1f} s"
    lines = [f"{event.name}: {_headline(event)} ({how})"]
    lines += [f"  lost to {name}: {words:,} words, {documents:,} documents" for name, documents, words in event.losses]
    lines += [f"  digest {event.digest}"]
    lines += [
        f"  corpus {event.out}",
        f"  report {event.out}/README.md, {event.out}/audit.json, {event.out}/ledger.parquet",
    ]
    lines += [f"  cache  {event.cache} ({event.cache_bytes / 2**20:,.0f} MiB, delete it freely)"]
    return lines


def _panel(event: events.BuildDone) -> Panel:
    losses = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(event.losses))
    losses.add_column("lost to", style="bold")
    losses.add_column("words", justify="right")
    losses.add_column("documents", justify="right")
    for name, documents, words in event.losses:
        losses.add_row(escape(name), f"{words:,}", f"{documents:,}")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("digest", event.digest)
    facts.add_row("corpus", escape(event.out))
    facts.add_row("report", escape(f"{event.out}/README.md, audit.json, ledger.parquet"))
    facts.add_row("cache", escape(f"{event.cache} ({event.cache_bytes / 2**20:,.0f} MiB, delete it freely)"))
    how = "already built, nothing to do" if event.reused else f"{event.seconds:.1f} s"
    title = f"[bold green]{escape(event.name)}[/] {how}"
    return Panel(Group(Text(_headline(event), style="bold"), "", losses, "", facts), title=title, border_style="green")
