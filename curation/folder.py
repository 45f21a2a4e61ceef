"""The output folder: what it may replace, and how a finished corpus takes its place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.core.artifact import output_error
from curation.core.errors import CorpusError, LockMismatch, OutputError
from curation.corpus import LOCK, Corpus, file_digests
from curation.engine.local import Input
from curation.manifest import Manifest


def tidy(out: Path) -> None:
    """Put right what a build that was killed left beside the folder: an unfinished corpus, or the one it replaced."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(partial_folder(out), ignore_errors=True)
    if old.exists() and not out.exists():
        old.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def partial_folder(out: Path) -> Path:
    """Return where a corpus is written before it takes its place."""
    return out.with_name(f".{out.name}.partial")


def what_is_there(out: Path, manifest: Manifest, *, force: bool) -> Corpus | None:
    """Return the corpus that the output folder holds; refuse to replace anything else."""
    if not out.exists():
        return None
    if not out.is_dir():
        raise OutputError("is a file", where=str(out), hint="choose another folder with --out")
    try:
        corpus = Corpus.open(out)
    except CorpusError:
        if any(out.iterdir()) and not force:
            hint = "choose another folder with --out, or replace it with --force"
            raise OutputError("is not empty and holds no corpus", where=str(out), hint=hint) from None
        return None
    if corpus.lock.get("name") != manifest.name and not force:
        raise OutputError(
            f"holds the corpus {corpus.lock.get('name')!r}, this manifest is {manifest.name!r}",
            where=str(out),
            hint="choose another folder with --out, or replace it with --force",
        )
    return corpus


def expected_lock(manifest: Manifest, before: Corpus | None) -> dict[str, Any]:
    """Return the lock to reproduce: the one beside the manifest, else the one in the output folder."""
    beside = manifest.path.with_suffix(".lock")
    if beside.is_file():
        try:
            lock = json.loads(beside.read_text(encoding="utf-8"))
            if isinstance(lock, dict) and "digest" in lock:
                return lock
            reason = "it holds no digest"
        except (OSError, ValueError) as error:
            reason = str(error)
        raise LockMismatch(f"is no lock: {reason}", where=str(beside), hint=f"replace it by a corpus's {LOCK}")
    if before is not None:
        return before.lock
    hint = f"build once without --locked, then keep {LOCK} as {beside.name}"
    raise LockMismatch("there is no lock to reproduce", where=str(beside), hint=hint)


def is_current(before: Corpus, manifest: Manifest, inputs: Sequence[Input]) -> bool:
    """Return whether the folder already holds exactly what this build would write."""
    known = [[file["sha256"] for file in source["files"]] for source in before.lock["sources"]]
    found = [[file.sha256 for file in one.files] for one in inputs]
    same = before.lock["manifest_fingerprint"] == manifest.fingerprint() and known == found
    return (
        same
        and {name: one for name, one in file_digests(before.folder).items() if name != LOCK} == before.lock["files"]
    )


def publish(partial: Path, out: Path) -> None:
    """Put the finished folder in its place; what was there before goes only then."""
    old = out.with_name(f".{out.name}.old")
    try:
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.replace(old)
        partial.replace(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise output_error(error, out) from error
