"""From the sources through each step to the corpus, and the mixture against its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.audit.recount import count_ledger
from curation.audit.report.charts import bar, colour
from curation.audit.report.markup import (
    Html,
    cell,
    count,
    esc,
    join,
    legend,
    note,
    number,
    percent,
    section,
    table,
)
from curation.corpus import Corpus


@dataclass(frozen=True)
class Stage:
    """The words of each source before or after a step."""

    name: str
    what: str
    words: list[int]
    added: int
    dropped: int
    documents_dropped: int


def stages(corpus: Corpus) -> list[Stage] | None:
    """Return the words of each source as they were read and after each step, derived from the ledger.

    None when the ledger cannot be read as the lock says: the verdict says so, and the report has nothing to draw.
    """
    lock = corpus.lock
    names, sources = ([entry["name"] for entry in lock[key]] for key in ("steps", "sources"))
    cuts = [number for number, step in enumerate(lock["steps"]) if step["takes_parts"]]
    try:
        counted = count_ledger(corpus.folder / "ledger.parquet", names, sources, cuts=cuts)
    except (OSError, KeyError, IndexError, TypeError, ValueError, pa.ArrowException):
        return None
    found = [Stage("read", "words of the sources", [one["words_read"] for one in counted.sources], 0, 0, 0)]
    for step, row in zip(lock["steps"], counted.flows, strict=True):
        found.append(
            Stage(
                step["name"],
                step["use"],
                [flow.words_out for flow in row],
                sum(flow.added for flow in row),
                sum(flow.dropped for flow in row),
                sum(flow.documents_dropped for flow in row),
            )
        )
    return found


def flow_section(corpus: Corpus) -> Html:
    """Return the waterfall: a row for each step, its bar the words that are left, by source, and what it dropped."""
    title = "From the sources to the corpus"
    found = stages(corpus)
    if found is None:
        return section("flow", title, "Not recorded: the ledger cannot be read as the lock says.")
    most = max(1, *(sum(stage.words) + stage.dropped for stage in found))
    read, left = sum(found[0].words), sum(found[-1].words)
    heaviest = max(found, key=lambda stage: stage.dropped)
    finding = f"{number(read)} words were read and {number(left)} are in the corpus ({percent(left, read)})" + (
        f"; {heaviest.name} dropped the most, {number(heaviest.dropped)}."
        if heaviest.dropped
        else "; nothing was dropped."
    )
    names = [source["name"] for source in corpus.lock["sources"]]
    rows = [_row(stage, names, most, last=stage is found[-1]) for stage in found]
    key = legend([*((colour(place), name) for place, name in enumerate(names)), ("lost", "dropped by the step")])
    return section(
        "flow",
        title,
        finding,
        key,
        Html(f'<div class="flow">{join(rows)}</div>'),
        note(
            "Each bar is the text that a step left, by source, and behind it, paler, what the step dropped. Derived "
            "anew from the rows of the ledger; for each step and source words in and added equal words out and dropped."
        ),
    )


def _row(stage: Stage, names: list[str], most: int, *, last: bool) -> Html:
    left = sum(stage.words)
    pieces = [
        (words / most, colour(place), f"{name}: {words:,} words")
        for place, (name, words) in enumerate(zip(names, stage.words, strict=True))
    ]
    pieces.append((stage.dropped / most, "lost", f"dropped: {stage.dropped:,} words"))
    changes = []
    if stage.added:
        changes.append(f"+{stage.added:,}")
    if stage.dropped:
        changes.append(f"\u2212{stage.dropped:,}")
    quiet = not changes and stage.name != "read" and not last
    label = f"{stage.name}: {left:,} words left, {stage.dropped:,} dropped"
    below = f"<small>{esc(' '.join(changes))}</small>" if changes else ""
    documents = f", {count(stage.documents_dropped, 'document')} fewer" if stage.documents_dropped else ""
    return Html(
        f'<div class="flow-row{" quiet" if quiet else ""}"><div class="what">{esc(stage.name)}'
        f"<small>{esc(stage.what + documents)}</small></div>"
        f'{bar(pieces, label)}<div class="sum">{left:,}{below}</div></div>'
    )


def mixture_section(corpus: Corpus) -> Html:
    """Return the words of each source against what the manifest asked for."""
    lock = corpus.lock
    budget = next(
        (step["settings"].get("words") for step in lock["steps"] if step["use"] == "select.word_budget"), None
    )
    rows, missed = [], 0
    whole = max(lock["words"], 1)
    shares = []
    for place, source in enumerate(lock["sources"]):
        target = _target(source, budget)
        off = None if target is None else source["words"] - target
        missed += off is not None and off != 0
        shares.append((source["words"] / whole, colour(place), f"{source['name']}: {source['words']:,} words"))
        rows.append(
            [
                source["name"],
                cell(bar([(source["words"] / whole, colour(place), "")], f"{source['name']}: share of the corpus",
                         mark=None if target is None else target / whole)),
                number(source["words"]),
                percent(source["words"], whole),
                "none asked for" if target is None else number(target),
                "-" if off is None else f"{off:+,}" if off else "0",
                number(source["words_read"]),
            ]
        )  # fmt: skip
    asked = sum(_target(source, budget) is not None for source in lock["sources"])
    if not asked:
        finding = "No mixture was asked for; the corpus holds what the sources gave."
    elif not missed:
        finding = "The mixture is exactly what was asked for: " + (
            {1: "the one quota is", 2: "both quotas are"}.get(asked, f"all {asked} quotas are") + " met to the word."
        )
    else:
        finding = f"{missed} of {count(asked, 'quota')} {'is' if missed == 1 else 'are'} missed, as the table shows."
    head = ["source", "share of the corpus", "words", "share", "target", "difference", "words read"]
    return section(
        "mixture",
        "Mixture against target",
        finding,
        Html(f'<div class="tall">{bar(shares, "Shares of the sources")}</div>'),
        legend((colour(place), source["name"]) for place, source in enumerate(lock["sources"])),
        table(head, rows, label="Words by source and target", numbers=(2, 3, 4, 5, 6)),
        note("A line in a bar marks the target. Target: the quota of the manifest, a share of the budget or words."),
    )


def _target(source: dict[str, Any], budget: int | None) -> int | None:
    quota = source["settings"].get("quota")
    if quota is None or isinstance(quota, int):
        return quota
    return None if budget is None else round(quota * budget)
