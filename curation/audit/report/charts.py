"""Charts as inline SVG: bars that stretch with the page, histograms with their threshold, rank and frequency.

Colours are classes (``s0`` to ``s7``, ``human``, ``removed``): the style sheet sets them for light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from curation.audit.measured import FilterValues
from curation.audit.report.markup import Html, esc, join

COLOURS = 8
_WIDTH, _LEFT, _RIGHT = 340, 8, 8


def colour(place: int) -> str:
    """Return the class of the n-th source."""
    return f"s{place % COLOURS}"


def bar(parts: Iterable[tuple[float, str, str]], label: str, *, mark: float | None = None) -> Html:
    """Return a bar as wide as its box.

    Args:
        parts: (share of the width, class, title) one after another.
        label: what the bar says, for readers who hear it.
        mark: share of the width at which a line is drawn.
    """
    start = 0.0
    pieces = []
    for share, kind, title in parts:
        if share > 0:
            width = max(100 * share, 0.25)  # what is there is seen
            pieces.append(
                f'<rect x="{100 * start:.3f}%" width="{width:.3f}%" height="100%" class="{esc(kind)}">'
                f"<title>{esc(title)}</title></rect>"
            )
        start += share
    if mark is not None:
        place = f"{min(100 * mark, 100):.3f}%"
        pieces.append(f'<line x1="{place}" x2="{place}" y1="0" y2="100%" class="mark"/>')
    return Html(f'<svg class="bar" role="img" aria-label="{esc(label)}">{join(pieces)}</svg>')


def histogram(values: FilterValues) -> Html:
    """Return what a filter removed (above) and kept (below) by its measure, and its thresholds as dashed lines.

    Each half has its own scale: a filter that removes one document in a thousand would else show nothing.
    """
    low, high = _scaled(values, values.edges[0]), _scaled(values, values.edges[-1])
    room = _WIDTH - _LEFT - _RIGHT

    def place(value: float) -> float:
        share = (_scaled(values, value) - low) / (high - low)
        return _LEFT + room * min(max(share, 0.0), 1.0)

    bottom = 168.0 if any(values.removed) else 112.0
    halves = [(values.kept, bottom, "kept")]
    if any(values.removed):
        halves.insert(0, (values.removed, 78.0, "removed"))
    parts = []
    for counts, base, kind in halves:
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}" class="axis"/>')
        most = max([*counts, 1])
        for number, found in enumerate(counts):
            if found:
                tall = max(50 * found / most, 1.2)
                left, right = place(values.edges[number]), place(values.edges[number + 1])
                parts.append(
                    f'<rect x="{left + 0.4:.2f}" y="{base - tall:.2f}" width="{max(right - left - 0.8, 0.6):.2f}" '
                    f'height="{tall:.2f}" class="{kind}"><title>{esc(_bin(values, number))}: {found:,} {kind}</title>'
                    "</rect>"
                )
    for threshold in values.thresholds:
        if values.edges[0] <= threshold.value <= values.edges[-1]:
            x = place(threshold.value)
            anchor = "end" if x > _WIDTH * 0.6 else "start"
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{bottom}" class="threshold"/>'
                f'<text x="{x - 5 if anchor == "end" else x + 5:.1f}" y="12" text-anchor="{anchor}" class="strong">'
                f"{esc(threshold.setting)} {_short(threshold.value)}</text>"
            )
    lines = [place(one.value) for one in values.thresholds]
    for counts, base, kind in halves:
        # The name of a half stands where its bars are lowest.
        right = sum(counts[: len(counts) // 2]) > sum(counts[len(counts) // 2 :])
        x, anchor = (_WIDTH - _RIGHT, "end") if right else (_LEFT, "start")
        # ... and not across a threshold.
        x += 0 if right else max((line + 5 - x for line in lines if 0 <= line - x < 70), default=0)
        parts.append(f'<text x="{x}" y="{base - 40}" text-anchor="{anchor}" class="over">{kind} {sum(counts):,}</text>')
    for edge, anchor in ((values.edges[0], "start"), (values.edges[-1], "end")):
        x = _LEFT if anchor == "start" else _WIDTH - _RIGHT
        parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="{anchor}">{_short(edge)}</text>')
    label = f"Histogram of {values.step}: documents removed and kept"
    size = f"0 0 {_WIDTH} {bottom + 20:.0f}"
    return Html(f'<svg viewBox="{size}" class="chart" role="img" aria-label="{esc(label)}">{join(parts)}</svg>')


def ranks(series: Sequence[tuple[str, str, Sequence[tuple[int, int]]]]) -> Html:
    """Return frequency by rank of several sources, both logarithmic: (class, name, points)."""
    points = [point for _, _, some in series for point in some]
    wide = math.ceil(math.log10(max((rank for rank, _ in points), default=10)) or 1)
    tall = math.ceil(math.log10(max((found for _, found in points), default=10)) or 1)
    left, right, top, bottom = 34.0, 342.0, 10.0, 216.0
    x_step, y_step = (right - left) / wide, (bottom - top) / tall
    parts = []
    for power in range(wide + 1):
        x = left + power * x_step
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{_power(power)}</text>')
    for power in range(tall + 1):
        y = bottom - power * y_step
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{_power(power)}</text>')
    for kind, name, some in series:
        path = " ".join(
            f"{left + math.log10(rank) * x_step:.1f},{bottom - math.log10(max(found, 1)) * y_step:.1f}"
            for rank, found in some
        )
        parts.append(f'<polyline points="{path}" class="line {esc(kind)}"><title>{esc(name)}</title></polyline>')
    middle = (left + right) / 2
    parts.append(f'<text x="{middle}" y="{bottom + 30}" text-anchor="middle">rank of the type</text>')
    label = "Frequency of types by rank, both axes logarithmic"
    return Html(f'<svg viewBox="0 0 360 250" class="chart" role="img" aria-label="{label}">{join(parts)}</svg>')


def _scaled(values: FilterValues, value: float) -> float:
    return math.log(max(value, 1e-9)) if values.logarithmic else value


def _bin(values: FilterValues, place: int) -> str:
    return f"{_short(values.edges[place])} to {_short(values.edges[place + 1])}"


def _short(value: float) -> str:
    """Return a number in few characters."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _power(power: int) -> str:
    return ("1", "10", "100", "1k", "10k", "100k", "1M", "10M", "100M", "1G")[min(power, 9)]
