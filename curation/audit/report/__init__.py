"""The report: one page for people, JSON for programs, datasheet, dataset card, submission form and badge.

Pure functions of the artifact and of what the audit found: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

from curation.audit.badge import badge
from curation.audit.contamination import Contamination
from curation.audit.datasheet import datasheet
from curation.audit.report.card import audited_card
from curation.audit.report.page import page
from curation.audit.statistics import Statistics
from curation.audit.submission import submission
from curation.audit.verdict import Verdict
from curation.core.artifact import write_text
from curation.core.errors import OutputError
from curation.corpus import Corpus

#: Version of the form of ``audit.json``.
AUDIT_VERSION = 1


def write_report(
    corpus: Corpus | None,
    verdict: Verdict,
    statistics: Statistics | None,
    contamination: Contamination | None,
    out: Path,
) -> list[Path]:
    """Write the report into a folder and return the files.

    Args:
        corpus: the corpus; None when text files without a build were audited.
        verdict: what the audit found.
        statistics: what the report shows beside it; None when it could not be derived.
        contamination: the overlap with evaluation sets; None when it was not looked for.
        out: the folder; made if it is not there.

    Raises:
        OutputError: the folder cannot be written, or it lies in the corpus: its lock lists every file, so a report
            inside would make it another corpus.
    """
    if corpus is not None and out.resolve().is_relative_to(corpus.folder.resolve()):
        hint = f"write beside it, such as to {corpus.folder.name}.audit"
        raise OutputError("lies inside the corpus, whose lock lists every file", where=str(out), hint=hint)
    record = {
        "audit_version": AUDIT_VERSION,
        "verdict": verdict.model_dump(mode="json"),
        "statistics": None if statistics is None else statistics.model_dump(mode="json"),
        "contamination": None if contamination is None else contamination.model_dump(mode="json"),
    }
    texts = {
        "audit.html": page(corpus, verdict, statistics, contamination),
        "audit.json": _json(record),
        "datasheet.md": datasheet(corpus, verdict, statistics, contamination),
        "README.md": audited_card(corpus, verdict, contamination),
        "submission.json": _json(submission(corpus, verdict)),
        "badge.svg": badge(verdict),
    }
    for name, text in texts.items():
        write_text(out / name, text)
    return [out / name for name in texts]


def _json(record: object) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
