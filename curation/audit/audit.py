"""The audit of a corpus: it trusts nothing that the build said, and takes every number again from the written files.

What it cannot see is text that was replaced together with every record of it; `curate build --locked` makes the corpus
again from its sources and compares digests, which shows that too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.audit import law
from curation.audit.accounts import check_ledger, check_origins, check_trace
from curation.audit.budget import Claims, check_budget, needs_form
from curation.audit.compose import verdict_of
from curation.audit.counting import DAMAGED, Counted, Group, count, parquet_files, repeated, stream
from curation.audit.findings import finding
from curation.audit.integrity import check_counts, check_export, check_files, check_form, check_lock
from curation.audit.origins import check_sources
from curation.audit.plain import read_file
from curation.audit.splits import LineReader, check_splits
from curation.audit.tracing import Traced, trace
from curation.audit.verdict import Budget, Finding, Verdict
from curation.core.auxiliary import AuxiliaryModel
from curation.corpus import Corpus
from curation.rules.profile import Profile


def audit(
    corpus: Corpus,
    rules: Profile | None,
    *,
    held_out: Sequence[Path] = (),
    bases: Sequence[Path] = (),
    models: Sequence[AuxiliaryModel] = (),
) -> Verdict:
    """Audit a corpus.

    Args:
        corpus: The corpus, opened (only its lock has been read).
        rules: The rule profile; None checks integrity alone.
        held_out: Text files of development and test sets that the corpus must not share passages with.
        bases: Folders that the paths of the sources may be relative to, to hash source files that are at hand.
        models: Auxiliary models beside those on record, such as a parser that somebody used by hand.

    Raises:
        SourceError: a held-out file cannot be read.
        CorpusError: the lock is too damaged to say what the corpus should be.
    """
    lock, folder = corpus.lock, corpus.folder
    check_form(lock, str(folder))
    findings = [check_files(folder, lock), check_lock(lock)]
    counted, problem = _count(folder / "data", form=needs_form(rules))
    findings += problem
    if counted is not None:
        findings += check_counts(counted, lock)
        findings += [check_export(folder, counted, lock), _check_repeats(folder, counted, rules)]
        findings.append(law.check_mixture(lock, counted.by_source()))
    for name, expected in lock["subsets"].items():
        part, problem = _count(folder / "subsets" / name, form=False)
        findings += problem + ([] if part is None else check_counts(part, expected, f"subsets/{name}"))
    traced, problem = _trace(folder / "ledger.parquet", lock)
    findings += problem
    if traced is not None:
        findings += check_ledger(folder, lock, traced)
        if counted is not None:
            findings += [check_trace(folder, counted, traced), check_origins(lock, counted, traced)]
    findings += [check_sources(lock, bases), _check_splits(folder, held_out if counted else (), rules)]
    groups = {} if counted is None else counted.groups
    known, bad = law.models_of(lock)
    known += models
    findings.append(law.check_declared(lock, known, bad))
    budget = Budget(limit=None, counted=None, at_least=0 if counted is None else counted.words)
    if rules is None:
        text = (
            f"not checked: no rule profile (the manifest's track is {lock.get('track') or 'not stated'!r}); use --rules"
        )
        findings.append(finding("budget", "not_checked", text))
    else:
        more, budget = _check_rules(rules, groups, known, _claims(lock, traced), lock)
        findings += more
    return verdict_of(
        str(lock["name"]), "corpus", rules, findings, budget, groups,
        models=known, digest="" if counted is None else counted.digest,
    )  # fmt: skip


def _check_rules(
    rules: Profile, groups: dict[tuple[str, str], Group], models: list[AuxiliaryModel], claims: Claims, lock: Any
) -> tuple[list[Finding], Budget]:
    found, budget = check_budget(rules, groups, models, claims)
    findings = [found, *law.check_models(rules, groups, models, claims)]
    teachers = law.check_teachers(rules, models)
    findings += [] if teachers is None else [teachers]
    files = {f"{one['name']}: {file['name']}": file["sha256"] for one in lock["sources"] for file in one["files"]}
    return [*findings, law.check_own_data(rules, files), law.check_exposure(rules)], budget


def _claims(lock: dict[str, Any], traced: Traced | None) -> Claims:
    digests = frozenset({lock["digest"], *(one["digest"] for one in lock["subsets"].values())})
    if traced is None:
        return Claims(digests=digests)
    return Claims(
        {name: totals.words_read for name, totals in traced.sources.items()},
        {name: totals.words for name, totals in traced.sources.items()},
        digests,
    )


def _count(folder: Path, *, form: bool) -> tuple[Counted | None, list[Finding]]:
    files = parquet_files(folder)
    where = f"{folder.parent.name}/{folder.name}" if folder.parent.name == "subsets" else folder.name
    if not files:
        return None, [finding("data", "broken", f"there are no Parquet files in {where}/", [where], unit="files")]
    try:
        return count(files, exports=folder.name == "data", form=form), []
    except DAMAGED as error:
        return None, [finding("data", "broken", f"{where}/ cannot be read: {error}", [where], unit="files")]


def _trace(ledger: Path, lock: dict[str, Any]) -> tuple[Traced | None, list[Finding]]:
    if not ledger.is_file():
        text = "ledger.parquet is missing: where the documents came from, and what was removed, cannot be shown"
        return None, [finding("ledger", "broken", text, [ledger.name], unit="files")]
    try:
        return trace(ledger, lock), []
    except DAMAGED as error:
        return None, [finding("ledger", "broken", f"ledger.parquet cannot be read: {error}", [ledger.name])]


def _check_repeats(folder: Path, counted: Counted, rules: Profile | None) -> Finding:
    found = repeated(parquet_files(folder / "data"), counted.texts)
    if not found:
        return finding("repeated_text", "holds", f"no text stands twice in {counted.documents:,} documents")
    words = sum(words for _, _, words in found)
    text = f"{len(found):,} documents ({words:,} words) have the text of another; `dedup.exact` removes them"
    if rules is not None and rules.repeated_text.value == "allowed":
        return finding("repeated_text", "holds", text, source=rules.cite(rules.repeated_text.source))
    names = [f"{name} (as {first})" for name, first, _ in found]
    return finding("repeated_text", "broken", text, names, amount=words, unit="words")


def _check_splits(folder: Path, held_out: Sequence[Path], rules: Profile | None) -> Finding:
    if not held_out:
        return check_splits(None, [], rules)
    reader = LineReader()
    for batch in stream(parquet_files(folder / "data"), ("text",)):
        for text in batch.column("text").to_pylist():
            reader.add((text or "").split("\n"))
    return check_splits(reader.lines(), [(path.name, read_file(path).lines) for path in held_out], rules)
