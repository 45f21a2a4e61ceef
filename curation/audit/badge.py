"""The badge: one line of SVG that says what the audit found. No font is loaded, no request is made."""

from __future__ import annotations

from html import escape

from curation.audit.verdict import Verdict

#: White text on each reaches a contrast of 4.5 to 1 (WCAG 2.1, level AA).
_COLOURS = {"holds": "#1a7f4b", "broken": "#b42318", "unknown": "#8a5a00"}
_WORDS = {"holds": "holds", "broken": "broken", "unknown": "cannot say"}
_GREY = "#4a5157"
_PADDING = 8


def badge(verdict: Verdict) -> str:
    """Return the SVG of a verdict: the rules on the left, what they found on the right."""
    left = verdict.profile or "integrity"
    right = f"{_WORDS[verdict.status]}, {_short(verdict.words)} words"
    a, b = (_width(text) + 2 * _PADDING for text in (left, right))
    title = escape(f"{left}: {right}", quote=True)
    # The right half is a path with two round corners: a clip path needs an id, which may stand twice in one page.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{a + b}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{a + b}" height="20" rx="3" fill="{_GREY}"/>'
        f'<path d="M{a} 0h{b - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{b - 3}z" fill="{_COLOURS[verdict.status]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f'<text x="{_PADDING}" y="14" textLength="{a - 2 * _PADDING}">{escape(left)}</text>'
        f'<text x="{a + _PADDING}" y="14" textLength="{b - 2 * _PADDING}">{escape(right)}</text>'
        "</g></svg>\n"
    )


def _short(words: int) -> str:
    """Return a number of words as 10M or 98.04M where that is exact; in full where it is not."""
    millions = f"{words / 1e6:.2f}".rstrip("0").rstrip(".") + "M"
    return millions if words >= 1_000_000 and words % 10_000 == 0 else f"{words:,}"


def _width(text: str) -> int:
    """Return about how many pixels a text takes in Verdana 11: ``textLength`` makes it exact."""
    narrow, wide = sum(letter in "iljtf.,:;'|! " for letter in text), sum(letter in "mwMW%@" for letter in text)
    return round(7 * len(text) - 3 * narrow + 3 * wide)
