"""The look of the report: one style for screen, phone, print, light and dark; nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1c;--soft:#5b5b5b;--paper:#fff;--line:#e2e2e2;--tint:#f6f6f4;--good:#00794f;
--bad:#b3410a;--plain:#3a5a80}
@media(prefers-color-scheme:dark){:root{--ink:#ececec;--soft:#a8a8a8;--paper:#161616;--line:#343434;--tint:#1f1f1f;
--good:#4cc79a;--bad:#ff9a6b;--plain:#9fc3ee}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:2.2rem 1.2rem 4rem}
h1{font-size:1.55rem;line-height:1.25;margin:0 0 .6rem;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:2.6rem 0 .6rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.4rem 0 .8rem;max-width:70ch}
.lead{font-size:1.08rem}.soft{color:var(--soft)}.small{font-size:.88rem}
.verdict{background:var(--tint);border-left:4px solid var(--plain);padding:.9rem 1.1rem;border-radius:4px;margin:1rem 0}
.better{color:var(--good);font-weight:600}.worse{color:var(--bad);font-weight:600}
.why{min-width:17rem}.box{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;font-size:.9rem;min-width:100%}
th,td{padding:.36rem .7rem .36rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code,pre{font:.85rem/1.5 ui-monospace,Menlo,Consolas,monospace}pre{background:var(--tint);padding:.8rem 1rem;
overflow-x:auto;border-radius:4px}code{overflow-wrap:anywhere}code.whole{white-space:nowrap}summary{cursor:pointer;color:var(--soft);font-size:.88rem}
svg{display:block;margin:.4rem 0}ul{padding-left:1.2rem;margin:.3rem 0}li{margin:.15rem 0;overflow-wrap:anywhere}
@media(max-width:560px){main{padding:1.2rem .9rem 3rem}h1{font-size:1.25rem}}
@media print{main{max-width:none;padding:0}h2{break-after:avoid}svg,table{break-inside:avoid}}
"""


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page."""
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
    )
    return "\n".join([head, *body, "</main></body></html>"]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> str:
    """Return a table that scrolls in its own box; cells are HTML already, ``numbers`` are columns set to the right."""
    right = set(numbers)

    def cell(kind: str, at: int, text: str) -> str:
        return f"<{kind}{' class=n' if at in right else ''}>{text}</{kind}>"

    top = "".join(cell("th", at, escape(text)) for at, text in enumerate(head))
    body = "".join("<tr>" + "".join(cell("td", at, text) for at, text in enumerate(row)) + "</tr>" for row in rows)
    return f'<div class="box"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
