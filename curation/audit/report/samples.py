"""Text to look at: duplicates side by side, what each filter removed, and what it nearly removed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from curation.audit.removed import Pair, Removed, Sample
from curation.audit.report.markup import Html, code, count, esc, heading, join, note, number, section
from curation.audit.statistics import Statistics
from curation.corpus import Corpus


def duplicates_section(corpus: Corpus, found: Statistics) -> Html:
    """Return what each deduplicator found, with pairs side by side; words that only one of them has are marked."""
    steps = [step for step in corpus.lock["steps"] if step["kind"] == "deduplicator"]
    if not steps:
        return section("duplicates", "Duplicates", "The build looked for no duplicates.")
    said = [f"{step['name']} removed {count(found.duplicates.get(step['name'], 0), 'document')}" for step in steps]
    parts: list[Html] = []
    for step in steps:
        pairs = [pair for pair in found.pairs if pair.step == step["name"]]
        if pairs:
            parts.append(heading(f"{step['name']} ({step['use']}): {len(pairs)} of "
                                 f"{count(found.duplicates.get(step['name'], 0), 'document')}"))  # fmt: skip
            parts.append(Html(f'<div class="cards">{join(map(_pair, pairs))}</div>'))
    if parts:
        parts.append(
            note("Drawn by id. Marked words stand in one of the two texts alone. Removed texts are as they were read.")
        )
    return section("duplicates", "Duplicates", "; ".join(said) + ".", *parts)


def _pair(pair: Pair) -> Html:
    similarity = "" if pair.removed.value is None else f"similarity {pair.removed.value:.2f}"
    left, right = _marked(pair.removed.text, pair.kept.text)
    return Html(
        f'<article class="card"><p class="note">{esc(similarity)}</p><div class="pair">'
        f"{_sample(pair.removed, 'removed', left)}{_sample(pair.kept, 'kept instead', right)}</div></article>"
    )


def _marked(one: str | None, two: str | None) -> tuple[Html | None, Html | None]:
    if one is None or two is None:
        return (None if one is None else esc(one)), (None if two is None else esc(two))
    a, b = one.split(), two.split()
    left: list[str] = []
    right: list[str] = []
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        for words, side in ((a[a0:a1], left), (b[b0:b1], right)):
            text = esc(" ".join(words))
            if words:
                side.append(text if kind == "equal" else f"<mark>{text}</mark>")
    return join(left, " "), join(right, " ")


def removed_section(corpus: Corpus, found: Statistics) -> Html:
    """Return samples of what each step removed, by reason, beside what the filters nearly removed."""
    title = "What was removed, and what nearly was"
    shown = [group for group in found.removed if group.samples]
    rest = [group for group in found.removed if not group.samples]
    judged = sum(group.documents for group in shown)
    finding = (
        f"{count(judged, 'document was', 'documents were')} removed for what they are, for "
        f"{count(len(shown), 'reason')}."
        if shown
        else "No document was removed for what it is."
    )
    uses = {step["name"]: step["use"] for step in corpus.lock["steps"]}
    parts: list[Html] = []
    for name in dict.fromkeys([*(group.step for group in shown), *found.near]):
        columns = [_column(f"Removed: {group.reason}", _counted(group), group.samples, "removed")
                   for group in shown if group.step == name]  # fmt: skip
        if name in found.near:
            columns.append(
                _column("Kept, nearest to a threshold", "by the value measured again", found.near[name], "kept")
            )
        parts.append(heading(f"{name} ({uses[name]})" if name in uses else name))
        parts.append(Html(f'<div class="pair loose">{join(columns)}</div>'))
    if parts:
        parts.append(note("Removed texts are shown as they were read from the source, before any step rewrote them."))
    if rest:
        listed = "; ".join(
            f"{g.step}, {g.reason}: {count(g.documents, 'document')}, {number(g.words)} words" for g in rest
        )
        parts.append(note(f"Removed without a sample here: {listed}."))
    return section("removed", title, finding, *parts)


def _column(title: str, said: str, samples: Iterable[Sample], what: str) -> Html:
    shown = join(_sample(one, what) for one in samples)
    return Html(f'<div class="stack"><p><strong>{esc(title)}</strong></p>{note(said)}{shown}</div>')


def _counted(group: Removed) -> str:
    return f"{count(group.documents, 'document')}, {number(group.words)} words; {len(group.samples)} drawn by id"


def _sample(sample: Sample, what: str, marked: Html | None = None) -> Html:
    facts = [what, sample.source, count(sample.words, "word")]
    if sample.value is not None and marked is None:
        facts.append(f"value {sample.value:,.4g}")
    if sample.place:
        facts.append(sample.place)
    text = marked if marked is not None else None if sample.text is None else esc(sample.text)
    shown = note(f"Text not recorded: {sample.note}.") if text is None else Html(f'<p class="text">{text}</p>')
    return Html(
        f'<div class="sample"><p class="meta">{esc(" · ".join(facts))}</p>{shown}'
        f'<p class="meta">{code(sample.id)}</p></div>'
    )
