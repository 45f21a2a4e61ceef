"""Datasets of the Hugging Face hub, or of a local folder in the same layout, streamed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from curation.core.errors import SourceError, WrongSetting, did_you_mean
from curation.steps.kinds import Chunk, File, Parsed, Source
from curation.steps.source._cut import CHUNK_BYTES
from curation.steps.source._files import InputPath, expand

_ROWS = 1000
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HuggingFace(Source):
    """Read a split of a dataset: hub id with a revision, or a local folder. No remote code is run."""

    cites: ClassVar[str] = "huggingface.co/docs/datasets"

    path: InputPath
    """Hub id such as `BabyLM-community/babylm-eng`, or a folder; relative to the manifest."""
    revision: str | None = None
    """Commit of the hub dataset, 40 digits: a branch may move under you."""
    subset: str | None = None
    """Name of the dataset's configuration."""
    split: str = "train"
    """Name of the split."""
    data_files: str | None = None
    """Only these files of the dataset, such as `train_10M/childes.train`."""
    text_field: str = "text"
    """The column that holds the text."""
    id_field: str | None = None
    """A column that identifies the document."""
    meta_fields: dict[str, str] = Field(default_factory=dict)
    """Which columns hold title, speaker, age, licence or domain."""
    timeout: float = Field(default=10.0, gt=0)
    """Seconds to wait for the hub to answer at all."""

    @model_validator(mode="after")
    def _pinned(self) -> HuggingFace:
        local = self.path.startswith((".", "/", "~", "$"))
        if not local and (self.revision is None or not _COMMIT.fullmatch(self.revision)):
            raise ValueError(
                "a hub dataset needs `revision:`, the 40-digit commit (a local folder is written ./folder or /folder)"
            )
        return self

    def files(self, base: Path) -> list[File]:
        """Return the dataset as one input, identified by its commit, or by the digest of the folder's files."""
        folder = self._folder(base)
        if folder is None:
            return [
                File(name=f"hf://{self.path}", path=None, size=0, sha256=hashlib.sha256(self._identity()).hexdigest())
            ]
        if not folder.is_dir():
            raise SourceError("no such folder", where=self.path, hint=f"looked for {folder}")
        digest = hashlib.sha256(self._identity())
        size = 0
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder)):
            digest.update(str(file.relative_to(folder)).encode())
            with file.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
            size += file.stat().st_size
        return [File(name=self.path, path=folder, size=size, sha256=digest.hexdigest())]

    def _folder(self, base: Path) -> Path | None:
        path = expand(self.path)
        if not path.startswith((".", "/", "~")):
            return None
        full = Path(path).expanduser()
        return full if full.is_absolute() else base / full

    def _identity(self) -> bytes:
        return repr((self.path, self.revision, self.subset, self.split, self.data_files)).encode()

    def chunks(self, file: File) -> Iterator[Chunk]:
        """Stream the rows in order."""
        rows = iter(self._dataset(file))
        number, first, size = 0, 1, 0
        held: list[dict[str, Any]] = []
        while True:
            try:
                row = next(rows, None)
            except Exception as error:  # the library raises whatever its readers and the network raise
                raise SourceError(f"cannot be read: {error}", where=file.name) from error
            if row is None:
                break
            if number == 0 and not held:
                self._check_columns(row, file)
            held.append(row)
            size += len(str(row[self.text_field]))
            if size >= CHUNK_BYTES or len(held) >= 20 * _ROWS:
                yield Chunk(number, held, first, size)
                number, first, size, held = number + 1, first + len(held), 0, []
        if held:
            yield Chunk(number, held, first, size)

    def _dataset(self, file: File) -> Any:
        local = file.path is not None
        if not local:
            self._reach_hub(file)
        import datasets  # noqa: PLC0415  (heavy)

        try:
            return datasets.load_dataset(
                str(file.path) if local else self.path,
                self.subset,
                split=self.split,
                data_files=self.data_files,
                revision=None if local else self.revision,
                streaming=True,
            )
        except Exception as error:  # as above
            raise SourceError(f"cannot be opened: {error}", where=file.name, hint="check subset and split") from error

    def _reach_hub(self, file: File) -> None:
        """Fail in seconds and plainly where there is no hub: the library would retry for minutes."""
        import urllib.error  # noqa: PLC0415
        import urllib.request  # noqa: PLC0415

        endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        hint = "check the connection, or give the path of a local copy"
        if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
            raise SourceError("the hub is switched off by HF_HUB_OFFLINE", where=file.name, hint=hint)
        if not endpoint.startswith(("https://", "http://")):
            raise SourceError(f"HF_ENDPOINT {endpoint!r} is not a web address", where=file.name)
        try:
            urllib.request.urlopen(endpoint, timeout=self.timeout).close()  # noqa: S310  (the scheme was checked)
        except urllib.error.HTTPError:
            return  # it answers
        except OSError as error:
            raise SourceError(f"the hub {endpoint} cannot be reached: {error}", where=file.name, hint=hint) from error

    def _check_columns(self, row: dict[str, Any], file: File) -> None:
        for field in filter(None, [self.text_field, self.id_field, *self.meta_fields.values()]):
            if field not in row:
                names = ", ".join(row)
                raise WrongSetting(
                    f"no column {field!r} (its columns: {names})", where=file.name, hint=did_you_mean(field, row)
                )

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        """Pick the columns out of the rows."""
        rejects: list[tuple[int, str]] = []
        good: list[tuple[int, dict[str, Any]]] = []
        for place, row in enumerate(chunk.data, start=chunk.first):
            text = row[self.text_field]
            if not isinstance(text, str):
                reason = f"{self.text_field!r} must be a string, this is a {type(text).__name__}"
                if self.on_error == "fail":
                    raise SourceError(reason, where=f"{file.name}, row {place}", hint="on_error: skip drops such rows")
                rejects.append((place, reason))
            else:
                good.append((place, row))

        def column(field: str) -> pa.Array:
            return pa.array([None if row[field] is None else str(row[field]) for _, row in good], pa.string())

        return Parsed(
            texts=pa.array([row[self.text_field] for _, row in good], pa.large_string()),
            positions=np.array([place for place, _ in good], dtype=np.int64),
            keys=column(self.id_field) if self.id_field else None,
            meta={name: column(field) for name, field in self.meta_fields.items()},
            rejects=rejects,
        )


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
