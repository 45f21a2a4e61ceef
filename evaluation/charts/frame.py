"""The frame of a chart: scales, ticks, grid, title, and the colours of light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

#: Okabe and Ito's palette, which the colour-blind tell apart (https://jfly.uni-koeln.de/color); black is the text's.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#666666")

STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}"
    ".grid{stroke:#ddd;stroke-width:1}.axis{stroke:#888;stroke-width:1}.faint{fill:#777;font-size:11px}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#3a3a3a}.axis{stroke:#888}.faint{fill:#999}}"
)


@dataclass(frozen=True)
class Scale:
    """A map from numbers to pixels, straight or logarithmic."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a number."""
        low, high, at = (
            (math.log10(x) for x in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        )
        share = (at - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.stop - self.start), 2)

    def ticks(self, about: int = 5) -> list[float]:
        """Return round numbers inside the scale: 1, 2 and 5 times powers of ten."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1, 2, 5) if last - first <= 3 else (1,)
            found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        else:
            raw = (self.high - self.low) / max(about, 1) or 1.0
            power = 10.0 ** math.floor(math.log10(raw))
            step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
            count = int((self.high - self.low) / step) + 2
            found = [round((math.ceil(self.low / step) + number) * step, 12) for number in range(count)]
        slack = 1e-9 * (abs(self.high) + abs(self.low))
        return [tick for tick in found if self.low - slack <= tick <= self.high + slack]


def spread(values: Sequence[float], margin: float = 0.06) -> tuple[float, float]:
    """Return the limits of a scale that shows all values with a little room."""
    low, high = min(values), max(values)
    room = (high - low) * margin or abs(high) * margin or 1.0
    return low - room, high + room


def short(number: float) -> str:
    """Return a number for an axis: 1M, 20k, 0.5."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"


def axes(x: Scale, y: Scale, *, x_title: str, y_title: str, x_name: Callable[[float], str] = short) -> list[str]:
    """Return grid, ticks and titles of the axes."""
    parts = []
    for tick in y.ticks():
        parts.append(f'<line class="grid" x1="{x.start}" x2="{x.stop}" y1="{y(tick)}" y2="{y(tick)}"/>')
        parts.append(f'<text class="faint" x="{x.start - 6}" y="{y(tick) + 4}" text-anchor="end">{short(tick)}</text>')
    for tick in x.ticks():
        parts.append(f'<line class="axis" x1="{x(tick)}" x2="{x(tick)}" y1="{y.start}" y2="{y.start + 4}"/>')
        parts.append(
            f'<text class="faint" x="{x(tick)}" y="{y.start + 17}" text-anchor="middle">{escape(x_name(tick))}</text>'
        )
    parts.append(f'<line class="axis" x1="{x.start}" x2="{x.stop}" y1="{y.start}" y2="{y.start}"/>')
    middle = (x.start + x.stop) / 2
    parts.append(f'<text class="faint" x="{middle}" y="{y.start + 34}" text-anchor="middle">{escape(x_title)}</text>')
    parts.append(f'<text class="faint" x="{x.start}" y="{y.stop - 10}">{escape(y_title)}</text>')
    return parts


def svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Return a whole picture, which says its title to a screen reader."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title, quote=True)}" style="max-width:{width:g}px;width:100%;height:auto">'
    )
    named = f'<text class="title" x="8" y="20">{escape(title)}</text>'
    return "\n".join([head, f"<style>{STYLE}</style>", named, *parts, "</svg>"]) + "\n"
