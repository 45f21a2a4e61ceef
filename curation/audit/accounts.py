"""The accounts of a corpus: ledger rows and their sums, the law, where documents came from, and who wrote them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from curation.audit import law
from curation.audit.counting import DAMAGED, Counted, parquet_files
from curation.audit.differing import differences, missing_ids
from curation.audit.findings import finding
from curation.audit.recount import count_ledger
from curation.audit.tracing import Traced
from curation.audit.verdict import Finding
from curation.core.ledger import Flow


def check_ledger(folder: Path, lock: dict[str, Any], traced: Traced) -> list[Finding]:
    """Check the rows one by one, their sums against the lock, and the law for each step and source."""
    wrong = [f"{name} (words read and changes do not add up to its words)" for name in traced.unbalanced]
    wrong += [f"{name} (more was taken than it has)" for name in traced.overdrawn]
    missing = 0
    for source in lock["sources"]:
        totals = traced.sources.get(source["name"])
        for key in ("words_read", "documents_read", "documents_unreadable", "words", "documents"):
            have = 0 if totals is None else getattr(totals, key)
            if have != source[key]:
                wrong.append(
                    f"{source['name']}: {key} {have:,}, the lock says {source[key]:,} ({have - source[key]:+,})"
                )
                missing += max(source[key] - have, 0) if key in {"documents_read", "documents_unreadable"} else 0
    for step in lock["steps"]:
        gone = traced.dropped.get(step["name"], (0, 0))[0]
        if gone != step["documents_dropped"]:
            wrong.append(f"{step['name']}: {gone:,} documents removed, the lock says {step['documents_dropped']:,}")
    if wrong:
        lost = f"; {missing:,} rows are missing" if missing else ""
        text = f"the rows of the ledger do not add up{lost}"
        rows = finding("ledger", "broken", text, wrong, amount=missing or None, unit="rows" if missing else "")
    else:
        rows = finding("ledger", "holds", f"{traced.documents:,} rows add up, one by one and to the sums of the lock")
    return [rows, _check_law(folder, lock)]


def _check_law(folder: Path, lock: dict[str, Any]) -> Finding:
    sources, steps = [one["name"] for one in lock["sources"]], lock["steps"]
    cuts = [index for index, step in enumerate(steps) if step["takes_parts"]]
    try:
        flows = count_ledger(folder / "ledger.parquet", [step["name"] for step in steps], sources, cuts=cuts).flows
    except DAMAGED as error:
        return finding("law", "broken", f"the ledger names a step or source that the lock does not have: {error}")
    wrong = []
    for step, row in zip(steps, flows, strict=True):
        total = Flow()
        for source, flow in zip(sources, row, strict=True):
            total += flow
            if not flow.balanced:
                wrong.append(f"{step['name']}, {source}: words_in + added is not words_out + dropped")
        wrong += [
            f"{step['name']}: {key} {value:,}, the lock says {step[key]:,} ({value - step[key]:+,})"
            for key, value in vars(total).items()
            if value != step[key]
        ]
    for (step, row), (_, following) in pairwise(zip(steps, flows, strict=True)):
        wrong += [
            f"{step['name']}, {source}: {before.words_out:,} words out, {after.words_in:,} into the next step"
            for source, before, after in zip(sources, row, following, strict=True)
            if before.words_out != after.words_in
        ]
    if flows and sum(flow.words_out for flow in flows[-1]) != lock["words"]:
        wrong.append(f"{steps[-1]['name']}: what it leaves is not the {lock['words']:,} words of the corpus")
    if wrong:
        return finding("law", "broken", "words_in + added == words_out + dropped does not hold as recorded", wrong)
    text = f"words_in + added == words_out + dropped, for {len(steps)} steps and {len(sources)} sources"
    return finding("law", "holds", text)


def check_trace(folder: Path, counted: Counted, traced: Traced) -> Finding:
    """Check that corpus and ledger state the same documents, and that each has a place that it came from."""
    ledger = folder / "ledger.parquet"
    wrong = []
    if len(counted.rows) != len(traced.rows) or (counted.rows != traced.rows).any():
        found = differences(parquet_files(folder / "data"), ledger, counted.rows, traced.rows)
        wrong += [f"{one.document}: {one.what}" for one in found]
    wrong += [f"{name}: its id does not follow from its source, file and place" for name in traced.placeless]
    wrong += [f"{name}: no such file in the lock" for name in sorted(traced.unlisted)]
    wrong += [f"{name}: derived from nothing, or by a step that the lock does not have" for name in traced.unborn]
    wrong += [
        f"{name}: parent of a kept document, and in no row" for name in sorted(missing_ids(ledger, traced.parents))
    ]
    if wrong:
        text = f"{len(wrong):,} documents do not trace to a source or a generator"
        return finding("trace", "broken", text, wrong, amount=len(wrong), unit="documents")
    return finding("trace", "holds", f"all {counted.documents:,} documents trace to a source file or to their parent")


def check_origins(lock: dict[str, Any], counted: Counted, traced: Traced) -> Finding:
    """Check that what a model wrote says so, and that the model is on record."""
    models, _ = law.models_of(lock)
    on_record = {model.name for model in models}
    writers = {model.used_by for model in models if model.purpose == "generator"}
    writers |= {str(one.get("used_by", "")) for one in lock.get("generators", []) if isinstance(one, dict)}
    wrong, names = [], []
    for (source, origin), group in sorted(counted.groups.items()):
        if origin.startswith("model:") and origin.removeprefix("model:") not in on_record:
            wrong.append(
                f"{source}: {group.words:,} words by {origin.removeprefix('model:')}, of which there is no record"
            )
        elif origin != "human" and not origin.startswith(("model:", "rule:")):
            wrong.append(f"{source}: {group.words:,} words of an origin that does not exist: {origin!r}")
    for (step, origin), documents in sorted(traced.born.items()):
        if step in writers and not origin.startswith("model:"):
            names += [f"{name}: made by {step}, which uses a generator, and said to be {origin}" for name in documents]
    if wrong or names:
        text = f"{len(wrong) + len(names):,} entries do not say truly who wrote the words"
        return finding("origin", "broken", text, wrong + names, amount=len(wrong) + len(names), unit="entries")
    return finding("origin", "holds", "every word has an author, and every model that wrote some is on record")
