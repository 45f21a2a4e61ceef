"""What a person sees of an ablation: a line a run, a bar of all runs with the time left, and the plan as a table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from curation.core.events import Event, Warned
from evaluation.ablation import events
from evaluation.ablation.settings import AREA
from training.display import in_time

if TYPE_CHECKING:
    from types import TracebackType

    from evaluation.ablation.plan import Plan

#: Seconds between plain lines on runs that are under way.
SAY_EVERY = 60.0


class Plain:
    """Lines for logs and pipes: one a run, and one a minute while runs are under way."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._last = time.monotonic()

    def __enter__(self) -> Plain:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: Event) -> None:
        """Show an event as a line."""
        line = line_of(event)
        if isinstance(event, events.RunsAdvanced) and time.monotonic() - self._last > SAY_EVERY:
            line = f"  {_under_way(event)}"
        if line is not None:
            self._last = time.monotonic()
            self._console.print(escape(line), highlight=False, soft_wrap=True)


class Live:
    """A bar of all runs below the lines of those that are done."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        self._console = console
        columns = TextColumn("{task.fields[done]}"), BarColumn(bar_width=24), TextColumn("[dim]{task.description}")
        self._progress = Progress(*columns, console=console, transient=True)
        self._bar = self._progress.add_task("building the corpora", total=None, done="")

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
        """Move the bar, or print above it what stays."""
        if isinstance(event, events.RunsAdvanced):
            completed = event.done + sum(share for _, _, share in event.running)
            self._progress.update(
                self._bar,
                total=event.runs,
                completed=completed,
                description=escape(_under_way(event)),
                done=f"{event.done}/{event.runs} runs",
            )
        line = line_of(event)
        if line is not None:
            self._console.print(escape(line), highlight=False, soft_wrap=True)


def _under_way(event: events.RunsAdvanced) -> str:
    told = [f"{arm} {seed}: {share:.0%}" for arm, seed, share in event.running]
    left = [] if event.left_seconds is None else [f"{in_time(event.left_seconds)} left"]
    return ", ".join([*told, *left])


def line_of(event: Event) -> str | None:
    """Return what stays on the screen of an event, if anything does."""
    if isinstance(event, events.AblationStarted):
        return f"{event.question}\n{len(event.arms)} arms, {event.seeds} seeds: {event.runs} runs"
    if isinstance(event, events.CorpusReady):
        same = ", the same as the base's" if event.same_as_base else ""
        draws = f", and {event.draws - 1} further draws" if event.draws > 1 else ""
        return f"corpus of {event.arm}: {event.words:,} words, {event.digest[:12]}{draws}{same}"
    if isinstance(event, events.RunDone):
        value = "failed" if event.failed else "" if event.primary is None else f"{event.metric} {event.primary:.4f}"
        left = "" if not event.left_seconds else f", {in_time(event.left_seconds)} left"
        return (
            f"[{event.done}/{event.runs}] {event.arm}, seed {event.seed}: {value}, {event.cpu_seconds:.0f} CPU-s{left}"
        )
    if isinstance(event, events.ArmStopped):
        return f"{event.arm} stops at {event.rung:.0%}: {event.why}"
    if isinstance(event, events.AblationDone):
        return f"{event.verdict}\n{event.folder}/ablation.html"
    if isinstance(event, Warned):
        return f"warning: {event.message}"
    return None


def show_plan(console: Console, made: Plan) -> None:
    """Print what an ablation can detect and what it costs."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for name in ("metric", "spread over seeds", "detects", "wanted", "power", "seeds"):
        table.add_column(name, overflow="fold", justify="left" if name == "metric" else "right")
    for row in made.metrics:
        spread = f"{row.spread.sd:.3f} [{row.spread_low:.3f}, {row.spread_high:.3f}]"
        found = "" if row.detectable is None else f"{row.detectable:.3f}"
        power = "" if row.power is None else f"{row.power:.0%}"
        needed = "none" if row.seeds_needed is None else str(row.seeds_needed)
        cells = [row.metric, spread, found, f"{row.of_interest:g}", power, needed]
        table.add_row(*map(escape, cells))
    console.print(table, highlight=False)
    console.print(
        "detects: the difference that these runs find with probability .8; wanted: the one that you would like to "
        "find; power: the probability to find that; seeds: runs an arm that find it with probability .8",
        highlight=False,
        style="dim",
    )
    for source in dict.fromkeys(row.spread.source for row in made.metrics):
        names = ", ".join(row.metric for row in made.metrics if row.spread.source == source)
        console.print(escape(f"spread of {names}: {source}"), highlight=False, style="dim")
    seeds_only = [row.metric for row in made.metrics if not row.item_se and not row.metric.startswith(f"{AREA}.")]
    if seeds_only:
        told = "is not known yet and not counted: a report's intervals are wider than this"
        console.print(escape(f"error over items of {', '.join(seeds_only)} {told}"), highlight=False, style="dim")
    if made.unknown:
        told = f"no spread is known of {', '.join(made.unknown)}: the first ablation will measure it"
        console.print(escape(told), highlight=False)
    if made.metrics and not made.metrics[0].verdict_possible:
        console.print("fewer than 3 seeds: there will be numbers and no verdict", highlight=False)
    cost = "time not known yet"
    if made.cpu_hours is not None and made.hours is not None:
        cost = f"about {60 * made.cpu_hours:,.0f} CPU minutes, {60 * made.hours:,.0f} minutes on this machine"
    memory = "memory not known" if made.memory_mib is None else f"{made.memory_mib:,.0f} MiB"
    console.print(f"{made.runs} runs: {cost}, {memory}", highlight=False)
    console.print(escape(f"time and memory: {made.cost_from}"), highlight=False, style="dim", soft_wrap=True)
