"""Contamination: what the corpus holds of evaluation sets. No evaluation text is quoted: some suites forbid it."""

from __future__ import annotations

from curation.audit.contamination import Contamination, TaskOverlap
from curation.audit.report.charts import bar
from curation.audit.report.markup import Html, cell, code, count, details, esc, note, number, percent, section, table

_SHOWN = 40


def contamination_section(found: Contamination | None) -> Html:
    """Return the items seen, by task, and the first of them with the documents that hold them."""
    title = "Contamination"
    if found is None:
        return section("contamination", title, "Not looked for: no evaluation files were given.")
    hit = sorted((task for task in found.tasks if task.seen), key=lambda task: (-(task.share or 0), task.task))
    clean = [task for task in found.tasks if not task.seen]
    long = sum(task.seen_long for task in found.tasks)
    finding = (
        f"The corpus holds {number(found.seen)} of the {number(found.compared)} items that could be compared "
        f"({percent(found.seen, found.compared)}), {number(long)} by a text of {found.ngram} words or more; "
        f"{len(hit)} of {count(len(found.tasks), 'task')} {'is' if len(hit) == 1 else 'are'} hit."
        if hit
        else f"None of the {number(found.compared)} items that could be compared is in the corpus."
    )
    parts: list[Html] = []
    if hit:
        most = max(task.share or 0 for task in hit)
        head = ["task", "share seen", "seen", "long", "compared", "where"]
        rows = [_row(task, most) for task in hit]
        parts.append(table(head, rows, label="Items seen by task", numbers=(2, 3, 4)))
        parts.append(_items(hit))
        by_source = ", ".join(f"{name} {number(documents)}" for name, documents in found.flagged_by_source.items())
        parts.append(note(f"Documents that hold an item: {number(found.documents_flagged)} ({by_source})."))
    if clean:
        rows = [[task.task, number(task.compared), number(task.items)] for task in clean]
        nothing = table(["task", "compared", "items"], rows, label="Tasks without an item seen", numbers=(1, 2))
        parts.append(details(f"{count(len(clean), 'task')} of which no item was found", nothing))
    parts.append(
        note(
            f"Word {found.ngram}-grams with case, punctuation and accents folded. A text of fewer words is seen when "
            "the corpus holds it whole, a sentence of a minimal pair when one document does, any other when the corpus "
            f"holds at least {percent(found.min_share)} of its n-grams. Texts of fewer than {found.min_words} words "
            "were not compared. A short text may be there by chance: the long ones (an n-gram and more) are the "
            "evidence. Evaluation text is named and not quoted, since some suites forbid to pass it on."
        )
    )
    return section("contamination", title, finding, *parts)


def _row(task: TaskOverlap, most: float) -> list[str]:
    fields: dict[str, int] = {}
    for name, times in task.seen_by_field.items():
        whole = name.split("[")[0]
        fields[whole] = fields.get(whole, 0) + times
    where = esc(", ".join(f"{name} {times:,}" for name, times in fields.items()))
    share = task.share or 0.0
    drawn = bar([(share / most, "removed", percent(share))], f"{task.task}: {percent(share)} seen")
    return [
        task.task,
        cell(drawn),
        f"{number(task.seen)} ({percent(share)})",
        number(task.seen_long),
        f"{number(task.compared)} of {number(task.items)}",
        cell(Html(f'<span class="one-line">{where}</span>')),
    ]


def _items(tasks: list[TaskOverlap]) -> Html:
    every = [(task, item) for task in tasks for item in task.seen_items]
    every.sort(key=lambda pair: (-pair[1].words * pair[1].share, pair[0].task, pair[1].item))
    rows = [
        [
            f"{task.task}:{item.item}",
            item.field,
            number(item.words),
            percent(item.share),
            item.source,
            cell(code(item.documents[0])),
            number(item.documents_total),
        ]
        for task, item in every[:_SHOWN]
    ]
    head = ["item (file:line)", "field", "words", "n-grams found", "source", "first document", "documents"]
    shown = table(head, rows, label="Items seen", numbers=(2, 3, 6))
    more = "" if len(every) <= _SHOWN else f", the {_SHOWN} with the most words in common; all are in audit.json"
    return details(f"{count(len(every), 'item')} seen{more}", shown)
