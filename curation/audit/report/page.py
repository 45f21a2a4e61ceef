"""The page: one HTML file that needs nothing else, and says only what the artifact proves."""

from __future__ import annotations

from curation import __version__
from curation.audit.contamination import Contamination
from curation.audit.report.budget import budget_section
from curation.audit.report.flow import flow_section, mixture_section
from curation.audit.report.judgement import auxiliary_section, banner, verdict_section
from curation.audit.report.markup import Html, count, esc, join, number, section
from curation.audit.report.measures import filters_section, reading_section
from curation.audit.report.overlap import contamination_section
from curation.audit.report.provenance import environment_section, licences_section
from curation.audit.report.samples import duplicates_section, removed_section
from curation.audit.report.style import CSS
from curation.audit.statistics import Statistics
from curation.audit.verdict import Verdict
from curation.corpus import Corpus

#: Nothing may be loaded, run or sent: the browser enforces what the page promises.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_NAMES = {
    "verdict": "Verdict",
    "budget": "Budget",
    "flow": "Flow",
    "mixture": "Mixture",
    "filters": "Filters",
    "reading": "Readability",
    "duplicates": "Duplicates",
    "removed": "Removed",
    "auxiliary": "Models",
    "contamination": "Contamination",
    "licences": "Licences",
    "environment": "Lock",
}


def page(
    corpus: Corpus | None, verdict: Verdict, statistics: Statistics | None, contamination: Contamination | None
) -> str:
    """Return the report as HTML."""
    parts = dict.fromkeys(_NAMES, Html(""))
    parts["verdict"] = verdict_section(verdict)
    parts["budget"] = budget_section(verdict)
    if corpus is not None:
        parts["flow"] = flow_section(corpus)
        parts["mixture"] = mixture_section(corpus)
        parts["licences"] = licences_section(corpus.lock)
        parts["environment"] = environment_section(corpus.lock, verdict)
    if corpus is not None and statistics is not None:
        parts["filters"] = filters_section(corpus, statistics)
        parts["duplicates"] = duplicates_section(corpus, statistics)
        parts["removed"] = removed_section(corpus, statistics)
    if statistics is not None:
        parts["reading"] = reading_section(statistics)
    parts["auxiliary"] = auxiliary_section(verdict)
    parts["contamination"] = contamination_section(contamination)
    shown = [name for name, part in parts.items() if part]
    missing = [_NAMES[name] for name, part in parts.items() if not part]
    if missing:
        why = (
            "plain text files hold nothing of it"
            if verdict.kind == "files"
            else "the corpus was too damaged to derive it, or it was not asked for"
        )
        parts["missing"] = section("missing", "Not recorded", f"{', '.join(missing)}: {why}.")
        shown.append("missing")
    links = join(f'<li><a href="#{name}">{_NAMES.get(name, "Not recorded")}</a></li>' for name in shown)
    kind = "corpus" if verdict.kind == "corpus" else "text files"
    facts = f"{number(verdict.words)} words in {count(verdict.documents, 'document')}"
    digest = f", digest {verdict.digest[:16]}" if verdict.digest else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>Audit of {esc(verdict.subject)}: {esc(verdict.summary[:120])}</title>\n<style>{CSS}</style>\n</head>\n"
        f'<body>\n<header><p class="kicker">Audit of the {kind}</p><h1>{esc(verdict.subject)}</h1>'
        f'<p class="facts">{facts}{digest}</p>{banner(verdict)}'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>\n'
        f"<main>\n{join((parts[name] for name in shown), chr(10))}\n</main>\n"
        f"<footer><p>Made by curate {esc(__version__)} from the files of the {kind} alone. What they do not prove is "
        "marked as not recorded. This page loads nothing.</p></footer>\n</body>\n</html>\n"
    )
