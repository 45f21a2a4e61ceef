"""Counting text files, compressed or not, such as the official corpora, by plain Python."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from curation.audit.counting import HEADER, TAG, Group, stream
from curation.audit.splits import LineReader, Lines
from curation.core.errors import SourceError


def _zstd(raw: IO[bytes]) -> Any:
    return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": _zstd}
_BLOCK = 1 << 20
#: Bytes of a line that are held at once.
_LONGEST = 1 << 23


@dataclass
class PlainFile:
    """What was counted of one file."""

    name: str
    group: Group
    stored: str
    """SHA-256 of the file as it is stored."""
    sha256: str
    """SHA-256 of its text."""
    lines: Lines
    broken: str = ""
    """Where it is not UTF-8; empty when it is."""


def source_name(path: Path) -> str:
    """Return what a file is called: its name without suffixes (`childes` for `childes.train.zst`)."""
    return path.name.split(".", 1)[0] or path.name


def lines_of(path: Path, digest: Any, broken: list[str]) -> Iterator[str]:
    """Yield the lines of a file as they stand; its bytes, unpacked, go into ``digest``.

    Where it is not UTF-8 is noted in ``broken``.

    Raises:
        SourceError: it cannot be read, or its compressed data is damaged.
    """
    try:
        with path.open("rb") as raw:
            opener = _OPENERS.get(path.suffix)
            for number, line in enumerate(_split(raw if opener is None else opener(raw), digest), start=1):
                try:
                    text = line.decode()
                except UnicodeDecodeError:
                    if not broken:
                        broken.append(f"{path.name}:{number}")
                    text = line.decode(errors="replace")
                yield text
    except (OSError, EOFError, lzma.LZMAError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def text_lines(path: Path, digest: Any, broken: list[str]) -> Iterator[str]:
    """Yield the lines of the text in a file: of a Parquet or JSON-lines file, those of its `text`.

    Raises:
        SourceError: as ``lines_of``, or it holds no `text`.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix not in _OPENERS]
    try:
        if suffixes[-1:] == [".parquet"]:
            yield from _texts(path, digest)
        elif suffixes[-1:] == [".jsonl"]:
            for line in lines_of(path, digest, broken):
                yield from _text_of(line).split("\n")
        else:
            yield from lines_of(path, digest, broken)
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SourceError:
    hint = "plain text, JSON lines or Parquet with `text`, also as .gz .bz2 .xz .zst, is what can be audited"
    return SourceError(f"cannot be read: {error}", where=str(path), hint=hint)


def _texts(path: Path, digest: Any) -> Iterator[str]:
    for batch in stream([path], ("text",)):
        for text in batch.column("text").to_pylist():
            digest.update((text or "").encode() + b"\n")
            yield from (text or "").split("\n")


def _text_of(line: str) -> str:
    text = json.loads(line)["text"] if line.strip() else ""
    if not isinstance(text, str):
        raise TypeError("`text` is no text")
    return text


def _split(source: Any, digest: Any) -> Iterator[bytes]:
    """Yield lines without their newline; a line that is too long for memory is cut between words."""
    rest: list[bytes] = []
    held = 0
    while block := bytes(source.read(_BLOCK)):
        digest.update(block)
        first, *others = block.split(b"\n")
        rest.append(first)
        held += len(first)
        if others:
            yield b"".join(rest)
            yield from others[:-1]
            rest, held = [others[-1]], len(others[-1])
        elif held > _LONGEST:
            start, space, end = b"".join(rest).rpartition(b" ")
            if space:
                yield start
            rest, held = [end], len(end)
    if held:
        yield b"".join(rest)


def read_file(path: Path, *, form: bool = False) -> PlainFile:
    """Count one file.

    Raises:
        SourceError: it cannot be read.
    """
    group, digest, reader = Group(), hashlib.sha256(), LineReader()
    broken: list[str] = []
    for line in text_lines(path, digest, broken):
        words = line.split()
        group.size += len(line.encode()) + 1  # its newline
        if words:
            group.words += len(words)
            group.documents += 1
            reader.add((line,))
        if form:
            group.headers += len(words) if HEADER.match(line) else 0
            group.tags += bool(TAG.match(line))
    with path.open("rb") as handle:
        stored = hashlib.file_digest(handle, "sha256").hexdigest()
    return PlainFile(path.name, group, stored, digest.hexdigest(), reader.lines(), "".join(broken))
