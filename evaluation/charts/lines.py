"""Curves: one or more series of points, each with an optional band around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evaluation.charts.frame import COLOURS, Scale, axes, spread, svg


@dataclass(frozen=True)
class Series:
    """Points ``(x, y)`` in the order of x, with half the height of a band at each, or none."""

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[float] | None = None
    dashed: bool = False


def lines(
    series: Sequence[Series],
    *,
    title: str,
    x_title: str,
    y_title: str,
    log_x: bool = True,
    levels: Sequence[tuple[str, float]] = (),
    width: float = 640,
    height: float = 360,
) -> str:
    """Return curves as SVG.

    Args:
        series: are drawn in this order, each in its colour.
        title: above all; say the finding.
        x_title: below the axis.
        y_title: above the axis.
        log_x: whether x is on a logarithmic axis.
        levels: names and heights of horizontal lines, such as chance.
        width: of the picture, in pixels.
        height: the same.
    """
    xs = [x for one in series for x, _ in one.points]
    ys = [y for one in series for _, y in one.points] + [level for _, level in levels]
    for one in series:
        if one.band is not None:
            ys += [y + sign * half for (_, y), half in zip(one.points, one.band, strict=True) for sign in (-1, 1)]
    if not xs:
        return svg(width, 60, title, ['<text class="faint" x="8" y="44">nothing to draw yet</text>'])
    low, high = (min(xs), max(xs)) if log_x else spread(xs, 0.02)
    if low == high:
        low, high = (low / 2, high * 2) if log_x else (low - 1, high + 1)
    keyed = 18 * len(series)
    x = Scale(low, high, 56, width - 170, log_x)
    y = Scale(*spread(ys), height - 48, 48)
    parts = axes(x, y, x_title=x_title, y_title=y_title)
    for name, level in levels:
        parts.append(
            f'<line class="axis" stroke-dasharray="2 4" x1="{x.start}" x2="{x.stop}" y1="{y(level)}" y2="{y(level)}"/>'
            f'<text class="faint" x="{x.stop + 6}" y="{y(level) + 4}">{escape(name)}</text>'
        )
    for number, one in enumerate(series):
        parts += _one(one, COLOURS[number % len(COLOURS)], x, y)
        at = 52 + 18 * number
        parts.append(
            f'<rect x="{width - 150}" y="{at}" width="12" height="4" rx="2" fill="{COLOURS[number % len(COLOURS)]}"/>'
            f'<text x="{width - 134}" y="{at + 7}">{escape(one.name)}</text>'
        )
    return svg(width, max(height, 60 + keyed), title, parts)


def _one(one: Series, colour: str, x: Scale, y: Scale) -> list[str]:
    parts = []
    if one.band is not None and len(one.points) > 1:
        above = [f"{x(px)},{y(py + half)}" for (px, py), half in zip(one.points, one.band, strict=True)]
        below = [f"{x(px)},{y(py - half)}" for (px, py), half in zip(one.points, one.band, strict=True)]
        parts.append(f'<polygon points="{" ".join(above + below[::-1])}" fill="{colour}" opacity="0.18"/>')
    dash = ' stroke-dasharray="5 4"' if one.dashed else ""
    path = " ".join(f"{x(px)},{y(py)}" for px, py in one.points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    parts += [f'<circle cx="{x(px)}" cy="{y(py)}" r="3" fill="{colour}"/>' for px, py in one.points]
    return parts
