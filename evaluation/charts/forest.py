"""A forest plot: each arm's difference from the base, its 95% interval, and what could have been detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evaluation.charts.frame import COLOURS, Scale, axes, svg


@dataclass(frozen=True)
class Effect:
    """One row."""

    name: str
    value: float
    low: float | None
    high: float | None
    detectable: float | None
    """Half the width of the grey band around 0: a difference this large is found with probability .8."""

    note: str = ""
    """At the right: seeds, corrected p."""

    points: Sequence[float] = ()
    """Differences of single runs from the base's mean."""

    colour: str = COLOURS[0]


def forest(effects: Sequence[Effect], *, title: str, x_title: str, better: str = "", width: float = 680) -> str:
    """Return a forest plot as SVG.

    Args:
        effects: one a row, in this order.
        title: above all; say the finding.
        x_title: what the difference is, and in which unit.
        better: which side is better, ``left`` or ``right``.
        width: of the picture, in pixels.
    """
    ends = [0.0]
    for effect in effects:
        ends += [effect.value, *(x for x in (effect.low, effect.high) if x is not None), *effect.points]
        if effect.detectable is not None:
            ends += [effect.detectable, -effect.detectable]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.08 or 1.0
    row, top = 40, 46
    bottom = top + row * max(len(effects), 1)
    x = Scale(low - room, high + room, 150, width - 150)
    y = Scale(0, 1, bottom, top)
    parts = [part for part in axes(x, y, x_title=x_title, y_title="") if 'text-anchor="end"' not in part]
    parts = [part for part in parts if 'class="grid"' not in part]
    parts.append(f'<line class="axis" x1="{x(0)}" x2="{x(0)}" y1="{top}" y2="{bottom}"/>')
    if better:
        arrow = "← better" if better == "left" else "better →"
        anchor = "end" if better == "left" else "start"
        at = x(0) - 8 if better == "left" else x(0) + 8
        parts.append(f'<text class="faint" x="{at}" y="{top - 6}" text-anchor="{anchor}">{arrow}</text>')
    for number, effect in enumerate(effects):
        parts += _row(effect, x, top + row * (number + 0.5), width)
    return svg(width, bottom + 44, title, parts)


def _row(effect: Effect, x: Scale, middle: float, width: float) -> list[str]:
    parts = []
    if effect.detectable is not None:
        left, right = x(-effect.detectable), x(effect.detectable)
        parts.append(
            f'<rect x="{left}" y="{middle - 14}" width="{right - left:.2f}" height="28" fill="#888" opacity="0.13">'
            f"<title>differences beyond this band are found with probability .8</title></rect>"
        )
    parts += [
        f'<circle cx="{x(point)}" cy="{middle + 9}" r="2" fill="{effect.colour}" opacity="0.55"/>'
        for point in effect.points
    ]
    if effect.low is not None and effect.high is not None:
        parts.append(
            f'<line x1="{x(effect.low)}" x2="{x(effect.high)}" y1="{middle}" y2="{middle}" '
            f'stroke="{effect.colour}" stroke-width="2.5"/>'
        )
        parts += [
            f'<line x1="{x(end)}" x2="{x(end)}" y1="{middle - 5}" y2="{middle + 5}" stroke="{effect.colour}" '
            'stroke-width="2"/>'
            for end in (effect.low, effect.high)
        ]
    at = x(effect.value)
    parts.append(f'<rect x="{at - 4.5}" y="{middle - 4.5}" width="9" height="9" fill="{effect.colour}"/>')
    parts.append(f'<text x="8" y="{middle + 4}">{escape(effect.name)}</text>')
    parts.append(f'<text class="faint" x="{width - 142}" y="{middle + 4}">{escape(effect.note)}</text>')
    return parts
