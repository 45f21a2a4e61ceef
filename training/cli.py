"""The command line of training: `curate train` and `curate recipes`. The only module of training that prints.

Nothing heavy is imported before a verb needs it: `curate --help` loads no torch.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from curation.core.errors import CurateError

out = Console()
err = Console(stderr=True)


def train(
    corpus: Annotated[Path, typer.Option("--corpus", help="Folder of a corpus, made by `curate build`.")],
    recipe: Annotated[str, typer.Option("--recipe", help="A recipe's name (`curate recipes`) or YAML file.")],
    folder: Annotated[Path | None, typer.Option("--out", help=r"Folder of the run.  \[default: runs/RECIPE]")] = None,
    max_words: Annotated[
        int | None, typer.Option("--max-words", min=1, help="Train on this many words of the corpus.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help=r"Of weights, order, masks and dropout.  \[default: 1]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in DIR, if there is one.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the run in DIR.")] = False,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a value of the recipe: run.seed=2, optimizer.lr=0.001.")
    ] = None,
    teachers: Annotated[
        list[Path] | None, typer.Option("--teacher", help="Run folder of a teacher, for distillation recipes.")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Your own tokenizer.json, instead of one trained on the corpus.")
    ] = None,
    heldout: Annotated[
        list[str] | None, typer.Option("--heldout", help="NAME=FILE: a further text to measure bits per byte on.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", "-j", min=0, help="Processes that make batches.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help=r"Threads of one operation.  \[default: OMP_NUM_THREADS, or all cores]")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", envvar="CURATE_CACHE", help=r"Tokenizers and tokens.  \[default: .curate-cache beside DIR]"
        ),
    ] = None,
    loggers: Annotated[list[str] | None, typer.Option("--log", help="Also tell tensorboard, trackio or wandb.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how long it will take, how much memory and how many FLOPs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write events as JSON lines to standard output.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing unless something is wrong.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
) -> None:
    """Train a model on a corpus, by a recipe: checkpoints, metrics, FLOPs, and an export for Hugging Face."""
    from curation import cli as root  # noqa: PLC0415

    root.be_verbose(on=verbose)
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch is first imported, below
    from training.config import load_recipe  # noqa: PLC0415

    wanted = list(changes or [])
    if max_words is not None:
        wanted.append(f"data.max_words={max_words}")
    if seed is not None:
        wanted.append(f"run.seed={seed}")
    if teachers:
        wanted.append(f"objective.teachers={json.dumps([str(path.resolve()) for path in teachers])}")
    loaded = load_recipe(recipe, wanted)
    target = folder or Path("runs") / loaded.name
    texts = dict(_named(text) for text in heldout or [])
    where = cache or target.absolute().parent / ".curate-cache"
    with _installed():
        from curation.display import display_for  # noqa: PLC0415
        from training.display import Live, Plain  # noqa: PLC0415
        from training.train import Options  # noqa: PLC0415
        from training.train import train as run  # noqa: PLC0415

    main_process = os.environ.get("RANK", "0") == "0"
    with display_for(out, err, Plain, Live, as_json=as_json, quiet=quiet or not main_process) as display:
        options = Options(
            corpus=corpus,
            out=target,
            cache=where,
            workers=workers,
            resume=resume,
            force=force,
            tokenizer=tokenizer,
            heldout=texts,
            loggers=tuple(loggers or ()),
            listen=display,
        )
        if dry_run:
            from training.estimate import estimate, in_words  # noqa: PLC0415

            found = estimate(loaded, options)
            text = json.dumps(found) if as_json else escape(in_words(found))
            out.print(text, highlight=False, soft_wrap=True)
            return
        try:
            run(loaded, options)
        except KeyboardInterrupt:
            err.print(
                f"\nstopped; a checkpoint is in {escape(str(target))}. Run the same command with --resume to go on.",
                soft_wrap=True,
                highlight=False,
            )
            raise typer.Exit(130) from None


def recipes(
    name: Annotated[str, typer.Argument(help="Show this recipe whole, with every key.")] = "",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
) -> None:
    """List the training recipes, or show one whole."""
    from curation import cli as root  # noqa: PLC0415
    from training.config import load_recipe, recipe_names  # noqa: PLC0415

    root.be_verbose(on=verbose)
    if name:
        from training.config import explained  # noqa: PLC0415

        out.print(escape(explained(load_recipe(name))), highlight=False, soft_wrap=True)
        return
    names = recipe_names()
    width = max(map(len, names))
    for known in names:
        loaded = load_recipe(known)
        model = loaded.model
        ((unit, amount),) = loaded.duration.model_dump(exclude_none=True).items()
        lengths = "/".join(str(length) for _, length in loaded.schedule.length)
        about = f"{model.use} {model.hidden_size}x{model.num_hidden_layers}, {loaded.objective.use}, length {lengths}"
        out.print(f"{known:<{width}}  [dim]{about}, {amount:,g} {unit}[/]", highlight=False, soft_wrap=True)
    out.print("`curate recipes NAME` shows one whole, and what is known of its source", highlight=False)


def _named(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    if not sign or not name or not path:
        raise CurateError(f"cannot read {text!r}", where="--heldout", hint="write it as --heldout childes=childes.txt")
    return name, Path(path)


class _installed:  # noqa: N801  (reads as a sentence where it is used)
    """Say which extra is missing, instead of a traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ImportError) and error.name is not None:
            from curation.core.errors import MissingExtra  # noqa: PLC0415

            missing = error.name.partition(".")[0]
            if missing in {"torch", "safetensors", "accelerate", "tokenizers"}:
                hint = 'pip install "curate-corpora[train]"'
                raise MissingExtra(f"{missing} is not installed", where="training", hint=hint) from error
