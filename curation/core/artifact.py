"""Files that are whole or absent: written beside their place, synced, then renamed over it."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from curation.core.errors import OutputError

#: Marks a folder that backup tools may skip (https://bford.info/cachedir/).
CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Finished pieces of curate builds. Delete it freely.\n"


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; rename it to ``path`` if the block succeeds, remove it if not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:40]}.{os.getpid()}.", suffix=".partial"
        )
    except OSError as error:
        raise output_error(error, path) from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        sync(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise output_error(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove the temporary files that processes which are gone left below a folder."""
    for file in folder.rglob(".*.partial"):
        pid = file.name.split(".")[-3]
        if pid.isdigit() and not _runs(int(pid)):
            file.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def output_error(error: OSError, path: Path) -> OutputError:
    """Say what a failed write means for the user."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputError(
            f"the disk is full, {path.name} could not be written",
            where=str(path.parent),
            hint="free some space and run the same command again: finished pieces are kept",
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError(f"cannot write: {error.strerror}", where=str(path), hint="choose another folder with --out")
    return OutputError(f"cannot write: {error.strerror or error}", where=str(path))


@contextmanager
def only_one(path: Path, what: str) -> Iterator[IO[str]]:
    """Hold an exclusive lock on ``path`` for the block, or say who holds it.

    The lock belongs to the process and dies with it: nothing is left to clean up after ``kill -9``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise output_error(error, path) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise OutputError(
                f"{what} is being built by {holder}",
                where=str(path),
                hint="wait for it to end, or choose another folder with --out",
            ) from error
        handle.truncate(0)
        handle.write(f"process {os.getpid()}\n")
        handle.flush()
        yield handle
