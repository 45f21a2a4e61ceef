"""Filters with their thresholds, and readability and vocabulary by source."""

from __future__ import annotations

from typing import Any

from curation.audit.measured import FilterValues
from curation.audit.readability import SourceStatistics, age_names
from curation.audit.report.charts import bar, colour, histogram, ranks
from curation.audit.report.markup import (
    NOT_RECORDED,
    Html,
    count,
    details,
    esc,
    figure,
    join,
    legend,
    note,
    number,
    percent,
    section,
    table,
)
from curation.audit.statistics import Statistics
from curation.corpus import Corpus


def filters_section(corpus: Corpus, found: Statistics) -> Html:
    """Return the distribution of each filter's measure, removed and kept, with the threshold drawn."""
    title = "Filters and their thresholds"
    steps = {step["name"]: step for step in corpus.lock["steps"]}
    if not found.filters:
        return section("filters", title, "The build used no filter.")
    lost = sum(steps[one.step]["documents_dropped"] for one in found.filters if one.step in steps)
    active = sum(steps[one.step]["documents_dropped"] > 0 for one in found.filters if one.step in steps)
    finding = f"{count(len(found.filters), 'filter')} removed {count(lost, 'document')}" + (
        f"; {active} of them removed anything." if len(found.filters) > 1 else "."
    )
    ordered = sorted(found.filters, key=lambda one: -steps.get(one.step, {}).get("documents_dropped", 0))
    drawn = [_figure(one, steps.get(one.step, {})) for one in ordered]
    return section(
        "filters",
        title,
        finding,
        Html(f'<div class="grid">{join(drawn)}</div>'),
        note(
            "Before a filter is both halves together, after it the lower half; each half has its own scale, and the "
            "outermost bars hold all that lies beyond. Removed: values from the ledger. Kept: measured again on the "
            "documents of the corpus with the settings of the lock, so a document that a later step removed is in "
            "neither, and one that a later step changed or cut may lie beyond a threshold."
        ),
    )


def _figure(values: FilterValues, step: dict[str, Any]) -> Html:
    dropped, before = step.get("documents_dropped"), step.get("documents_in")
    if dropped is None:
        title = f"{values.step}: {NOT_RECORDED}"
    elif not dropped:
        title = f"{values.step} removed nothing"
    else:
        title = (
            f"{values.step} removed {number(dropped)} of {number(before)} documents ({percent(dropped, before or 0)})"
        )
    beyond = [
        f"{one.setting} {one.value:,g} lies beyond what is drawn"
        for one in values.thresholds
        if values.edges and not values.edges[0] <= one.value <= values.edges[-1]
    ]
    caption = "; ".join([values.use, *(["logarithmic"] if values.logarithmic else []), *beyond])
    if values.stride > 1:
        caption += f"; every {values.stride}th kept document"
    content = histogram(values) if values.edges else note(f"Distribution {NOT_RECORDED}: {values.note}.")
    return figure(content, caption + ".", title=title, kind="boxed")


def reading_section(found: Statistics) -> Html:
    """Return readability and vocabulary by source."""
    graded = [one for one in found.sources if one.flesch_kincaid is not None]
    if graded:
        easy, hard = (pick(graded, key=lambda one: one.flesch_kincaid or 0) for pick in (min, max))
        finding = (
            f"{number(found.whole.types)} types, {percent(found.whole.hapaxes, found.whole.types)} of them seen once; "
        )
        finding += (
            f"grade level {easy.flesch_kincaid:.1f}."
            if easy is hard
            else f"grade level from {easy.flesch_kincaid:.1f} ({easy.name}) to {hard.flesch_kincaid:.1f} ({hard.name})."
        )
    else:
        finding = "There is no text to read."
    rows = [_row(one) for one in (*found.sources, *([found.whole] if len(found.sources) > 1 else []))]
    head = ["source", "words", "types", "hapaxes", "words / type", "words / sentence", "grade level"]
    series = [(colour(place), one.name, one.ranks) for place, one in enumerate(found.sources)]
    return section(
        "reading",
        "Readability and vocabulary",
        finding,
        table(head, rows, label="Readability and vocabulary by source", numbers=range(1, 7)),
        Html(
            '<div class="grid">'
            + figure(
                Html(ranks(series) + legend((kind, name) for kind, name, _ in series)),
                "Both axes logarithmic; Zipf's law is a straight line downwards. To the right: more different words.",
                title="How often a type occurs, by its rank",
                kind="boxed",
            )
            + _ages(found)
            + "</div>"
        ),
        details("The ten most frequent types of each source", _frequent(found)),
        note(
            "A type is a word in lower case without the punctuation around it; a hapax occurs once. A sentence ends at "
            ". ! ? or the end of a line, so text with hard line breaks seems to have shorter ones. Grade level: "
            "Flesch-Kincaid (Kincaid et al. 1975), for English, with syllables counted by rule: compare sources by it, "
            "and not with other programs."
        ),
    )


def _row(one: SourceStatistics) -> list[str]:
    return [
        one.name,
        number(one.words),
        number(one.types),
        f"{number(one.hapaxes)} ({percent(one.hapaxes, one.types)})" if one.types else "0",
        number(one.running / one.types, 1) if one.types else NOT_RECORDED,
        number(one.mean_sentence, 1),
        number(one.flesch_kincaid, 1),
    ]


def _ages(found: Statistics) -> Html:
    title = "Age at which the words are learnt"
    if not found.norms:
        return figure(note(f"{NOT_RECORDED.capitalize()}: no file of norms was given."), "", title=title, kind="boxed")
    names = age_names()
    rows = []
    for one in (*found.sources, *([found.whole] if len(found.sources) > 1 else [])):
        shares = one.ages or ()
        parts = [(share, f"a{place}", f"{names[place]}: {percent(share)}") for place, share in enumerate(shares)]
        early = sum(shares[:2])
        rows.append(
            f'<div class="flow-row" style="grid-template-columns:1fr auto"><div class="what">{esc(one.name)}</div>'
            f'<div class="sum">{percent(early)}</div><div style="grid-column:1/-1">'
            f"{bar(parts, f'{one.name}: {percent(early)} of the words are learnt by the age of six')}</div></div>"
        )
    content = Html(join(rows) + legend((f"a{place}", name) for place, name in enumerate(names)))
    caption = f"Share of running words by age of acquisition in years ({found.norms}); the number: up to six."
    return figure(content, caption, title=title, kind="boxed")


def _frequent(found: Statistics) -> Html:
    rows = [[one.name, ", ".join(f"{kind} {times:,}" for kind, times in one.frequent)] for one in found.sources]
    return table(["source", "types"], rows, label="Most frequent types")
