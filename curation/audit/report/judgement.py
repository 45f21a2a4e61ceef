"""The verdict and the auxiliary models: what the rules say of the corpus."""

from __future__ import annotations

from curation.audit.report.markup import (
    NOT_RECORDED,
    Html,
    cell,
    code,
    count,
    details,
    esc,
    heading,
    join,
    number,
    section,
    sentence,
    table,
)
from curation.audit.verdict import Finding, Reading, Verdict

STATUS = {"holds": "Holds", "broken": "Broken", "unknown": "Cannot be said", "not_checked": "Not checked"}
#: A shape beside each status: colour alone tells nothing to many readers, and to paper.
_SHAPES = {
    "holds": '<path d="M7 12.5l3.4 3.4L17.5 8.6"/>',
    "broken": '<path d="M8 8l8 8M16 8l-8 8"/>',
    "unknown": '<path d="M9.2 9.2a2.9 2.9 0 1 1 4.2 2.6c-.9.5-1.4 1-1.4 2.2M12 17.2v.1"/>',
    "not_checked": '<path d="M7 12h10"/>',
}


def mark(status: str) -> Html:
    """Return the shape of a status."""
    return Html(
        '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="var(--tone)" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round"><circle cx="12" cy="12" r="10"/>{_SHAPES[status]}</svg>'
    )


def banner(verdict: Verdict) -> Html:
    """Return the verdict in a line, for the top of the page."""
    profile = verdict.profile_title or verdict.profile or "integrity only, no rule profile"
    return Html(
        f'<div class="verdict {verdict.status}">{mark(verdict.status)}<div>'
        f"<strong>{STATUS[verdict.status]}</strong><p>{esc(sentence(verdict.summary))}</p>"
        f'<p class="note">Judged by: {esc(profile)}</p></div></div>'
    )


def verdict_section(verdict: Verdict) -> Html:
    """Return what is broken, what cannot be said, what was not checked and what holds, in this order."""
    broken, unknown = verdict.of("broken"), verdict.of("unknown")
    holding, skipped = verdict.of("holds"), verdict.of("not_checked")
    finding = (
        f"{count(len(broken), 'rule is', 'rules are') if broken else 'No rule is'} broken, "
        f"{len(unknown):,} cannot be said, {count(len(holding), 'holds', 'hold')}."
        if broken or unknown
        else f"All {count(len(holding), 'rule')} that could be checked hold."
    )
    parts: list[Html] = []
    for title, some in (("Broken", broken), ("Cannot be said", unknown)):
        if some:
            parts += [heading(title), Html(f'<div class="cards">{join(map(_card, some))}</div>')]
    disputed = [one for one in holding if one.readings]
    if disputed:
        parts += [
            heading("Holds, where the sources of the rule disagree"),
            Html(f'<div class="cards">{join(map(_card, disputed))}</div>'),
        ]
    plain = [one for one in holding if not one.readings and one.source not in {"", "curate"}]
    if plain:
        parts += [heading("Holds"), _table(plain, "Rules that hold")]
    checks = [one for one in holding if not one.readings and one not in plain]
    if checks:
        parts.append(
            details(f"Integrity: {count(len(checks), 'check holds', 'checks hold')}", _table(checks, "Checks"))
        )
    if skipped:
        parts += [heading("Not checked"), _table(skipped, "Rules that were not checked")]
    if verdict.disclose:
        items = join(f"<li>{esc(one)}</li>" for one in verdict.disclose)
        parts += [heading("To be disclosed with a submission"), Html(f'<ul class="plain">{items}</ul>')]
    return section("verdict", "Verdict", finding, *parts)


def _table(findings: list[Finding] | tuple[Finding, ...], label: str) -> Html:
    rows = [[cell(code(one.rule)), sentence(one.message), one.source or NOT_RECORDED] for one in findings]
    return table(["rule", "what was found", "written in"], rows, label=label)


def _card(finding: Finding) -> Html:
    amount = ""
    if finding.amount is not None:
        unit = finding.unit.removesuffix("s") if finding.amount == 1 else finding.unit
        amount = f' <span class="amount">by {number(finding.amount)} {esc(unit)}</span>'
    documents = ""
    if finding.documents:
        shown = join((code(one) for one in finding.documents), ", ")
        rest = max(finding.documents_total - len(finding.documents), 0)
        total = count(len(finding.documents) + rest, "document or file", "documents or files")
        documents = f'<p class="note">{total}: {shown}{f" and {rest:,} more" if rest else ""}</p>'
    readings = f'<div class="readings">{join(map(_reading, finding.readings))}</div>' if finding.readings else ""
    return Html(
        f'<article class="card rule {finding.status}"><p class="rule-name">{esc(finding.rule)}{amount}</p>'
        f"<p>{esc(sentence(finding.message))}</p>{readings}{documents}"
        f'<p class="note">Rule: {esc(finding.source or NOT_RECORDED)}</p></article>'
    )


def _reading(reading: Reading) -> Html:
    chosen = "Chosen reading" if reading.chosen else "Other reading"
    return Html(
        f'<div class="reading {reading.status}{" chosen" if reading.chosen else ""}">'
        f'<p class="note">{chosen}</p><p>{esc(sentence(reading.text))}</p>'
        f'<p><span class="status">{STATUS[reading.status]}</span> under this reading</p>'
        f'<p class="note">{esc(reading.source)}</p></div>'
    )


def auxiliary_section(verdict: Verdict) -> Html:
    """Return every auxiliary model with the text that it was trained on."""
    models = verdict.auxiliary_models
    if not models:
        finding = (
            "No auxiliary model is on record."
            if verdict.kind == "corpus"
            else "Plain text files state no auxiliary model."
        )
        return section("auxiliary", "Auxiliary models", finding)
    unknown = sum(m.where == "unknown" or (m.where == "outside" and m.words is None) for m in models)
    finding = f"{count(len(models), 'auxiliary model')} on record; " + (
        f"what the training text adds is unknown for {unknown}." if unknown else "the training text of each is known."
    )
    rows = [
        [
            f"{model.name} {model.version}".strip(),
            model.purpose,
            model.used_by or "by hand",
            model.trained_on or "unknown",
            "unknown" if model.words is None else number(model.words),
            {"inside": "inside the corpus", "outside": "outside the corpus", "unknown": "unknown"}[model.where],
            model.licence or "not stated",
            cell(code(model.digest[:16])) if model.digest else NOT_RECORDED,
        ]
        for model in models
    ]
    head = ["model", "purpose", "used by", "trained on", "words", "that text lies", "licence", "SHA-256"]
    return section("auxiliary", "Auxiliary models", finding, table(head, rows, label="Auxiliary models", numbers=(4,)))
