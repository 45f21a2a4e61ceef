"""Small pieces of HTML. Whatever comes from a corpus passes through ``esc``; what is of type ``Html`` has passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NewType

Html = NewType("Html", str)

NOT_RECORDED = "not recorded"


def esc(value: object) -> Html:
    """Return a value as text that HTML shows as it is, also inside an attribute."""
    # What no browser shows and XML forbids would break the page's text, so it is made visible.
    text = "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in str(value))
    return Html(escape(text, quote=True))


def sentence(text: str) -> str:
    """Return a message with a capital letter, unless it starts with a name."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def join(parts: Iterable[str], between: str = "") -> Html:
    """Join pieces of HTML."""
    return Html(between.join(parts))


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands set apart, or that it was not recorded."""
    return NOT_RECORDED if value is None else f"{value:,.{digits}f}"


def percent(part: float | None, whole: float = 1.0) -> str:
    """Return a share in per cent: small ones keep a digit that tells them from nothing."""
    if part is None or not whole:
        return NOT_RECORDED
    share = 100 * part / whole
    if share == 0 or share >= 99.95:
        return f"{share:.0f}%"
    return f"{share:.1f}%" if share >= 0.1 else "< 0.1%"


def count(value: int, one: str, many: str = "") -> str:
    """Return a number and its noun."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def section(anchor: str, title: str, finding: str, *parts: Html) -> Html:
    """Return a section: a short title, the finding in a sentence, and what shows it."""
    return Html(
        f'<section id="{esc(anchor)}" aria-labelledby="{esc(anchor)}-title">'
        f'<h2 id="{esc(anchor)}-title">{esc(title)}</h2><p class="finding">{esc(finding)}</p>{join(parts)}</section>'
    )


def heading(text: str) -> Html:
    """Return a heading inside a section."""
    return Html(f"<h3>{esc(text)}</h3>")


def note(text: str) -> Html:
    """Return a remark in small type: how something was measured, or what is missing."""
    return Html(f'<p class="note">{esc(text)}</p>')


def table(
    head: Sequence[str], rows: Iterable[Sequence[str | Html]], *, label: str, numbers: Iterable[int] = ()
) -> Html:
    """Return a table that scrolls inside its own box; cells are escaped unless they are ``Html``.

    Args:
        head: titles of the columns.
        rows: cells, text or (wrapped by ``cell``) HTML.
        label: what the table is, for readers who hear it.
        numbers: columns that are set to the right.
    """
    right = set(numbers)
    titles = join(f'<th scope="col"{_class(place in right)}>{esc(title)}</th>' for place, title in enumerate(head))
    body = join(
        f"<tr>{join(f'<td{_class(place in right)}>{_cell(cell)}</td>' for place, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return Html(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{esc(label)}">'
        f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class Cell(str):
    """A table cell that is HTML already."""

    __slots__ = ()


def cell(html: Html) -> Html:
    """Mark HTML as the content of a table cell."""
    return Html(Cell(html))


def _cell(value: str) -> str:
    return value if isinstance(value, Cell) else esc(value)


def _class(right: bool) -> str:  # noqa: FBT001
    return ' class="number"' if right else ""


def figure(content: Html, caption: str, *, title: str = "", kind: str = "") -> Html:
    """Return a figure with a title that states the finding, and a caption that says how to read it."""
    above = f'<p class="figure-title">{esc(title)}</p>' if title else ""
    below = f"<figcaption>{esc(caption)}</figcaption>" if caption else ""
    return Html(f'<figure class="{esc(kind)}">{above}{content}{below}</figure>')


def details(summary: str, content: Html, *, open_: bool = False) -> Html:
    """Return what is folded away until asked for."""
    return Html(f"<details{' open' if open_ else ''}><summary>{esc(summary)}</summary>{content}</details>")


def legend(entries: Iterable[tuple[str, str]]) -> Html:
    """Return names beside their colours: (class, name)."""
    items = join(f'<li><svg class="key" aria-hidden="true"><rect width="100%" height="100%" class="{esc(mark)}"/></svg>'
                 f"{esc(name)}</li>" for mark, name in entries)  # fmt: skip
    return Html(f'<ul class="legend">{items}</ul>')


def code(text: str) -> Html:
    """Return a digest, a name or a setting in fixed type."""
    return Html(f"<code>{esc(text)}</code>")
