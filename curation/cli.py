"""The command line: `curate build check plan list init schema diff`. With the edges of other verbs, all that prints.

Verbs are entry points in the group ``curate.verbs``, so that training and evaluation add theirs without being imported
here. Everything heavy is imported inside the verb that needs it: ``curate --help`` loads neither Arrow nor numba.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curation import __version__

if TYPE_CHECKING:
    from curation.core.events import Listener
    from curation.display import Display

out = Console()
err = Console(stderr=True)
_VERBOSE = {"on": False}


def be_verbose(*, on: bool) -> None:
    """Show tracebacks with errors, for verbs that live elsewhere."""
    _VERBOSE["on"] = on


ManifestArgument = Annotated[str, typer.Argument(help="A manifest, or the name of one that ships with curate.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks and where time went.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", "-j", min=1, help=r"Threads or processes.  \[default: all cores]")
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache", envvar="CURATE_CACHE", help=r"Where finished slices are kept.  \[default: .curate-cache beside DIR]"
    ),
]


def build(
    manifest: ManifestArgument,
    folder: Annotated[Path | None, typer.Option("--out", help=r"Folder of the corpus.  \[default: build/NAME]")] = None,
    workers: WorkersOption = None,
    cache: CacheOption = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents in a batch; never changes the corpus.")] = 4096,
    locked: Annotated[bool, typer.Option("--locked", help="Reproduce the lock exactly, or fail.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace whatever the folder holds.")] = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing unless something is wrong.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Build the corpus of a manifest: exactly its word budget, with lock and ledger."""
    _VERBOSE["on"] = verbose
    from curation.build import Options  # noqa: PLC0415
    from curation.build import build as run  # noqa: PLC0415
    from curation.engine.local import default_workers  # noqa: PLC0415
    from curation.manifest import load  # noqa: PLC0415

    loaded = load(manifest)
    target = folder or Path("build") / loaded.name
    with _display(as_json=as_json, quiet=quiet) as display:
        options = Options(
            out=target,
            cache=cache,
            workers=workers or default_workers(),
            batch_rows=batch_size,
            locked=locked,
            force=force,
            listen=_with_times(display) if verbose else display,
        )
        try:
            run(loaded, options)
        except KeyboardInterrupt:
            err.print(
                f"\ninterrupted: nothing half-written is left in {target}. Run the same command to go on; "
                "finished slices are kept.",
                soft_wrap=True,
            )
            raise typer.Exit(130) from None


def _display(*, as_json: bool, quiet: bool) -> Display:
    from curation.display import Live, Plain, display_for  # noqa: PLC0415

    return display_for(out, err, Plain, Live, as_json=as_json, quiet=quiet and not as_json)


def _with_times(display: Listener) -> Listener:
    """Also tell, for each stage, the CPU seconds and the memory so far."""
    from curation.core.events import Event, StageDone  # noqa: PLC0415
    from curation.display import memory_mib  # noqa: PLC0415

    def listen(event: Event) -> None:
        display(event)
        if isinstance(event, StageDone):
            times = os.times()
            cpu = times.user + times.system + times.children_user + times.children_system
            err.print(f"  {cpu:.1f} CPU-s so far, {memory_mib():,.0f} MiB resident", highlight=False)

    return listen


def check(manifest: ManifestArgument, as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """Validate a manifest and open every source: hashes, columns, the first documents."""
    _VERBOSE["on"] = verbose
    from curation.check import check_sources  # noqa: PLC0415
    from curation.manifest import load  # noqa: PLC0415

    loaded = load(manifest)
    found = check_sources(loaded)
    if as_json:
        out.file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        return
    table = Table("source", "files", "MiB", "first documents", "first words", box=None, padding=(0, 2, 0, 0))
    for row in found:
        table.add_row(
            escape(row["name"]),
            f"{row['files']:,}",
            f"{row['bytes'] / 2**20:,.1f}",
            f"{row['documents']:,}",
            escape(row["sample"]),
        )
    out.print(table)
    out.print(f"{escape(loaded.name)}: the manifest is valid and every source opens", highlight=False)


def plan(
    manifest: ManifestArgument,
    folder: Annotated[Path | None, typer.Option("--out", help=r"Folder of the corpus.  \[default: build/NAME]")] = None,
    workers: WorkersOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show the stages, what is cached, and estimates of words and time, measured on a first piece of each source."""
    _VERBOSE["on"] = verbose
    from curation.check import plan_build  # noqa: PLC0415
    from curation.engine.local import default_workers  # noqa: PLC0415
    from curation.manifest import load  # noqa: PLC0415

    loaded = load(manifest)
    target = (folder or Path("build") / loaded.name).resolve()
    found = plan_build(loaded, (cache or target.parent / ".curate-cache").resolve(), workers or default_workers())
    if as_json:
        out.file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        return
    sources = Table("source", "files", "MiB", "words (estimate)", "cached slices", box=None, padding=(0, 2, 0, 0))
    for row in found["sources"]:
        cached = f"{row['slices_cached']:,}" + (" of all" if row["complete"] else "")
        sources.add_row(
            escape(row["name"]), f"{row['files']:,}", f"{row['bytes'] / 2**20:,.1f}", f"{row['words']:,}", cached
        )
    out.print(sources)
    for number, stage in enumerate(found["stages"]):
        out.print(f"\nstage {number}: {escape(stage['title'])}", highlight=False)
        if stage["deferred"]:
            out.print(
                f"  thresholds decided afterwards, free to change: {escape(', '.join(stage['deferred']))}",
                highlight=False,
            )
        if stage["decisions"]:
            out.print(f"  then over all documents: {escape(', '.join(stage['decisions']))}", highlight=False)
    out.print(f"\nselect: {escape(', '.join(found['select']) or 'everything')}", highlight=False)
    out.print(
        f"about {found['words']:,} words to read, about {found['seconds']:,.0f} s for what is not cached "
        f"({found['workers']} workers)",
        highlight=False,
    )


def list_steps(
    what: Annotated[str, typer.Argument(help="A kind such as `filter`, or a name such as `filter.word_count`.")] = "",
    verbose: VerboseOption = False,
) -> None:
    """List every source and step, those of a kind, or document one."""
    _VERBOSE["on"] = verbose
    from curation.core.catalog import names  # noqa: PLC0415
    from curation.describe import describe, summaries  # noqa: PLC0415

    if "." in what or ":" in what:
        out.print(escape(describe(what)), highlight=False, soft_wrap=True)
        return
    found = summaries(what)
    width = max(map(len, found)) if found else 0
    for name, summary in found.items():
        out.print(
            f"{name:<{width}}  [dim]{escape(summary)}[/]",
            highlight=False,
            soft_wrap=not out.is_terminal,
            no_wrap=True,
            overflow="ellipsis",
        )
    if not found:
        from curation.core.errors import UnknownName, did_you_mean  # noqa: PLC0415

        kinds = sorted({name.split(".")[0] for name in names()})
        raise UnknownName(f"there is no kind {what!r}", hint=did_you_mean(what, kinds) or f"kinds: {', '.join(kinds)}")


def init(
    folder: Annotated[Path, typer.Argument(help="A folder of text, JSON lines, Parquet or CSV files.")],
    file: Annotated[Path, typer.Option("--out", help="Where to write the manifest.")] = Path("manifest.yaml"),
    words: Annotated[int | None, typer.Option(help=r"The budget.  \[default: what is there, rounded down]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing manifest.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Write a commented manifest for a folder of files."""
    _VERBOSE["on"] = verbose
    from curation.core.errors import OutputError  # noqa: PLC0415
    from curation.init import manifest_for  # noqa: PLC0415

    if file.exists() and not force:
        raise OutputError("exists already", where=str(file), hint="choose another name with --out, or use --force")
    text = manifest_for(folder, file.parent, words)
    file.write_text(text, encoding="utf-8")
    out.print(
        f"wrote {escape(str(file))}: look at it, then run `curate check {escape(str(file))}`",
        highlight=False,
        soft_wrap=True,
    )


def schema() -> None:
    """Write the JSON Schema of manifests, for editors."""
    from curation.json_schema import json_schema  # noqa: PLC0415

    out.file.write(json.dumps(json_schema(), indent=1) + "\n")


def diff(
    a: Annotated[Path, typer.Argument(help="A corpus folder.")],
    b: Annotated[Path, typer.Argument(help="Another corpus folder.")],
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compare two corpora: settings, sources, words, documents in one and not in the other."""
    _VERBOSE["on"] = verbose
    from curation.audit.diff import difference, in_words  # noqa: PLC0415
    from curation.corpus import Corpus  # noqa: PLC0415

    found = difference(Corpus.open(a), Corpus.open(b))
    if as_json:
        out.file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    else:
        out.print(escape(in_words(found)), highlight=False, soft_wrap=True)


def _version(value: bool) -> None:  # noqa: FBT001  (typer's callback)
    if value:
        out.print(f"curate {__version__}", highlight=False)
        raise typer.Exit


def _root(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Build text corpora of exactly N words, and show what was done."""


#: As they follow each other in work; others come after, by name.
_ORDER = (
    *("build", "audit", "check", "plan", "list", "init", "schema", "diff"),
    *("train", "recipes", "evaluate", "tasks", "compare", "ablate", "runs", "leaderboard", "regress"),
)


def application() -> typer.Typer:
    """Return the application with every verb that is installed."""
    app = typer.Typer(
        name="curate",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_root)
    order = {name: place for place, name in enumerate(_ORDER)}
    verbs = {verb.name: verb for verb in entry_points(group="curate.verbs")}
    for name in sorted(verbs, key=lambda name: (order.get(name, len(order)), name)):
        function: Callable[..., Any] = verbs[name].load()
        app.command(name)(function)
    return app


def main() -> None:
    """Run the command line: exit 0 when all is well, 1 when a check failed, 2 for what the user can mend."""
    try:
        application()()
    except KeyboardInterrupt:  # before a verb began, or in one that leaves nothing behind
        err.print("\ninterrupted")
        sys.exit(130)
    except Exception as error:
        from curation.core.errors import CurateError, LockMismatch  # noqa: PLC0415

        if not isinstance(error, CurateError):
            err.print("this is a bug in curate; please report it with the lines below", style="bold red")
            raise
        if _VERBOSE["on"]:
            err.print(escape("".join(traceback.format_exception(error))), highlight=False, soft_wrap=True)
        err.print(f"[bold red]error[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1 if isinstance(error, LockMismatch) else 2)
