"""How often words occur, and the folding that makes "Dog," and "dog" one word.

The grounded suite folds in the same way (``evaluation/grounded/frequencies.py``; a test holds the two together): the
frequency floor and the suite that is balanced against it must mean the same words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.core.artifact import atomic_file
from curation.core.fingerprint import fingerprint
from curation.corpus import LOCK, Corpus
from evaluation.errors import DataError

#: Of the files in the cache.
VERSION = 1
#: Distinct strings kept before they are folded, and characters read at once from a text file.
_STRINGS, _BLOCK = 1 << 20, 1 << 22

_SPACED = re.compile(r"\S+")
#: What is not part of a word at its ends.
EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def folded(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text in small letters, without punctuation at their ends, with first character and end.

    What is punctuation alone is no word.
    """
    for match in _SPACED.finditer(text):
        if word := EDGES.sub("", match.group()):
            start = match.start() + match.group().index(word)
            yield word.lower(), start, start + len(word)


def count(texts: Iterable[str]) -> Counter[str]:
    """Count the folded words of texts; only distinct strings are kept."""
    counts: Counter[str] = Counter()
    raw: Counter[str] = Counter()
    for text in texts:
        raw.update(text.split())
        if len(raw) > _STRINGS:
            _fold(raw, counts)
    _fold(raw, counts)
    return counts


def _fold(raw: Counter[str], counts: Counter[str]) -> None:
    for token, number in raw.items():
        if word := EDGES.sub("", token).lower():
            counts[word] += number
    raw.clear()


@dataclass(frozen=True)
class Lexicon:
    """Counts of folded words.

    Attributes:
        counts: how often each occurs.
        source: where they were counted, in words.
    """

    counts: Mapping[str, int]
    source: str

    @cached_property
    def total(self) -> int:
        """Words counted."""
        return sum(self.counts.values())

    @cached_property
    def digest(self) -> str:
        """Fingerprint of the counts."""
        return fingerprint("lexicon", sorted(self.counts.items()))

    def log_frequency(self, word: str) -> float:
        """Return the natural logarithm of a word's share of all words, one added to each count and one word unseen."""
        return math.log((self.counts.get(word, 0) + 1) / (self.total + len(self.counts) + 1))


def of_sentences(texts: Iterable[str]) -> Lexicon:
    """Count the words of texts."""
    return Lexicon(count(texts), "the sentences that are asked")


def of_paths(paths: Sequence[Path], cache: Path | None = None) -> Lexicon:
    """Count the words of corpus folders and UTF-8 text files.

    Args:
        paths: one or more.
        cache: folder that keeps the counts of corpora, by their digest.

    Raises:
        DataError: a path is neither, or a file is not UTF-8.
        CorpusError: a folder holds no whole corpus.
        OutputError: the cache cannot be written.
    """
    counts: Counter[str] = Counter()
    for path in paths:
        counts.update(_counted(path, cache))
    return Lexicon(dict(counts), ", ".join(path.name for path in paths))


def _counted(path: Path, cache: Path | None) -> Mapping[str, int]:
    if not (path.is_dir() or path.name == LOCK):
        return count(blocks(path))
    corpus = Corpus.open(path if path.is_dir() else path.parent)
    texts = (text for batch in corpus.batches(["text"]) for text in batch.column("text").to_pylist())
    if cache is None:
        return count(texts)
    file = cache / "lexicons" / f"{fingerprint('lexicon', VERSION, corpus.digest)}.parquet"
    try:
        table = pq.read_table(file, columns=["word", "count"])
        return dict(zip(table["word"].to_pylist(), table["count"].to_pylist(), strict=True))
    except (OSError, pa.ArrowException, KeyError):  # not there, or damaged
        counts = count(texts)
    columns = {"word": list(counts), "count": pa.array(counts.values(), pa.int64())}
    with atomic_file(file) as partial:
        pq.write_table(pa.table(columns), partial, compression="zstd")
    return counts


def blocks(path: Path) -> Iterator[str]:
    """Yield a text file in pieces that end at a line's end."""
    hint = "a corpus folder or a UTF-8 text file is wanted"
    try:
        with path.open(encoding="utf-8") as handle:
            while block := "".join(handle.readlines(_BLOCK)):
                yield block
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", where=str(path), hint=hint) from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", where=str(path), hint=hint) from error
