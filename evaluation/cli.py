"""The command line of evaluation: `curate evaluate` and `curate tasks`. The only module of evaluation that prints.

Nothing heavy is imported before a verb needs it: `curate --help` loads no torch.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from curation.core.errors import CurateError, MissingExtra
from curation.core.events import Event, Warned

if TYPE_CHECKING:
    from evaluation.result import Results
    from evaluation.scorers.options import ScoringOptions

out = Console()
err = Console(stderr=True)


def evaluate(
    target: Annotated[
        str, typer.Argument(help="A run or Hugging Face folder, ORG/NAME, an .arpa file, frequency:TEXT.")
    ],
    suite: Annotated[
        str, typer.Option("--suite", help="A suite's name (`curate tasks`) or YAML file.")
    ] = "quick-start",
    tasks: Annotated[str, typer.Option("--tasks", help="Only these, with commas between: blimp,zorro.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--out", help=r"Folder of the results.  \[default: RUN/evaluation or results/NAME]")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", envvar="CURATE_EVAL_DATA", help="The official evaluation_data folder."),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="What the model learnt from: for `grounded` and the floors.")
    ] = None,
    backend: Annotated[
        str, typer.Option("--backend", help="causal, mlm, mntp, enc_dec_mask, enc_dec_prefix; several with commas.")
    ] = "",
    checkpoints: Annotated[
        str, typer.Option("--checkpoints", help="`all` milestones of a run, or some: chck_1M,chck_2M.")
    ] = "",
    revision: Annotated[str | None, typer.Option("--revision", help="Branch, tag or commit on the hub.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most this many items a paradigm.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of draws: the sample of --limit, random ties, `grounded`.")] = 0,
    temperatures: Annotated[str, typer.Option("--temperatures", help="Also score at these: 0.5,1,2.")] = "",
    begin: Annotated[
        bool | None, typer.Option("--bos/--no-bos", help=r"Force a begin token.  \[default: the tokenizer's own way]")
    ] = None,
    end: Annotated[bool | None, typer.Option("--eos/--no-eos", help=r"Score an end token.  \[default: no]")] = None,
    pll: Annotated[str, typer.Option("--pll", help="original or within_word_l2r.")] = "original",
    lora: Annotated[bool, typer.Option("--lora", help="Fine-tune low-rank adapters, not all weights.")] = False,
    finetune_seeds: Annotated[str, typer.Option("--finetune-seeds", help="Several runs of each: 1,2,3.")] = "",
    official_selection: Annotated[
        bool, typer.Option("--official-selection", help="Pick the epoch on the scored set, as the official scripts do.")
    ] = False,
    submission: Annotated[
        str, typer.Option("--submission", help="Also write the challenge's prediction file: babylm-2025.")
    ] = "",
    trust: Annotated[
        bool, typer.Option("--trust-remote-code", help="Allow code that comes with the model to run.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:0,cuda:1.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of one operation.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Do finished tasks again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write events as JSON lines to standard output.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing unless something is wrong.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
) -> None:
    """Score a model on a suite: every value with its error, its chance level and what a word counter gets.

    Tasks that are finished are not run again: after a kill, the same command goes on.
    """
    from curation import cli as root  # noqa: PLC0415

    root.be_verbose(on=verbose)
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is first imported, below
    from evaluation.suite import load_suite  # noqa: PLC0415
    from evaluation.task import Tuning  # noqa: PLC0415

    chosen = load_suite(suite)
    if tasks:
        chosen = chosen.only(tuple(_split(tasks)))
    with _installed():
        from curation.display import display_for  # noqa: PLC0415
        from evaluation.counted import is_counted, open_counted  # noqa: PLC0415
        from evaluation.display import Live, Plain  # noqa: PLC0415
        from evaluation.display import summary as table  # noqa: PLC0415
        from evaluation.evaluate import Options  # noqa: PLC0415
        from evaluation.evaluate import evaluate as run  # noqa: PLC0415
        from evaluation.subject import Subject  # noqa: PLC0415

        scoring = _scoring(begin=begin, end=end, temperatures=_split(temperatures), pll=pll)
        devices = tuple(_split(device))
        tuning = Tuning(
            seeds=_seeds(finetune_seeds),
            lora=lora,
            official_selection=official_selection,
            devices=devices,
        )
        places = _places(target, checkpoints, revision)
        failed = False
        done: list[tuple[Path, Results]] = []
        for place in places:
            for way in (*_split(backend),) or (None,):
                subject: Any = (
                    open_counted(target)
                    if is_counted(target)
                    else Subject.open(
                        target,
                        backend=way,
                        revision=place,
                        trust_remote_code=trust,
                        device=devices[0],
                        options=scoring,
                    )
                )
                where = (folder or _folder(target, chosen.name)) / (place or "main") / subject.backend
                with display_for(out, err, Plain, Live, as_json=as_json, quiet=quiet) as display:
                    options = Options(
                        suite=chosen,
                        out=where,
                        data=data,
                        corpus=corpus or _corpus_of(subject.record),
                        limit=limit,
                        seed=seed,
                        tuning=tuning,
                        force=force,
                        listen=display,
                    )
                    try:
                        results = run(subject, options)
                    except KeyboardInterrupt:
                        err.print(f"\nstopped; the same command goes on from {escape(str(where))}", highlight=False)
                        raise typer.Exit(130) from None
                failed |= any(task.status == "failed" for task in results.tasks)
                done.append((where, results))
                if not as_json and not quiet:
                    out.print(table(results), highlight=False)
                    out.print(f"[dim]{escape(str(where / 'results.json'))}[/]", highlight=False, soft_wrap=True)
        _after(done, folder or _folder(target, chosen.name), submission, data, as_json=as_json, quiet=quiet)
    if failed:
        raise typer.Exit(1)


def tasks(
    name: Annotated[str, typer.Argument(help="A task or suite to show.")] = "",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
) -> None:
    """List the tasks and suites that `curate evaluate` knows, or show one."""
    from curation import cli as root  # noqa: PLC0415
    from evaluation.catalog import load_task, task_names  # noqa: PLC0415
    from evaluation.suite import load_suite, suite_names  # noqa: PLC0415

    root.be_verbose(on=verbose)

    def say(text: str) -> None:
        out.print(text, highlight=False, soft_wrap=True)

    if name and name in suite_names():
        shown = load_suite(name)
        rules = ", ".join(f"{key} {value}" for key, value in shown.rules.model_dump(mode="json").items())
        for line in (shown.title, f"source: {shown.source}", f"rules: {rules}", f"tasks: {', '.join(shown.tasks)}"):
            say(escape(line))
        return
    if name:
        task = load_task(name)
        years = ", ".join(map(str, task.years)) or "no year of the challenge"
        say(escape(f"{task.title}: {task.metric}; {years}\n{task.citation}"))
        return
    say("[bold]suites[/]")
    for known in suite_names():
        say(f"  {known:<20} [dim]{escape(load_suite(known).title)}[/]")
    say("[bold]tasks[/]")
    for known in task_names():
        task = load_task(known)
        years = ", ".join(map(str, task.years)) or "-"
        say(f"  {known:<44} [dim]{escape(task.title)}, {task.metric}; {years}[/]")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in _split(text))
    except ValueError as error:
        raise CurateError(f"{text!r} is no list of numbers", where="--finetune-seeds", hint="write 1,2,3") from error


def _folder(target: str, suite: str) -> Path:
    path = Path(target)
    if (path / "run.json").is_file():
        return path / "evaluation" / suite
    return Path("results") / target.strip("/").replace("/", "--") / suite


def _scoring(*, begin: bool | None, end: bool | None, temperatures: list[str], pll: str) -> ScoringOptions:
    from pydantic import ValidationError  # noqa: PLC0415

    from evaluation.scorers.options import ScoringOptions  # noqa: PLC0415

    others = [text for text in temperatures if text not in {"1", "1.0"}]
    values = {"begin": begin, "end": end, "pll": pll, "temperatures": ["1", *others]}
    try:
        return ScoringOptions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise CurateError(f"{first['input']!r}: {first['msg']}", where=f"--{first['loc'][0]}") from error


def _places(target: str, checkpoints: str, revision: str | None) -> list[str | None]:
    """Return the revisions to score: the final model, or milestones."""
    from training.milestones import found_in  # noqa: PLC0415

    if not checkpoints:
        return [revision]
    if checkpoints != "all":
        return list(_split(checkpoints))
    found = found_in(Path(target))
    if not found:
        hint = "a run writes one at 1M words seen and on; on the hub, name them: --checkpoints chck_1M,chck_2M"
        raise CurateError("has no milestones", where=target, hint=hint)
    return [*found]


def _corpus_of(record: dict[str, object] | None) -> Path | None:
    """Return the corpus folder that a run remembers, if it is still there."""
    corpus = (record or {}).get("corpus")
    folder = corpus.get("folder") if isinstance(corpus, dict) else None
    return Path(folder) if isinstance(folder, str) and (Path(folder) / "corpus.lock").is_file() else None


def _after(
    done: list[tuple[Path, Results]], folder: Path, submission: str, data: Path | None, *, as_json: bool, quiet: bool
) -> None:
    """Draw the learning curves of several checkpoints, and write a submission."""
    from evaluation.curves import write_curves  # noqa: PLC0415

    written = []
    if len({results.subject["revision"] for _, results in done}) > 1:
        written += write_curves(folder, [results for _, results in done])
    if submission:
        from evaluation.submission import write_submission  # noqa: PLC0415

        def warn(event: Event) -> None:
            if isinstance(event, Warned) and not as_json:
                err.print(escape(event.message), highlight=False, soft_wrap=True)

        written += [write_submission(submission, folder, where, data=data, listen=warn) for where, _ in done]
    if not as_json and not quiet:
        for path in written:
            out.print(f"[dim]{escape(str(path))}[/]", highlight=False, soft_wrap=True)


class _installed:  # noqa: N801  (reads as a sentence where it is used)
    """Say which extra is missing, instead of a traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ImportError) and error.name is not None:
            missing = error.name.partition(".")[0]
            extra = {"torch": "train", "transformers": "train", "safetensors": "train", "tokenizers": "train"}
            extra |= {"scipy": "evaluate", "statsmodels": "evaluate", "peft": "evaluate"}
            if missing in extra:
                hint = f'pip install "curate-corpora[{extra[missing]}]"'
                raise MissingExtra(f"{missing} is not installed", where="evaluation", hint=hint) from error
