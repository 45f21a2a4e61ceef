"""The command line of ablations: `curate ablate`, `runs`, `leaderboard`, `regress`."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console()
err = Console(stderr=True)

DatabaseOption = Annotated[Path, typer.Option("--database", envvar="CURATE_RUNS", help="SQLite file of all runs.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
VerboseOption = Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")]
_RUNS = Path("runs.sqlite")


def ablate(
    file: Annotated[Path, typer.Argument(help="The ablation file (corpora_manifests/ablations has examples).")],
    folder: Annotated[
        Path | None, typer.Option("--out", help=r"Folder of the report (DIR).  \[default: ablations/NAME]")
    ] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Only say what it could detect, how many seeds that takes, and how long.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=0,
            show_default=False,
            help=r"Runs side by side.  \[default: one a GPU, else one a core]",
        ),
    ] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each run.")] = 1,
    max_hours: Annotated[
        float | None,
        typer.Option("--max-hours", min=0.001, help="Pause the runs after this long, and report on what is done."),
    ] = None,
    max_disk: Annotated[
        float | None,
        typer.Option("--max-disk", min=0.0, help="Gigabytes in DIR from which on no other run is started."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", envvar="CURATE_CACHE", help=r"Of builds and tokens.  \[default: in DIR]")
    ] = None,
    database: DatabaseOption = _RUNS,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing unless something is wrong.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Say whether a change of data helped: arms and seeds trained alike, with the statistics.

    Stopped at any moment, the same command goes on.
    """
    from curation import cli as root  # noqa: PLC0415

    root.be_verbose(on=verbose)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from evaluation.ablation.settings import load_ablation  # noqa: PLC0415

    ablation = load_ablation(file)
    from evaluation.ablation.options import Options  # noqa: PLC0415

    target = folder or Path("ablations") / ablation.name
    options = Options(
        file=file,
        out=target,
        cache=cache or target / "cache",
        database=database,
        jobs=jobs,
        threads=threads,
        max_hours=max_hours,
        max_gigabytes=max_disk,
    )
    if plan_only:
        from evaluation.ablation.plan import plan  # noqa: PLC0415

        os.environ["OMP_NUM_THREADS"] = str(threads)  # what is measured has as many as a run
        made = plan(ablation, options)
        if as_json:
            out.print_json(json.dumps(dataclasses.asdict(made)))
        else:
            from evaluation.ablation.display import show_plan  # noqa: PLC0415

            show_plan(out, made)
        return
    from curation.display import display_for  # noqa: PLC0415
    from evaluation.ablation.ablate import ablate as run  # noqa: PLC0415
    from evaluation.ablation.display import Live, Plain  # noqa: PLC0415

    try:
        with display_for(out, err, Plain, Live, as_json=as_json, quiet=quiet) as display:
            found = run(ablation, dataclasses.replace(options, listen=display))
    except KeyboardInterrupt:
        err.print(f"\nstopped; the same command goes on from {escape(str(target))}", highlight=False, soft_wrap=True)
        raise typer.Exit(130) from None
    if any(arm.failed or arm.refused for arm in found.arms.values()):
        raise typer.Exit(1)


def runs(
    ablation: Annotated[str, typer.Option(help="Beginning of an ablation's name.")] = "",
    arm: Annotated[str, typer.Option(help="Beginning of an arm's name.")] = "",
    recipe: Annotated[str, typer.Option(help="Beginning of a recipe's name.")] = "",
    corpus: Annotated[str, typer.Option(help="Beginning of a corpus's digest.")] = "",
    export: Annotated[Path | None, typer.Option(help="Write what is listed to a .csv or .json file.")] = None,
    database: DatabaseOption = _RUNS,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """List the runs of all ablations, filter them, export them."""
    from curation import cli as root  # noqa: PLC0415
    from evaluation.ablation.database import Database  # noqa: PLC0415

    root.be_verbose(on=verbose)
    with Database(database, make=False) as known:
        found = known.runs(ablation=ablation, arm=arm, recipe=recipe, corpus=corpus)
    if export is not None:
        _export(export, found)
        return
    if as_json:
        out.print_json(json.dumps(found))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ablation", "arm", "seed", "recipe", "corpus", "words seen", "status", "metrics"):
        table.add_column(name, overflow="fold", no_wrap=name != "metrics")
    for row in found:
        metrics = ", ".join(f"{name} {value:.3f}" for name, value in row["metrics"].items())
        seen = "" if row["words_seen"] is None else f"{row['words_seen']:,.0f}"
        about = [row["ablation"], row["arm"], str(row["seed"]), row["recipe"], row["corpus"][:8], seen, row["status"]]
        table.add_row(*map(escape, [*about, metrics]))
    out.print(table, highlight=False)


def leaderboard(
    metric: Annotated[str, typer.Option(help=r"What to order by.  \[default: the one that most runs have]")] = "",
    ablation: Annotated[str, typer.Option(help="Beginning of an ablation's name.")] = "",
    database: DatabaseOption = _RUNS,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Order arms by a metric: mean over seeds with its standard error; one run has no error, and says so.

    An arm under other settings (recipe, changes, what is matched, draws, held-out text) is another row.
    """
    from curation import cli as root  # noqa: PLC0415
    from evaluation.ablation.database import Database  # noqa: PLC0415
    from evaluation.ablation.leaderboard import standings  # noqa: PLC0415

    root.be_verbose(on=verbose)
    with Database(database, make=False) as known:
        chosen, rows = standings(known.runs(ablation=ablation), metric)
    if as_json:
        out.print_json(json.dumps({"metric": chosen, "arms": rows}))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title=chosen, title_justify="left")
    for name in ("", "ablation", "arm", "recipe", "setting", "words seen", "mean", "± seeds", "runs"):
        table.add_column(name, justify="right" if name in {"mean", "± seeds", "runs", "words seen"} else "left")
    for place, row in enumerate(rows, 1):
        error = "one run" if row["stderr"] is None else f"{row['stderr']:.3f}"
        about = [str(place), row["ablation"], row["arm"], row["recipe"], row["setting"][:6]]
        numbers = [f"{row['words_seen']:,.0f}", f"{row['mean']:.3f}", error, str(row["runs"])]
        table.add_row(*map(escape, [*about, *numbers]))
    out.print(table, highlight=False)


def regress(
    paths: Annotated[list[Path], typer.Argument(help="CSV tables of runs, or results folders.")],
    score: Annotated[str, typer.Option("--score", help="Column, task or average to explain.")],
    factors: Annotated[str, typer.Option("--factors", help="Columns that runs differ in: backbone,track.")] = "",
    group: Annotated[str, typer.Option("--group", help="Column of teams: random intercepts.")] = "",
    slope: Annotated[bool, typer.Option("--slope", help="With --group: a random slope on log FLOPs as well.")] = False,
    hc3: Annotated[bool, typer.Option("--hc3", help="Without --group: errors that let the spread differ.")] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Regress scores on log FLOPs and what runs differ in: the findings papers' analysis, with its intervals."""
    from curation import cli as root  # noqa: PLC0415
    from evaluation.ablation.regression import read_rows  # noqa: PLC0415
    from evaluation.ablation.regression import regress as fit  # noqa: PLC0415

    root.be_verbose(on=verbose)
    names = [part.strip() for part in factors.split(",") if part.strip()]
    fitted, left_out = fit(read_rows(paths, score), score, factors=names, group=group, slope=slope, hc3=hc3)
    if as_json:
        out.print_json(json.dumps({**dataclasses.asdict(fitted), "left_out": dataclasses.asdict(left_out)}))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title=fitted.method, title_justify="left")
    for name in ("", "coefficient", "se", "95% interval", "p"):
        table.add_column(name, justify="left" if not name else "right")
    for name, value in fitted.coefficients.items():
        interval = "" if value.low is None or value.high is None else f"{value.low:.3f} to {value.high:.3f}"
        numbers = ["" if number is None else f"{number:.3g}" for number in (value.se, value.p)]
        table.add_row(escape(name), f"{value.value:.3f}", numbers[0], interval, numbers[1])
    out.print(table, highlight=False)
    against = ", ".join(f"{name}: {level}" for name, level in fitted.references.items())
    groups = "" if fitted.groups is None else f", {fitted.groups} groups"
    out.print(
        escape(
            f"{fitted.rows} runs{groups}; left out: {left_out.unfinished} not done, {left_out.incomplete} without a "
            f"value; against {against or 'nothing'}"
        ),
        highlight=False,
    )
    for said in fitted.warnings:
        out.print(escape(f"warning: {said}"), highlight=False, soft_wrap=True)


def _export(path: Path, found: list[dict[str, Any]]) -> None:
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    from curation.core.artifact import write_text  # noqa: PLC0415

    if path.suffix == ".json":
        write_text(path, json.dumps(found, indent=1) + "\n")
        return
    names = list(dict.fromkeys(name for row in found for name in row["metrics"]))
    columns = [name for name in (found[0] if found else {}) if name != "metrics"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, *names])
    for row in found:
        writer.writerow([*(row[name] for name in columns), *(row["metrics"].get(name, "") for name in names)])
    write_text(path, text.getvalue())
