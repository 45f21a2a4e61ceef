"""The verb `curate audit`: exit 0 when the rules hold, 1 when one is broken, 2 when it cannot be said.

It stands apart from `curation.cli` because it is an edge of its own, with its own options and its own way to show.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from curation.core.errors import CorpusError, CurateError

if TYPE_CHECKING:
    from curation.audit.contamination import Contamination
    from curation.audit.verdict import Finding, Verdict
    from curation.core.auxiliary import AuxiliaryModel
    from curation.corpus import Corpus
    from curation.rules.profile import Profile

out = Console()
_SHOWN = 5
_MARKS = {
    "holds": "[green]holds      [/]",
    "broken": "[bold red]broken     [/]",
    "unknown": "[bold yellow]cannot say [/]",
    "not_checked": "[dim]not checked[/]",
}
#: Tracks of a manifest that name no rules.
_FREE = {"", "free", "none"}


def audit(  # noqa: C901, PLR0912  (one verb: what was given decides what is read and written)
    paths: Annotated[
        list[Path] | None, typer.Argument(help="A corpus folder, or plain text files.", show_default=False)
    ] = None,
    files: Annotated[
        bool,
        typer.Option("--files", help="The paths are text files; after a corpus: held-out text to compare with it."),
    ] = False,
    rules: Annotated[
        str | None,
        typer.Option("--rules", help=r"A rule profile, a YAML file of one, or `none`.  \[default: the corpus's track]"),
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write the verdict and the report here.")] = None,
    badge: Annotated[bool, typer.Option("--badge", help="Write badge.svg as well.")] = False,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option("--contamination", help="Evaluation files or folders to look for in the text; may be repeated."),
    ] = None,
    norms: Annotated[
        Path | None, typer.Option("--norms", help="CSV of age-of-acquisition norms, for the report's vocabulary.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="Folder that source paths are relative to, to hash source files.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="YAML file of auxiliary models that were used by hand.")
    ] = None,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="SOURCE=CODE, such as wiki_nl=nld_latn; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the verdict as JSON to standard output.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Show tracebacks and every finding in full.")
    ] = False,
) -> None:
    """Audit a corpus or any text files under a rule profile, trusting nothing that the build said."""
    from curation.audit.audit import audit as run  # noqa: PLC0415
    from curation.audit.files import audit_files  # noqa: PLC0415
    from curation.cli import be_verbose  # noqa: PLC0415
    from curation.corpus import Corpus  # noqa: PLC0415

    be_verbose(on=verbose)
    corpora = [path for path in paths or [] if path.is_dir()]
    texts = [path for path in paths or [] if not path.is_dir()]
    if len(corpora) > 1:
        raise CorpusError("one corpus at a time", where=str(corpora[1]), hint="audit each by itself")
    if not corpora and not texts:
        raise CorpusError("nothing to audit", hint="give a corpus folder, or --files and text files")
    if texts and not files and not all(path.is_file() for path in texts):
        missing = next(path for path in texts if not path.is_file())
        raise CorpusError("no such folder or file", where=str(missing), hint="give a corpus folder, or --files")
    declared = _declared(models)
    corpus = None
    bases = [base] if base is not None else _places(corpora[0]) if corpora else []
    if corpora:
        corpus = Corpus.open(corpora[0])
        profile = _with_languages(_profile(corpus, rules), languages or [])
        verdict = run(corpus, profile, held_out=texts, bases=bases, models=declared)
    else:
        profile = _with_languages(_named(rules), languages or [])
        verdict = audit_files(texts, profile, models=declared)
    found = None
    if evaluation:
        from curation.audit.contamination import contamination, text_batches  # noqa: PLC0415

        found = contamination(corpus if corpus is not None else text_batches(texts), evaluation)
    if folder is not None:
        written = _report(corpus, texts, verdict, found, folder, norms, bases)
    elif badge:
        written = _badge(verdict, Path("badge.svg"))
    else:
        written = []
    if as_json:
        told = verdict.model_dump(mode="json")
        if found is not None:
            told["contamination"] = found.model_dump(mode="json")
        out.file.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    else:
        _show(verdict, verbose=verbose)
        if found is not None:
            _line(f"contamination: the text holds {found.seen:,} of {found.compared:,} comparable evaluation items")
        for path in written:
            _line(f"[dim]{escape(str(path))}[/]")
    raise typer.Exit(verdict.exit_code)


def _named(rules: str | None) -> Profile | None:
    from curation.rules.profile import load_profile  # noqa: PLC0415

    return None if rules is None or rules == "none" else load_profile(rules)


def _profile(corpus: Corpus, rules: str | None) -> Profile | None:
    """Return the profile that was asked for, or that of the corpus's track; None asks for integrity only."""
    from curation.rules.profile import ProfileError, load_profile, profile_names  # noqa: PLC0415

    if rules is not None:
        return None if rules == "none" else load_profile(rules)
    track = str(corpus.lock.get("track", ""))
    if track in _FREE:
        return None
    if track not in profile_names():
        hint = f"give --rules NAME, FILE or none; profiles that ship: {', '.join(profile_names())}"
        raise ProfileError(f"the corpus's track {track!r} is no rule profile", where=str(corpus.folder), hint=hint)
    return load_profile(track)


def _with_languages(profile: Profile | None, languages: Sequence[str]) -> Profile | None:
    from curation.rules.profile import ProfileError  # noqa: PLC0415

    pairs = dict(one.partition("=")[::2] for one in languages)
    if not pairs:
        return profile
    if profile is None or profile.premiums is None:
        raise ProfileError("--language: the rules measure no languages", hint="use --rules babylm-2026-multilingual")
    known = profile.premiums.languages.value
    for name, code in pairs.items():
        if code not in known:
            hint = f"codes with a byte premium: {', '.join(known)}"
            raise ProfileError(f"--language {name}={code}: {code!r} is not known", hint=hint)
    return profile.model_copy(update={"languages": {**pairs, **profile.languages}})


def _declared(path: Path | None) -> list[AuxiliaryModel]:
    """Read a YAML file ``auxiliary_models: [...]``, as in a manifest."""
    from curation.core.auxiliary import AuxiliaryModel  # noqa: PLC0415
    from curation.reading import read_yaml  # noqa: PLC0415

    if path is None:
        return []
    try:
        return [AuxiliaryModel.model_validate(one) for one in read_yaml(path).get("auxiliary_models") or []]
    except (ValueError, TypeError) as error:
        hint = "a mapping `auxiliary_models:` with a list of name, purpose, words, where, trained_on"
        raise CurateError(f"--models: no list of auxiliary models: {error}", where=str(path), hint=hint) from error


def _places(folder: Path) -> list[Path]:
    """Return where the manifest of a corpus may have stood: here, beside the corpus, or among those that ship."""
    from curation.reading import shipped  # noqa: PLC0415

    absolute = folder.resolve()
    return [Path(), absolute.parent, absolute.parent.parent, *{path.parent for path in shipped().values()}]


def _report(
    corpus: Corpus | None,
    texts: Sequence[Path],
    verdict: Verdict,
    found: Contamination | None,
    folder: Path,
    norms: Path | None,
    bases: Sequence[Path],
) -> list[Path]:
    """Write the report; what a damaged corpus no longer tells is left out of it, and it says so."""
    from curation.audit.report import write_report  # noqa: PLC0415
    from curation.audit.statistics import statistics, text_statistics  # noqa: PLC0415

    try:
        told = (
            text_statistics(texts, norms=norms)
            if corpus is None
            else statistics(corpus, norms=norms, bases=list(bases))
        )
    except CorpusError:
        if verdict.exit_code == 0:
            raise
        told = None
    return write_report(corpus, verdict, told, found, folder)


def _badge(verdict: Verdict, path: Path) -> list[Path]:
    from curation.audit.badge import badge as svg  # noqa: PLC0415
    from curation.core.artifact import write_text  # noqa: PLC0415

    write_text(path, svg(verdict))
    return [path]


def _show(verdict: Verdict, *, verbose: bool) -> None:
    """Print the verdict: what is broken first."""
    _line(f"[bold]{escape(verdict.subject)}[/], {verdict.words:,} words in {verdict.documents:,} documents")
    _line(f"rules: {escape(verdict.profile_title or 'none: integrity only')}")
    _line("")
    for finding in verdict.findings:
        _line(f"{_MARKS[finding.status]} [bold]{escape(finding.rule)}[/]: {escape(finding.message)}")
        _details(finding, verbose=verbose)
    _line(f"\n{_MARKS[verdict.status].strip()} {escape(verdict.summary)}")


def _details(finding: Finding, *, verbose: bool) -> None:
    shown = finding.documents if verbose else finding.documents[:_SHOWN]
    for name in shown:
        _line(f"              - {escape(name)}")
    if finding.documents_total > len(shown):
        _line(f"              and {finding.documents_total - len(shown):,} more")
    if finding.source != "curate" and (finding.status != "holds" or verbose):
        _line(f"              written in: {escape(finding.source)}")
    for reading in finding.readings if finding.status != "holds" or verbose else ():
        chosen = " (judged by this one)" if reading.chosen else ""
        mark = reading.status.replace("_", " ")
        _line(f"              reading{chosen}: {escape(reading.text)}")
        _line(f"                [{escape(reading.source)}] -> {mark}".replace("[", "\\[", 1))


def _line(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)
