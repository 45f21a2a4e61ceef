"""The dataset card with the verdict: what a build writes, and below it what the audit found."""

from __future__ import annotations

import yaml

from curation.audit.card import dataset_card
from curation.audit.contamination import Contamination
from curation.audit.verdict import Verdict
from curation.corpus import Corpus

_STATUS = {"holds": "holds", "broken": "**broken**", "unknown": "cannot be said", "not_checked": "not checked"}


def audited_card(corpus: Corpus | None, verdict: Verdict, contamination: Contamination | None) -> str:
    """Return a dataset card with Hugging Face's YAML front matter."""
    body = dataset_card(corpus.lock) if corpus is not None else _plain_card(verdict)
    profile = verdict.profile_title or verdict.profile or "integrity only"
    lines = [
        "## Audit\n",
        f"{_line(profile)}: {_STATUS[verdict.status]}. {_line(verdict.summary)}\n",
        "| rule | finding |\n|---|---|",
        *(
            f"| {_line(one.rule)} | {_STATUS[one.status]}: {_line(one.message)} |"
            for one in verdict.findings
            if one.status != "holds"
        ),
        f"| {len(verdict.of('holds'))} other rules | hold |",
    ]
    if verdict.auxiliary_models:
        models = ", ".join(
            f"{_line(one.name)} ({one.purpose}, {'unknown' if one.words is None else f'{one.words:,}'} training words)"
            for one in verdict.auxiliary_models
        )
        lines.append(f"\nAuxiliary models: {models}.")
    if contamination is not None:
        lines.append(f"\nEvaluation items found: {contamination.seen:,} of {contamination.compared:,} compared.")
    return body.rstrip() + "\n\n" + "\n".join(lines) + "\n"


def _plain_card(verdict: Verdict) -> str:
    front = {
        "pretty_name": verdict.subject,
        "language": ["en"],
        "task_categories": ["text-generation", "fill-mask"],
    }
    rows = [f"| {_line(source.name)} | {source.words:,} |" for source in verdict.sources]
    table = "\n".join(["| file | words |", "|---|---:|", *rows])
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n\n# {_line(verdict.subject)}\n\n"
        f"{verdict.words:,} words in plain text files.\n\n{table}\n"
    )


def _line(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
