"""The run folder: what a training run leaves on disk.

::

    run.json            what was run: corpus, tokenizer, recipe, versions, hardware, plan; at the end results and FLOPs
    recipe.yaml         the recipe as it was resolved: `curate train --recipe RUN/recipe.yaml` is the same run
    tokenizer.json      the tokenizer
    metrics.jsonl       one line a step, and one a measurement on held-out text
    heldout.parquet     what each held-out document cost the final model, in bits; not of masked models
    checkpoints/        the last two states to resume from
    milestones/chck_NM/ models at N million words seen, as Hugging Face loads them
    model/              the final model, the same way

``run.json`` says ``"status": "done"`` last: only then is the run whole.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from curation.core.artifact import output_error, write_text
from training.config import Recipe
from training.errors import ResumeError
from training.trackers import tracker

if TYPE_CHECKING:
    from types import TracebackType

    from training.tokenizer.tokenizer import Tokenizer

RUN = "run.json"
HELDOUT = "heldout.parquet"
RUN_VERSION = 1


class Run:
    """A run folder."""

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        """Use ``Run.create`` or ``Run.open``."""
        self.folder = folder
        self.record = record

    @classmethod
    def create(cls, folder: Path, recipe: Recipe, tokenizer: Tokenizer, record: Mapping[str, Any]) -> Run:
        """Start a run in a folder that holds none; ``run.json`` is written last and makes it one.

        Raises:
            OutputError: the folder cannot be written.
        """
        run = cls(folder, {"run_version": RUN_VERSION, "status": "running", **record})
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, folder) from error
        text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
        write_text(folder / "recipe.yaml", text)
        tokenizer.save(folder / "tokenizer.json")
        run.save()
        return run

    @staticmethod
    def unborn(folder: Path) -> bool:
        """Return whether there is nothing here, or only what a process left that was killed while it made a run."""
        if not folder.exists():
            return True
        return folder.is_dir() and all(
            file.name in {"recipe.yaml", "tokenizer.json"} or file.name.endswith(".partial")
            for file in folder.iterdir()
        )

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open a run folder, finished or not.

        Raises:
            ResumeError: it holds no run, or one of another version.
        """
        folder = Path(folder)
        try:
            record = json.loads((folder / RUN).read_text(encoding="utf-8"))
            version = record["run_version"]
        except FileNotFoundError as error:
            hint = "`curate train --out` makes one"
            raise ResumeError(f"holds no {RUN}: it is not a run", where=str(folder), hint=hint) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResumeError(f"{RUN} is damaged", where=str(folder), hint="train again into another folder") from error
        if version != RUN_VERSION:
            raise ResumeError(f"written by another version of curate (run version {version})", where=str(folder))
        return cls(folder, record)

    @property
    def done(self) -> bool:
        """Whether training ended and the model was written."""
        return bool(self.record["status"] == "done")

    @property
    def model(self) -> Path:
        """Folder of the final model."""
        return self.folder / "model"

    def recipe(self) -> Recipe:
        """Return the recipe of the run."""
        return Recipe.model_validate(yaml.safe_load((self.folder / "recipe.yaml").read_text(encoding="utf-8")))

    def save(self, **changes: Any) -> None:
        """Write ``run.json``, with changes."""
        self.record.update(changes)
        write_text(self.folder / RUN, json.dumps(self.record, indent=1, ensure_ascii=False) + "\n")


class Metrics:
    """``metrics.jsonl``: lines of what happened, cut back to the step that a resumed run starts from."""

    def __init__(self, path: Path | None, *, before_step: int, loggers: tuple[str, ...] = ()) -> None:
        """Open for appending, dropping lines of steps that will be taken again and a half-written last line.

        None is for the further processes of a run: they write nothing.
        """
        path = Path(os.devnull) if path is None else path
        kept = []
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] < before_step:
                        kept.append(line + "\n")
                except (ValueError, KeyError):
                    break
            write_text(path, "".join(kept))
        self._path = path
        self._last = kept[-1] if kept else ""
        self._handle = path.open("a", encoding="utf-8")
        self._trackers = [tracker(name, path.parent) for name in loggers]

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line; a crash loses at most what the system had not written.

        What is not finite becomes null, which JSON has; a line that a resumed run has already stays once.
        """
        line = _finite(line)
        text = json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"
        if text == self._last:
            return
        self._last = text
        try:
            self._handle.write(text)
        except OSError as error:
            raise output_error(error, self._path) from error
        for track in self._trackers:
            track(line)

    def __enter__(self) -> Metrics:
        """Be closed however the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def flush(self) -> None:
        """Hand the lines to the disk, as a checkpoint does that counts on them."""
        try:
            self._handle.flush()
            if self._path.is_file():
                os.fsync(self._handle.fileno())
        except OSError as error:
            raise output_error(error, self._path) from error

    def close(self) -> None:
        """Close the file."""
        self._handle.close()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(below) for name, below in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics, without a half-written last one."""
    lines = []
    for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines
