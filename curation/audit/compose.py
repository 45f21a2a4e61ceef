"""Putting a verdict together from findings, budget and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from curation.audit.budget import Groups
from curation.audit.verdict import Budget, Finding, SourceWords, Verdict, in_order, overall, summarise
from curation.core.auxiliary import AuxiliaryModel
from curation.rules.profile import Profile


def verdict_of(
    subject: str,
    kind: Literal["corpus", "files"],
    rules: Profile | None,
    findings: list[Finding],
    budget: Budget,
    groups: Groups,
    *,
    models: Sequence[AuxiliaryModel] = (),
    digest: str = "",
) -> Verdict:
    """Put a verdict together."""
    sources: dict[str, SourceWords] = {}
    for (name, origin), group in sorted(groups.items()):
        before = sources.get(name) or SourceWords(name=name, words=0, documents=0)
        sources[name] = SourceWords(
            name=name,
            words=before.words + group.words,
            documents=before.documents + group.documents,
            by_origin={**before.by_origin, origin or "not stated": group.words},
        )
    status = overall(findings)
    return Verdict(
        subject=subject,
        kind=kind,
        profile=rules.name if rules else "",
        profile_title=rules.title if rules else "",
        status=status,
        summary=summarise(status, findings, rules.title if rules else ""),
        words=sum(source.words for source in sources.values()),
        documents=sum(source.documents for source in sources.values()),
        digest=digest,
        findings=in_order(findings),
        budget=budget,
        sources=tuple(sources.values()),
        auxiliary_models=tuple(models),
        disclose=tuple(f"{rule.value} ({rules.cite(rule.source)})" for rule in rules.disclose) if rules else (),
    )
