"""Auditing text without a build: the official corpora, other people's submissions, any plain files.

A file whose name says ``dev``, ``valid`` or ``test`` is held out: it is compared and does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from curation.audit.budget import Claims, check_budget, needs_form
from curation.audit.compose import verdict_of
from curation.audit.findings import finding
from curation.audit.law import check_exposure, check_models, check_own_data, check_teachers
from curation.audit.plain import PlainFile, read_file, source_name
from curation.audit.splits import PASSAGE_WORDS, Lines, check_splits, is_held_out
from curation.audit.verdict import Budget, Finding, Verdict
from curation.core.auxiliary import AuxiliaryModel
from curation.rules.profile import Profile


def audit_files(paths: Sequence[Path], rules: Profile | None, *, models: Sequence[AuxiliaryModel] = ()) -> Verdict:
    """Audit plain text.

    Args:
        paths: Files; a file whose name says `dev`, `valid` or `test` is held out.
        rules: The rule profile; None counts and judges nothing.
        models: Auxiliary models that are known to have been used.

    Raises:
        SourceError: a file cannot be read.
    """
    files = [(path, read_file(path, form=needs_form(rules))) for path in paths]
    train = [file for path, file in files if not is_held_out(path)]
    held_out = [file for path, file in files if is_held_out(path)]
    names = _names([path for path, _ in files if not is_held_out(path)])
    groups = {(name, ""): file.group for name, file in zip(names, train, strict=True)}
    findings = [_check_encoding([file for _, file in files]), _check_repeats(train)]
    findings.append(_splits(train, held_out, rules))
    budget = Budget(limit=None, counted=None, at_least=sum(file.group.words for file in train))
    if rules is None:
        text = "no rule profile was given (--rules)"
        findings.append(finding("budget", "not_checked", text))
    else:
        found, budget = check_budget(rules, groups, models, Claims())
        findings += [found, _check_provenance(models), *check_models(rules, groups, models, Claims())]
        teachers = check_teachers(rules, models)
        findings += [] if teachers is None else [teachers]
        findings += [check_own_data(rules, {file.name: file.stored for file in train}), check_exposure(rules)]
    return verdict_of(
        ", ".join(file.name for _, file in files), "files", rules, findings, budget, groups, models=models
    )


def _names(paths: Sequence[Path]) -> list[str]:
    names = [source_name(path) for path in paths]
    return [name if names.count(name) == 1 else str(path) for name, path in zip(names, paths, strict=True)]


def _check_encoding(files: Sequence[PlainFile]) -> Finding:
    broken = [file.broken for file in files if file.broken]
    if broken:
        text = "cannot be counted exactly: not UTF-8"
        return finding("encoding", "unknown", text, broken, unit="files")
    return finding("encoding", "holds", f"{len(files)} files, all UTF-8")


def _check_repeats(files: Sequence[PlainFile]) -> Finding:
    """Name files that are the same, and count long lines that repeat (real text has stock lines: they only inform)."""
    first: dict[str, str] = {}
    same = []
    for file in files:
        if file.sha256 in first:
            same.append(f"{file.name} is {first[file.sha256]}")
        first.setdefault(file.sha256, file.name)
    if same:
        return finding("repeated_text", "broken", "the same text is given more than once", same, unit="files")
    long = [file.lines.hashes[file.lines.words >= PASSAGE_WORDS] for file in files]
    every = np.concatenate([*long, np.zeros(0, np.uint64)])
    again = len(every) - len(np.unique(every))
    text = f"no file is given twice; {again:,} of {len(every):,} lines of {PASSAGE_WORDS} words or more repeat another"
    return finding("repeated_text", "holds", text)


def _splits(train: Sequence[PlainFile], held_out: Sequence[PlainFile], rules: Profile | None) -> Finding:
    if not train or not held_out:
        return check_splits(None, [], rules)
    whole = Lines(
        np.concatenate([file.lines.hashes for file in train]), np.concatenate([file.lines.words for file in train])
    )
    return check_splits(whole, [(file.name, file.lines) for file in held_out], rules)


def _check_provenance(models: Sequence[AuxiliaryModel]) -> Finding:
    if models:
        return finding("auxiliary_models", "not_checked", f"{len(models)} auxiliary models, as declared by the user")
    text = (
        "plain files do not say who wrote them, nor which models helped; "
        "declare those with --models, or build the corpus with curate"
    )
    return finding("auxiliary_models", "not_checked", text)
