"""The budget as a bar with its parts: by people, by rules, by models, and read by auxiliary models alone."""

from __future__ import annotations

from collections.abc import Mapping

from curation.audit.report.charts import bar
from curation.audit.report.markup import Html, count, details, esc, legend, note, number, percent, section, table
from curation.audit.verdict import Budget, BudgetPart, Verdict

#: Width of what has no known size: enough to be seen, and no measure.
_UNKNOWN_WIDTH = 0.05
#: Parts that are listed without being asked for.
_LISTED = 12
_KINDS = {"human": "human", "rule": "rule-made", "model": "model", "auxiliary": "auxiliary", "teacher": "teacher"}
_KIND_NAMES = {
    "human": "written by people",
    "rule": "made by rules",
    "model": "made by models",
    "auxiliary": "read by auxiliary models only",
    "teacher": "by teachers",
}


def budget_section(verdict: Verdict) -> Html:
    """Return the budget as a bar with its parts, and the parts as a table."""
    budget = verdict.budget
    finding = _finding(budget)
    # Of text without a build nobody has said who wrote it.
    names = {**_KIND_NAMES, **({"human": "author not stated"} if verdict.kind == "files" else {})}
    if not budget.parts:
        return section("budget", "Budget", finding, note("The parts of the budget were not recorded."))
    rows = [
        [
            part.name,
            names[part.kind],
            "unknown" if part.words is None else number(part.words),
            "yes" if part.counted else "no",
            ("unknown" if part.counted else "-") if part.budget_words is None else number(part.budget_words),
            part.source or "-",
        ]
        for part in budget.parts
    ]
    head = ["part", "words", "number", "counts", f"takes of the budget ({budget.unit})", "source"]
    shown = table(head, rows, label="Parts of the budget", numbers=(2, 4))
    listed = shown if len(rows) <= _LISTED else details(f"All {len(rows)} parts", shown)
    return section("budget", "Budget", finding, _drawn(budget, finding, names), listed)


def _finding(budget: Budget) -> str:
    unit = budget.unit
    unknown = _unknown(budget)
    if budget.limit is None:
        return f"{number(budget.at_least)} {unit} are counted; no limit applies."
    if budget.at_least > budget.limit:
        return (
            f"{number(budget.at_least)} {unit} are spent{' at least' if unknown else ''}, "
            f"{number(budget.at_least - budget.limit)} more than the {number(budget.limit)} allowed."
        )
    if unknown:
        return (
            f"At least {number(budget.at_least)} of {number(budget.limit)} {unit} are spent: "
            f"{count(len(unknown), 'part has', 'parts have')} no known size."
        )
    if budget.at_least == budget.limit:
        return f"All {number(budget.limit)} {unit} of the budget are spent, and not one more."
    left = number(budget.limit - budget.at_least)
    return f"{number(budget.at_least)} of {number(budget.limit)} {unit} are spent, {left} are left."


def _drawn(budget: Budget, label: str, names: Mapping[str, str]) -> Html:
    """Return the bar; its scale ends at the limit, or where the counted words end if they pass it."""
    unknown, unit = _unknown(budget), budget.unit
    by_kind: dict[str, int] = {}
    for part in budget.parts:
        if part.counted and part.words is not None:
            by_kind[part.kind] = by_kind.get(part.kind, 0) + _size(part)
    whole = max(budget.at_least * (1 + _UNKNOWN_WIDTH if unknown else 1), budget.limit or 0, 1)
    shares = [(size / whole, _KINDS[kind], f"{names[kind]}: {size:,} {unit}") for kind, size in by_kind.items()]
    keys = [
        (_KINDS[kind], f"{names[kind]} {number(size)} ({percent(size, max(budget.at_least, 1))})")
        for kind, size in by_kind.items()
    ]
    if unknown:
        shares.append((_UNKNOWN_WIDTH, "unknown-size", f"{count(len(unknown), 'part')} of unknown size"))
        keys += [("unknown-size", f"{part.name}: unknown size") for part in unknown]
    inside = budget.limit is not None and budget.limit < whole
    line = bar(shares, label, mark=budget.limit / whole if inside and budget.limit else None)
    end = f"{number(whole)} {unit}" if not unknown else "?"
    end = end if inside or budget.limit is None else f"limit {number(budget.limit)} {unit}"
    scale = Html(f'<div class="scale"><span>0</span><span>{esc(end)}</span></div>')
    remark = note(f"The line marks the limit of {number(budget.limit)} {unit}.") if inside else Html("")
    return Html(f'<div class="tall">{line}</div>{scale}{legend(keys)}{remark}')


def _unknown(budget: Budget) -> list[BudgetPart]:
    return [part for part in budget.parts if part.counted and part.words is None]


def _size(part: BudgetPart) -> int:
    return part.budget_words if part.budget_words is not None else part.words or 0
