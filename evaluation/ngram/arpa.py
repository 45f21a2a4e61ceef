r"""Models as ARPA text files, plain or gzipped: what SRILM, KenLM and others write and read.

::

    \data\
    ngram 1=4
    ngram 2=2

    \1-grams:
    -0.7	the	-0.3        log10-probability, words, back-off weight (none means 0)
    …
    \end\

The format is described in the manual page ``ngram-format`` of SRILM (Stolcke 2002).
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from curation.core.artifact import atomic_file
from evaluation.errors import SubjectError
from evaluation.ngram.count import bits_for, find
from evaluation.ngram.model import Level, NgramModel
from evaluation.ngram.train import BEGIN, END, UNKNOWN

#: Log10-probability of a word out of vocabulary where the model has none for it, as in KenLM.
UNKNOWN_MISSING = -100.0
#: Lines in which the data must have begun.
_PREAMBLE = 100
#: N-grams turned into text at once.
_ROWS = 1 << 16


def write(model: NgramModel, path: Path) -> None:
    """Write a model; a name that ends in ``.gz`` is gzipped. Numbers are exact to fp32.

    Raises:
        OutputError: the file cannot be written.
        SubjectError: a word has white space inside, which the format cannot hold.
    """
    odd = next((name for name in model.names if len(name.split()) != 1), None)
    if odd is not None:
        raise SubjectError(f"the word {odd!r} cannot be written: it is empty or has white space", where=str(path))
    with atomic_file(path) as partial, partial.open("wb") as raw:
        if path.suffix == ".gz":  # no name and no time inside: the same model is the same file
            with gzip.GzipFile("", "wb", 6, raw, 0) as packed, io.TextIOWrapper(packed, "utf-8", newline="\n") as file:
                _write(model, file)
        else:
            with io.TextIOWrapper(raw, "utf-8", newline="\n") as file:
                _write(model, file)


def _write(model: NgramModel, file: IO[str]) -> None:
    file.write("\\data\\\n")
    for n, level in enumerate(model.levels, 1):
        file.write(f"ngram {n}={len(level.keys)}\n")
    for n, level in enumerate(model.levels, 1):
        file.write(f"\n\\{n}-grams:\n")
        for start in range(0, len(level.keys), _ROWS):
            rows = np.arange(start, min(start + _ROWS, len(level.keys)))
            words = [" ".join([model.names[w] for w in row]) for row in model.ngrams(n, rows).tolist()]
            values, weights = level.logprobs[rows].tolist(), level.backoffs[rows].tolist()
            if n == model.order:
                file.writelines(f"{v:.9g}\t{w}\n" for v, w in zip(values, words, strict=True))
            else:
                file.writelines(f"{v:.9g}\t{w}\t{b:.9g}\n" for v, w, b in zip(values, words, weights, strict=True))
    file.write("\n\\end\\\n")


def read(path: Path) -> NgramModel:
    """Read a model.

    Raises:
        SubjectError: the file is missing, truncated, or not an ARPA file; file and line are named.
    """
    with _opened(path) as lines:
        return _Reader(path, lines).model()


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=raw) as file:
                    yield file  # type: ignore[misc]  # it reads as any binary file does
            else:
                yield raw
    except (OSError, EOFError, zlib.error) as error:
        hint = "no such file" if isinstance(error, FileNotFoundError) else "was it cut short? copy or build it again"
        raise SubjectError(f"cannot be read: {error}", where=str(path), hint=hint) from error


class _Reader:
    """Reads line by line, and knows at which it stands."""

    def __init__(self, path: Path, lines: IO[bytes]) -> None:
        self._path = path
        self._lines = lines
        self._at = 0
        self._names: list[str] = []
        self._ids: dict[bytes, int] = {}

    def wrong(self, message: str) -> SubjectError:
        hint = "an ARPA file has \\data\\, \\1-grams: … and \\end\\: was it cut short?"
        return SubjectError(message, where=f"{self._path}:{self._at}", hint=hint)

    def model(self) -> NgramModel:
        sizes = self._sizes()
        levels: list[Level] = []
        for n, size in enumerate(sizes, 1):
            levels.append(self._level(n, size, levels))
        if self._line() != b"\\end\\":
            raise self.wrong("\\end\\ is wanted here")
        if BEGIN.encode() not in self._ids:
            raise self.wrong(f"has no {BEGIN}")
        if UNKNOWN.encode() not in self._ids:
            levels = self._with_unknown(levels)
        names = tuple(self._names)
        unknown, begin = names.index(UNKNOWN), self._ids[BEGIN.encode()]
        return NgramModel(names, begin, self._ids.get(END.encode()), unknown, tuple(levels), {"file": self._path.name})

    def _line(self) -> bytes:
        """Return the next line that is not empty."""
        for line in self._lines:
            self._at += 1
            if stripped := line.strip():
                return stripped
        raise self.wrong("the file ends too early")

    def _sizes(self) -> list[int]:
        while self._line() != b"\\data\\":  # what stands before is a comment
            if self._at >= _PREAMBLE:
                raise self.wrong("no line so far is \\data\\: this is not an ARPA file")
        sizes: list[int] = []
        while (line := self._line()).startswith(b"ngram "):
            order, _, size = line[6:].partition(b"=")
            if order.strip() != str(len(sizes) + 1).encode() or not size.strip().isdigit():
                raise self.wrong(f"`ngram {len(sizes) + 1}=<number>` is wanted here")
            sizes.append(int(size))
        if line != b"\\1-grams:" or not sizes or not sizes[0]:
            raise self.wrong("`ngram 1=…` and \\1-grams: are wanted here")
        return sizes

    def _level(self, n: int, size: int, below: list[Level]) -> Level:
        if n > 1 and self._line() != f"\\{n}-grams:".encode():
            raise self.wrong(f"\\{n}-grams: is wanted here, after {len(below[-1].keys):,} n-grams")
        first = self._at + 1
        words = np.empty((size, n), np.int32)
        values = np.empty((2, size), np.float32)
        values[1] = 0
        for row in range(size):
            fields = self._line().split()
            if len(fields) not in {n + 1, n + 2}:
                raise self.wrong(f"{n} words between a log-probability and a weight are wanted here")
            try:
                values[0, row] = fields[0]
                if len(fields) > n + 1:
                    values[1, row] = fields[-1]
                words[row] = self._new(fields[1]) if n == 1 else [self._ids[word] for word in fields[1 : n + 1]]
            except UnicodeDecodeError as error:
                raise self.wrong("a word is not UTF-8") from error
            except ValueError as error:
                raise self.wrong("a number is wanted before and behind the words") from error
            except KeyError as error:
                raise self.wrong(f"the word {error.args[0].decode(errors='replace')!r} is not a unigram") from None
        if not np.isfinite(values).all():
            raise self.wrong(f"a number among the {n}-grams above is not finite")
        return Level(*self._sorted(words, values, below, first))

    def _new(self, word: bytes) -> int:
        if word in self._ids:
            raise self.wrong(f"the word {word.decode(errors='replace')!r} stands here a second time")
        self._ids[word] = len(self._names)
        self._names.append(word.decode())
        return self._ids[word]

    def _sorted(
        self, words: NDArray[np.int32], values: NDArray[np.float32], below: list[Level], first: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        bits = bits_for(len(self._names) + (UNKNOWN.encode() not in self._ids))
        keys = words[:, 0].astype(np.int64)
        for n in range(1, words.shape[1]):
            if n > 1:
                keys = find(below[n - 1].keys, keys).astype(np.int64)
            if (keys < 0).any():
                self._at = first + int(np.argmin(keys))
                raise self.wrong("the first words of this n-gram are no n-gram of their own")
            keys = keys << bits | words[:, n]
        order = np.argsort(keys)
        keys = keys[order]
        if (keys[1:] == keys[:-1]).any():
            raise self.wrong(f"a {words.shape[1]}-gram above stands there twice")
        return keys, values[0, order], values[1, order]

    def _with_unknown(self, levels: list[Level]) -> list[Level]:
        one = levels[0]
        self._names.append(UNKNOWN)
        unigrams = Level(
            np.append(one.keys, len(one.keys)),
            np.append(one.logprobs, np.float32(UNKNOWN_MISSING)),
            np.append(one.backoffs, np.float32(0)),
        )
        return [unigrams, *levels[1:]]
