"""What a person sees while a model trains: a live table on a terminal, plain lines elsewhere, JSON on request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from curation.core.events import Event, Warned
from curation.core.events import Progress as Part
from curation.display import memory_mib
from training import events

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds between plain lines, and between redrawings.
SAY_EVERY = 10.0
DRAW_EVERY = 0.25
_LINE = "▁▂▃▄▅▆▇█"


class Tally:
    """Follows a run: smoothed losses, speed, time left."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.started: events.TrainStarted | None = None
        self.last: events.StepDone | None = None
        self.bits: Mapping[str, float] = {}
        self.first_bits: Mapping[str, float] = {}
        self.pseudo = False
        self.losses: dict[str, float] = {}
        self.history: list[float] = []
        self.skipped = 0
        self._begin: tuple[float, int, float] | None = None

    def add(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, events.TrainStarted):
            self.started = event
            self._begin = None
        elif isinstance(event, events.StepDone):
            if self._begin is None:
                self._begin = event.seconds, event.tokens, event.flops
            self.last = event
            for name, value in (("masked", event.masked_loss), ("causal", event.causal_loss)):
                if value is not None:
                    before = self.losses.get(name, value)
                    self.losses[name] = before + 0.05 * (value - before)
            self.history.append(event.loss)
        elif isinstance(event, events.HeldoutMeasured):
            self.first_bits = self.first_bits or event.bits_per_byte
            self.bits, self.pseudo = event.bits_per_byte, event.pseudo
        elif isinstance(event, events.StepSkipped):
            self.skipped += 1

    def speed(self) -> tuple[float, float | None]:
        """Return tokens a second, and the share of the device's peak, if it is known; without the first step."""
        if self.last is None or self._begin is None or self.last.seconds <= self._begin[0]:
            return 0.0, None
        seconds = self.last.seconds - self._begin[0]
        peak = self.started.peak if self.started is not None else None
        used = None if not peak else (self.last.flops - self._begin[2]) / seconds / peak
        return (self.last.tokens - self._begin[1]) / seconds, used

    def left(self) -> float:
        """Return the seconds that are left, by the compute that is left, as later rows may be longer."""
        if self.last is None or self._begin is None or self.started is None:
            return 0.0
        rate = (self.last.flops - self._begin[2]) / max(self.last.seconds - self._begin[0], 1e-9)
        return max(self.started.flops_planned - self.last.flops, 0.0) / rate if rate else 0.0

    def bits_line(self) -> str:
        """Return bits per byte of each held-out text."""
        found = ", ".join(f"{name} {value:.3f}" for name, value in self.bits.items())
        return f"{'pseudo-' if self.pseudo else ''}bits per byte: {found}" if found else ""

    def loss_line(self) -> str:
        """Return the smoothed losses."""
        return ", ".join(f"{name} {value:.3f}" for name, value in self.losses.items())


class Plain:
    """A line every ten seconds: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._tally = Tally()
        self._last = 0.0

    def __enter__(self) -> Plain:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def __call__(self, event: Event) -> None:
        """Show an event as a line."""
        self._tally.add(event)
        for line in self._lines(event):
            self._console.print(escape(line), highlight=False, soft_wrap=True)

    def _lines(self, event: Event) -> list[str]:
        if isinstance(event, events.TrainStarted):
            return started_lines(event)
        if isinstance(event, events.StepDone):
            now = time.monotonic()
            if now - self._last < SAY_EVERY and event.step + 1 < event.steps:
                return []
            self._last = now
            return [f"  {step_line(self._tally)}"]
        if isinstance(event, events.HeldoutMeasured):
            return [f"  step {event.step + 1:,}: {self._tally.bits_line()}"]
        if isinstance(event, Part):
            return [] if event.done else [f"{event.title} ({event.total:,} {event.unit})"]
        return other_lines(event)


class Live:
    """A bar with the numbers below it, redrawn four times a second."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        self._console = console
        self._tally = Tally()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=40), TaskProgressColumn(), console=console
        )
        self._task = self._bar.add_task("preparing", total=None)
        self._live = RichLive(self._bar, console=console, auto_refresh=False, transient=True)
        self._drawn = 0.0

    def __enter__(self) -> Live:
        """Start drawing."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and give the cursor back."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Move the bar, or print above it what stays."""
        self._tally.add(event)
        if isinstance(event, events.TrainStarted):
            self._bar.update(
                self._task, description=escape(event.recipe), total=event.steps, completed=event.first_step
            )
            for line in started_lines(event):
                self._live.console.print(escape(line), highlight=False)
        elif isinstance(event, events.StepDone):
            self._bar.update(self._task, completed=event.step + 1)
        elif isinstance(event, Part):
            self._bar.update(self._task, description=event.title, total=event.total, completed=event.done)
        elif isinstance(event, events.TrainDone):
            self._live.stop()
            self._console.print(_panel(event, self._tally))
            return
        else:
            for line in other_lines(event):
                self._live.console.print(escape(line), highlight=False)
        if time.monotonic() - self._drawn > DRAW_EVERY:
            self._drawn = time.monotonic()
            self._live.update(Group(self._bar, self._numbers()), refresh=True)

    def _numbers(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        last = self._tally.last
        if last is None:
            return grid
        rate, used = self._tally.speed()
        grid.add_row("loss", f"{self._tally.loss_line()}  {sparkline(self._tally.history)}")
        if self._tally.bits:
            grid.add_row("held out", self._tally.bits_line())
        grid.add_row("seen", f"{last.words:,} words, {last.tokens:,} tokens, {last.epoch:.2f} passes")
        share = "" if used is None else f", {used:.0%} of the device's peak"
        grid.add_row("speed", f"{rate:,.0f} tokens/s{share}, {memory_mib():,.0f} MiB")
        grid.add_row("left", in_time(self._tally.left()))
        return grid


def started_lines(event: events.TrainStarted) -> list[str]:
    """Return what a run is, in two lines."""
    again = f", from step {event.first_step:,}" if event.first_step else ""
    about = f"{event.recipe}: {event.model}, {event.parameters:,} parameters, on {event.device} in {event.precision}"
    plan = (
        f"  {event.corpus_words:,} words ({event.tokens:,} tokens), {event.steps:,} steps, about "
        f"{event.words_planned:,} words seen, {event.flops_planned:.3g} FLOPs{again}"
    )
    return [about, plan]


def step_line(tally: Tally) -> str:
    """Return where a run stands, in a line."""
    last = tally.last
    assert last is not None
    rate, used = tally.speed()
    share = "" if used is None else f", MFU {used:.0%}"
    return (
        f"step {last.step + 1:,}/{last.steps:,}: loss {tally.loss_line()}; {last.words:,} words seen; "
        f"{rate:,.0f} tokens/s{share}; {in_time(tally.left())} left"
    )


def other_lines(event: Event) -> list[str]:
    """Return what is said of rarer events."""
    if isinstance(event, Warned):
        return [f"warning: {event.message}"]
    if isinstance(event, events.StepSkipped):
        return [f"warning: step {event.step + 1:,} skipped: {event.reason}"]
    if isinstance(event, events.MilestoneSaved):
        return [f"  {event.name} at {event.words:,} words seen: {event.folder}"]
    if isinstance(event, events.TrainDone):
        return done_lines(event)
    return []


def done_lines(event: events.TrainDone) -> list[str]:
    """Return what came out."""
    how = "already trained, nothing to do" if event.reused else f"trained in {in_time(event.seconds)}"
    lines = [f"{event.steps:,} steps, {event.words:,} words seen, {event.flops:.3g} FLOPs ({how})"]
    if event.stopped:
        lines.append(f"  stopped {event.stopped}")
    bits = ", ".join(f"{name} {value:.3f}" for name, value in event.bits_per_byte.items())
    lines += [f"  bits per byte: {bits}"] if bits else []
    return [*lines, f"  model {event.model}", f"  run   {event.folder}/run.json, metrics.jsonl"]


def _panel(event: events.TrainDone, tally: Tally) -> Panel:
    lines = [escape(line) for line in done_lines(event)]
    if tally.history:
        lines.append(f"  loss  {sparkline(tally.history)} {tally.loss_line()}")
    name = tally.started.recipe if tally.started is not None else "run"
    return Panel("\n".join(lines), title=f"[bold green]{escape(name)}[/]", border_style="green", expand=False)


def sparkline(values: list[float], width: int = 40) -> str:
    """Return a curve in one line: means of equal stretches, from the lowest to the highest."""
    if len(values) < 2:
        return ""
    count = min(width, len(values))
    cuts = [len(values) * number // count for number in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(cuts)]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(_LINE[min(int((mean - low) / span * len(_LINE)), len(_LINE) - 1)] for mean in means)


def in_time(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"
