"""The datasheet: questions of Gebru et al. 2021, "Datasheets for Datasets" (CACM 64:12), answered from the artifact.

What a build records is answered with its numbers. What only a person knows is taken from the lock's ``datasheet``
(answers that the manifest gives, by the keys below); where it is not there the answer is "Not stated."
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from curation.audit.contamination import Contamination
from curation.audit.statistics import Statistics
from curation.audit.verdict import Verdict
from curation.core.questions import QUESTIONS
from curation.corpus import Corpus

NOT_STATED = "Not stated."
NOT_RECORDED = "Not recorded."


def datasheet(
    corpus: Corpus | None, verdict: Verdict, statistics: Statistics | None, contamination: Contamination | None
) -> str:
    """Return the datasheet as Markdown."""
    lock = corpus.lock if corpus is not None else {}
    facts = _Facts(lock, verdict, statistics, contamination)
    stated: dict[str, Any] = lock.get("datasheet") or {}
    lines = [
        f"# Datasheet of {_plain(verdict.subject)}",
        "",
        (
            "Questions after Gebru et al. 2021, *Datasheets for Datasets*. Numbers are those of the audit; "
            f"answers marked *stated* are the maker's own. Verdict: {_plain(verdict.summary)}"
        ),
    ]
    for section, questions in QUESTIONS.items():
        lines += ["", f"## {section}"]
        for key, question in questions:
            answer: Callable[[], str] | None = getattr(facts, key, None)
            found = answer() if answer is not None else ""
            if stated.get(key):
                found = f"{found}\n\n*Stated:* {_plain(str(stated[key]))}".strip()
            lines += ["", f"**{question}**", "", found or NOT_STATED]
    return "\n".join(lines) + "\n"


class _Facts:
    """The answers that the artifact gives, each a method named for the question's key."""

    def __init__(
        self,
        lock: dict[str, Any],
        verdict: Verdict,
        statistics: Statistics | None,
        contamination: Contamination | None,
    ) -> None:
        self._lock, self._verdict, self._statistics, self._contamination = lock, verdict, statistics, contamination

    def purpose(self) -> str:
        track = self._verdict.profile_title or self._lock.get("track")
        said = _plain(str(self._lock.get("description") or ""))
        return f"{said} {f'Made for: {_plain(str(track))}.' if track else ''}".strip()

    def instances(self) -> str:
        domains = dict.fromkeys(s["settings"].get("domain") for s in self._lock.get("sources", ()))
        named = ", ".join(_plain(domain) for domain in domains if domain)
        return f"Documents of text{f': {named}' if named else ''}."

    def count(self) -> str:
        verdict = self._verdict
        rows = [
            f"| {_cell(source.name)} | {source.documents:,} | {source.words:,} | {_origins(source.by_origin)} |"
            for source in verdict.sources
        ]
        table = ["| source | documents | words | by origin |", "|---|---:|---:|---|", *rows] if rows else []
        total = f"{verdict.documents:,} documents, {verdict.words:,} words (white-space separated)."
        return "\n".join([total, *(["", *table] if table else [])])

    def sample(self) -> str:
        if not self._lock:
            return ""
        selectors = [step for step in self._lock["steps"] if step["kind"] == "selector"]
        read = ", ".join(f"{_plain(s['name'])} {s['words']:,} of {s['words_read']:,}" for s in self._lock["sources"])
        how = "; ".join(f"`{step['use']}` ({_settings(step)})" for step in selectors) or "all documents that were kept"
        return f"Words taken of words read: {read}. Chosen by: {how}; seed {self._lock['seed']}."

    def content(self) -> str:
        if not self._lock:
            return "Lines of plain text."
        return (
            "Raw text with its source, words, origin (`human`, `rule:<step>` or `model:<generator>`), the document it "
            "was derived from, metadata where the source gives any (title, speaker, age, licence), and the image of a "
            "caption."
        )

    def relations(self) -> str:
        return (
            "`parent` names the document that a derived one was made from; `source` its source." if self._lock else ""
        )

    def splits(self) -> str:
        subsets = self._lock.get("subsets") or {}
        if not subsets:
            return ""
        named = ", ".join(f"{int(size):,} words ({one['documents']:,} documents)" for size, one in subsets.items())
        return f"Nested subsets of the corpus: {named}."

    def errors(self) -> str:
        if self._statistics is None or not self._lock:
            return NOT_RECORDED
        unreadable = sum(source["documents_unreadable"] for source in self._lock["sources"])
        parts = [f"{unreadable:,} inputs could not be read."]
        found = [f"{count:,} by `{step}`" for step, count in self._statistics.duplicates.items()]
        parts.append(f"Duplicates removed: {', '.join(found)}." if found else "No step removed duplicates.")
        return " ".join(parts)

    def self_contained(self) -> str:
        return "Yes: the files hold all text." if self._lock else ""

    def acquired(self) -> str:
        rows = [
            f"- {_plain(source['name'])}: `{source['use']}`, {len(source['files'])} files, "
            f"{_plain(source['settings'].get('url') or 'origin not stated')}"
            for source in self._lock.get("sources", ())
        ]
        return "\n".join(rows)

    def preprocessing(self) -> str:
        rows = [
            f"{number}. {_plain(step['name'])} (`{step['use']}`, version {step['version']}): {_settings(step)}; "
            f"{step['words_in']:,} words in, {step['added']:,} added, {step['dropped']:,} dropped"
            for number, step in enumerate(self._lock.get("steps", ()), 1)
        ]
        return "\n".join(rows) or (NOT_RECORDED if not self._lock else "None.")

    def raw(self) -> str:
        if not self._lock:
            return NOT_RECORDED
        return (
            "Not in the corpus. The lock holds the SHA-256 of every source file, and the ledger a row for every "
            "document read, with the step and the reason that removed it."
        )

    def software(self) -> str:
        tools = self._lock.get("tools") or {}
        return f"Yes: curate {tools['curate']} (https://pypi.org/project/curate-corpora/)." if tools else ""

    def models(self) -> str:
        models = self._verdict.auxiliary_models
        if not models:
            return "None is on record." if self._lock else NOT_RECORDED
        return "\n".join(
            f"- {_plain(model.name)} {_plain(model.version)} ({model.purpose}): trained on "
            f"{_plain(model.trained_on) or 'text that nobody states'}, "
            f"{'an unknown number of' if model.words is None else f'{model.words:,}'} words, "
            f"{'place unknown' if model.where == 'unknown' else f'{model.where} the corpus'}"
            for model in models
        )

    def evaluation(self) -> str:
        found = self._contamination
        if found is None:
            return "Not looked for."
        return (
            f"{found.seen:,} of {found.compared:,} evaluation items that could be compared were found "
            f"({found.ngram}-grams, case and punctuation folded), in {found.documents_flagged:,} documents."
        )

    def licence(self) -> str:
        return "\n".join(
            f"- {_plain(source['name'])}: {_plain(source['settings'].get('licence') or '') or NOT_STATED}"
            for source in self._lock.get("sources", ())
        )

    def updates(self) -> str:
        digest = self._verdict.digest
        return f"A version is its digest: `{digest}`." if digest else ""


def _settings(step: dict[str, Any]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in step["settings"].items() if value not in (None, [], ""))
    return _plain(said) or "no settings"


def _origins(origins: dict[str, int]) -> str:
    return ", ".join(f"{_cell(origin)} {words:,}" for origin, words in origins.items()) or "not recorded"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for mark in "\\`*_<>[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
