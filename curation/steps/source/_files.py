"""Where inputs are and how their bytes are read: paths, globs, URLs, package data; plain or compressed."""

from __future__ import annotations

import bz2
import codecs
import glob
import gzip
import importlib.util
import itertools
import lzma
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Annotated, Any

import pyarrow as pa
from pydantic import AfterValidator

from curation.core.errors import SourceError, WrongSetting, did_you_mean
from curation.steps.kinds import File

_BLOCK = 1 << 20
#: ``${NAME}``, ``${NAME:-default}`` or ``$NAME``; ``$$`` is a plain dollar sign.
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)")
_PACKAGE = re.compile(r"package://(?P<package>[A-Za-z_]\w*(?:\.\w+)*)/(?P<path>.+)")


def _known_variables(path: str) -> str:
    for match in _VARIABLE.finditer(path):
        name = match[1] or match[3]
        if name is not None and name not in os.environ and match[2] is None:
            raise ValueError(
                f"the environment variable {name} is not set (write ${{{name}:-default}} to give a default)"
            )
    return path


#: A path as written in a manifest: relative to it, a glob, a URL, or ``package://name/path``; may hold ``${VARIABLE}``.
InputPath = Annotated[str, AfterValidator(_known_variables)]


def expand(path: str) -> str:
    """Return a path with its environment variables replaced."""
    return _VARIABLE.sub(
        lambda match: "$" if match[0] == "$$" else os.environ.get(match[1] or match[3], match[2] or ""), path
    )


def find_files(written: str, base: Path) -> list[File]:
    """Return the files that a manifest's path names, sorted by path.

    Raises:
        SourceError: there is none, it is a folder, or it may not be read.
    """
    try:
        return _find_files(expand(written), written, base)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a name too long, a home that does not exist
        raise SourceError(f"is no usable path: {error}", where=written) from error


def _find_files(path: str, written: str, base: Path) -> list[File]:
    if match := _PACKAGE.fullmatch(path):
        return _package_files(match["package"], match["path"], written)
    if "://" in path:
        return _remote_files(path, written)
    full = Path(path).expanduser()
    full = full if full.is_absolute() else base / full
    if glob.has_magic(path) and not full.exists():
        found = [Path(name) for name in sorted(glob.glob(str(full), recursive=True)) if Path(name).is_file()]  # noqa: PTH207
        if not found:
            raise SourceError("no file matches", where=written, hint=f"looked in {full.parent}")
        shown = _common_folder(found)
        return [_local_file(str(one.relative_to(shown)), one) for one in found]
    return [_local_file(full.name, full, written)]


def _common_folder(files: list[Path]) -> Path:
    return Path(os.path.commonpath([str(file.parent) for file in files]))


def _local_file(name: str, path: Path, written: str = "") -> File:
    where = written or name
    if path.is_dir():
        raise SourceError("is a folder, not a file", where=where, hint=f"name the files in it: {where.rstrip('/')}/*")
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise SourceError("is no regular file", where=where, hint="copy what it gives to a file first")
    except FileNotFoundError:
        siblings = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) or f"looked for {path}"
        raise SourceError("no such file", where=where, hint=hint) from None
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=where, hint=f"check {path}") from error
    return File(name=name, path=path, size=facts.st_size, mtime_ns=facts.st_mtime_ns)


def _package_files(package: str, inner: str, written: str) -> list[File]:
    # The package is found and not imported: data needs no code to run.
    top, _, below = package.partition(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        hint = f"install it: pip install {top} (the distribution may have another name)"
        raise SourceError(f"the Python package {top!r} is not installed", where=written, hint=hint)
    folder = Path(next(iter(spec.submodule_search_locations)), *below.split(".")).resolve()
    names = sorted(glob.glob(inner, root_dir=folder)) if glob.has_magic(inner) else [inner]  # noqa: PTH207
    if not names:
        raise SourceError("no file matches", where=written, hint=f"looked in {folder}")
    if any(not (folder / name).resolve().is_relative_to(folder) for name in names):
        raise SourceError("leads out of the package", where=written)
    return [_local_file(f"{package}/{name}", folder / name, written if len(names) == 1 else "") for name in names]


def _remote_files(path: str, written: str) -> list[File]:
    import fsspec  # noqa: PLC0415  (heavy, and most manifests are local)

    try:
        filesystem, inner = fsspec.core.url_to_fs(path)
        names = sorted(filesystem.glob(inner)) if glob.has_magic(inner) else [inner]
        infos = [filesystem.info(name) for name in names]
    except (OSError, ValueError, ImportError) as error:
        hint = "check the URL and the connection; a local copy of the file works as well"
        raise SourceError(f"cannot be reached: {error}", where=written, hint=hint) from error
    if not infos:
        raise SourceError("no file matches", where=written)
    return [
        File(name=filesystem.unstrip_protocol(name), path=None, size=int(info.get("size") or 0), state=_state(info))
        for name, info in zip(names, infos, strict=True)
    ]


def _state(info: dict[str, Any]) -> str:
    """Return what a server tells of a file that changes with it, or nothing: the file is then fetched each time."""
    keys = ("ETag", "etag", "LastModified", "last_modified", "mtime", "md5", "sha256", "created", "updated")
    known = {key: str(info[key]) for key in keys if info.get(key)}
    return f"{info.get('size')} {sorted(known.items())}" if known else ""


def open_raw(file: File) -> IO[bytes]:
    """Open the bytes of a file as they are stored."""
    try:
        if file.path is not None:
            return file.path.open("rb")
        import fsspec  # noqa: PLC0415

        return fsspec.open(file.name, "rb").open()  # type: ignore[no-any-return]
    except OSError as error:
        raise SourceError(f"cannot be opened: {error.strerror or error}", where=file.name) from error


def blocks(file: File) -> Iterator[tuple[bytes, int]]:
    """Read a file in blocks, decompressed by its suffix, each with how much of the stored file was read so far.

    Raises:
        SourceError: the compressed data is damaged or ends too early.
    """
    opener = _OPENERS.get(Path(file.name).suffix)
    done = 0
    with open_raw(file) as raw:
        try:
            stream = opener(raw) if opener else raw
            while block := stream.read(_BLOCK):
                done += len(block)
                yield block, raw.tell()
        except (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            raise SourceError(
                f"damaged or cut short after {done:,} bytes of content: {error}",
                where=file.name,
                hint="fetch the file again (`sha256:` in the manifest notices this before reading), or keep what can "
                "be read with on_error: skip",
            ) from error


def blocks_as_utf8(file: File, encoding: str) -> Iterator[tuple[bytes, int]]:
    """Read a file as ``blocks`` does, its text turned into UTF-8. UTF-8 itself is passed through unchecked.

    Raises:
        WrongSetting: there is no such encoding.
        SourceError: the file is not in this encoding.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        if codecs.lookup(encoding).name == "utf-8":
            yield from blocks(file)
            return
    except LookupError:
        raise WrongSetting(f"there is no encoding {encoding!r}", where=file.name) from None
    line = 1
    for block, read in itertools.chain(blocks(file), [(b"", file.size)]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(encoding, errors="ignore")
            if good:  # what stands before can still be used
                yield good.encode(), 0
            place = line + good.count("\n")
            reason = f"near line {place}: byte {error.object[error.start]:#04x} is not {encoding}"
            raise SourceError(reason, where=f"{file.name}:{place}", hint="set another `encoding:`") from error
        line += text.count("\n")
        yield text.encode(), read


def is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _zstd(raw: IO[bytes]) -> pa.NativeFile:
    """Decompress zstd through Arrow: in bounded memory, across frames, and a missing end is an error."""
    return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": _zstd}
