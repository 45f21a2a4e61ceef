"""The verdict: what an audit found, rule by rule, as data that a report, a badge and an exit code are made from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from curation.core.auxiliary import AuxiliaryModel

Status = Literal["holds", "broken", "unknown", "not_checked"]
#: Who wrote the words of a part of the budget; ``auxiliary`` is text that only a helping model has read.
PartKind = Literal["human", "rule", "model", "auxiliary", "teacher"]

#: Documents that a finding names one by one.
NAMED_DOCUMENTS = 20


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Reading(_Frozen):
    """One way to read a rule that its sources state differently, and what this corpus gets under it."""

    text: str
    """What the rule says in this reading."""
    source: str
    """Where that is written."""
    status: Status
    """What this corpus gets under this reading."""
    chosen: bool = False
    """Whether the profile judges by this reading."""


class Finding(_Frozen):
    """What one rule found."""

    rule: str
    """Identifier of the rule, such as `budget` or `digest`."""
    status: Status
    """`holds`, `broken`, `unknown` (it cannot be said, and the message names what is missing) or `not_checked`."""
    message: str
    """One or two sentences with the numbers."""
    amount: int | None = None
    """By how much the rule is broken, in `unit`; null where there is no such number."""
    unit: str = ""
    """Unit of `amount`, such as `words`, `documents` or `epochs`."""
    documents: tuple[str, ...] = ()
    """The first documents (or files) concerned, at most 20."""
    documents_total: int = 0
    """How many documents are concerned in all."""
    source: str = ""
    """Where the rule is written: a paper and section, a site and commit; `curate` for integrity checks."""
    readings: tuple[Reading, ...] = ()
    """Where sources disagree: every reading, with what the corpus gets under it."""


class BudgetPart(_Frozen):
    """Words that count (or would count) against the budget, by who wrote them."""

    name: str
    """Such as `human text`, `rule-made`, `written by <generator>`, `training text of <model>`."""
    kind: PartKind
    """Who wrote the words, or that only a helping model has read them."""
    words: int | None
    """Words; null when they are unknown."""
    counted: bool
    """Whether the profile counts them against the budget."""
    budget_words: int | None = None
    """What they take of the budget in the profile's unit (byte premiums applied); null when unknown or not counted."""
    at_least: int = 0
    """What they take at least, where `budget_words` is unknown: a model trained outside read at least one word."""
    source: str = ""
    """The corpus source that they came from; empty for auxiliary text."""


class Budget(_Frozen):
    """The budget of the profile and what was spent of it."""

    limit: int | None
    """The limit in `unit`; null where the profile sets none (or no profile was given)."""
    unit: str = "words"
    """What is counted."""
    counted: int | None
    """All counted parts together; null when one of them is unknown."""
    at_least: int
    """All counted parts that are known."""
    parts: tuple[BudgetPart, ...] = ()
    """The parts, largest kinds first: human, rule-made, model-made, auxiliary."""


class SourceWords(_Frozen):
    """What was counted of one source."""

    name: str
    """Name of the source, or of the file for text without a build."""
    words: int
    """Words, counted anew."""
    documents: int
    """Documents (lines that are not blank, for text without a build)."""
    by_origin: dict[str, int] = {}
    """Words by origin: `human`, `rule:<step>`, `model:<generator>`."""


class Verdict(_Frozen):
    """What an audit found of one corpus (or of text files) under one rule profile."""

    subject: str
    """Name of the corpus, or of the files."""
    kind: Literal["corpus", "files"]
    """Whether a built corpus or plain text files were audited."""
    profile: str
    """Name of the rule profile; empty when only integrity was checked."""
    profile_title: str = ""
    """Title of the profile."""
    status: Literal["holds", "broken", "unknown"]
    """`broken` when one finding is, else `unknown` when one finding is, else `holds`."""
    summary: str
    """The verdict in one sentence."""
    words: int
    """Words of the corpus, counted anew."""
    documents: int
    """Documents of the corpus, counted anew."""
    digest: str = ""
    """Canonical digest computed anew (empty for text files)."""
    findings: tuple[Finding, ...]
    """What each rule found: broken first, then unknown, not checked, holding."""
    budget: Budget
    """The budget and its parts."""
    sources: tuple[SourceWords, ...] = ()
    """What was counted, by source."""
    auxiliary_models: tuple[AuxiliaryModel, ...] = ()
    """Every auxiliary model on record."""
    disclose: tuple[str, ...] = ()
    """What the profile asks to be disclosed."""

    @property
    def exit_code(self) -> int:
        """0 holds, 1 broken, 2 cannot say."""
        return {"holds": 0, "broken": 1, "unknown": 2}[self.status]

    def of(self, status: Status) -> tuple[Finding, ...]:
        """Return the findings of one status."""
        return tuple(finding for finding in self.findings if finding.status == status)

    def finding(self, rule: str) -> Finding:
        """Return the finding of one rule.

        Raises:
            KeyError: the audit has no such rule.
        """
        for finding in self.findings:
            if finding.rule == rule:
                return finding
        raise KeyError(rule)


_ORDER: tuple[Status, ...] = ("broken", "unknown", "not_checked", "holds")


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings with the broken ones first, otherwise as they came."""
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.status)))


def overall(findings: list[Finding]) -> Literal["holds", "broken", "unknown"]:
    """Return the status of a whole audit."""
    statuses = {finding.status for finding in findings}
    return "broken" if "broken" in statuses else "unknown" if "unknown" in statuses else "holds"


def summarise(status: Literal["holds", "broken", "unknown"], findings: list[Finding], title: str) -> str:
    """Return a verdict in one sentence."""
    wrong = [finding for finding in findings if finding.status == status]
    under = f" under {title}" if title else ""
    if status == "holds":
        left = sum(finding.status == "not_checked" for finding in findings)
        unchecked = "1 thing was not checked" if left == 1 else f"{left} things were not checked"
        return f"holds{under}" + (f"; {unchecked}" if left else "")
    rest = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    word = "broken" if status == "broken" else "cannot say"
    return f"{word}{under}: {wrong[0].rule}: {wrong[0].message}{rest}"
