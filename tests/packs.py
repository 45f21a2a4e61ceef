"""Unpacking the shared archives: plain files below the folder only (``filter=`` came with Python 3.11.4)."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath


def unpack(pack: Path, folder: Path, wanted: Callable[[str], bool] = lambda _: True) -> None:
    """Write the files of a .tar.xz whose names are wanted; anything but plain files inside the folder is an error."""
    with tarfile.open(pack, "r:xz") as archive:
        for member in archive.getmembers():
            place = PurePosixPath(member.name)
            assert not place.is_absolute(), member.name
            assert ".." not in place.parts, member.name
            assert member.isfile() or member.isdir(), member.name
            if member.isfile() and wanted(member.name):
                content = archive.extractfile(member)
                assert content is not None
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
