"""Training text against held-out text: do they share passages.

A passage is a line of at least 20 words, or three lines one after the other with at least 20 words together (blank
lines left out): shorter lines ("Yes .", "I don't know .") are the same everywhere by chance. How words are set apart
does not matter.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.audit.findings import finding
from curation.audit.hashes import hash64, mix
from curation.audit.verdict import Finding
from curation.rules.profile import Profile

#: Words in a passage, at least.
PASSAGE_WORDS = 20
_LINES = 3
_HELD_OUT = re.compile(r"(?:^|[._-])(?:dev|valid|val|validation|test|heldout)(?:[._-]|$)", re.IGNORECASE)


def is_held_out(path: Path) -> bool:
    """Return whether a file's name says that it holds development or test text."""
    return bool(_HELD_OUT.search(path.name))


@dataclass(frozen=True)
class Lines:
    """The lines of some text that are not blank: a hash and the words of each, in order."""

    hashes: NDArray[np.uint64]
    words: NDArray[np.int64]

    def passages(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the hash of each passage, the line where it starts, and how many lines it has."""
        long = np.flatnonzero(self.words >= PASSAGE_WORDS)
        short = self.words < PASSAGE_WORDS
        count = max(len(self.words) - _LINES + 1, 0)
        together = np.zeros(count, np.int64)
        plain = np.ones(count, np.bool_)
        mixed = np.zeros(count, np.uint64)
        for place in range(_LINES):
            together += self.words[place : place + count]
            plain &= short[place : place + count]
            mixed = mix(mixed + self.hashes[place : place + count])
        runs = np.flatnonzero(plain & (together >= PASSAGE_WORDS))
        hashes = np.concatenate([mix(self.hashes[long]), mixed[runs]])
        sizes = np.repeat([1, _LINES], [len(long), len(runs)])
        return hashes, np.concatenate([long, runs]), sizes


class LineReader:
    """Collects the lines of texts that are given one after the other."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._hashes, self._words = array("Q"), array("Q")

    def add(self, lines: Iterable[str]) -> None:
        """Add the lines of a text."""
        for line in lines:
            words = line.split()
            if words:
                self._hashes.append(hash64(" ".join(words).encode()))
                self._words.append(len(words))

    def lines(self) -> Lines:
        """Return what was collected."""
        return Lines(np.array(self._hashes, np.uint64), np.array(self._words, np.int64))


def check_splits(train: Lines | None, held_out: Sequence[tuple[str, Lines]], profile: Profile | None) -> Finding:
    """Say how many words of held-out text lie in passages that the training text has too."""
    if train is None or not held_out:
        text = "no held-out text at hand (give its files with --files, named dev, valid or test)"
        return finding("splits", "not_checked", text)
    known = np.unique(train.passages()[0])
    allowed = 0.0 if profile is None else profile.split_overlap.value
    names, shared, words = [], 0, 0
    for name, lines in held_out:
        hashes, starts, sizes = lines.passages()
        place = np.minimum(np.searchsorted(known, hashes), max(len(known) - 1, 0))
        hit = (known[place] == hashes) if len(known) else np.zeros(len(hashes), np.bool_)
        covered = np.zeros(len(lines.words) + 1, np.int64)
        np.add.at(covered, starts[hit], 1)
        np.add.at(covered, starts[hit] + sizes[hit], -1)
        inside = int(lines.words[np.cumsum(covered)[:-1] > 0].sum())
        total = int(lines.words.sum())
        shared, words = shared + inside, words + total
        if inside > allowed * total:
            names.append(f"{name} ({inside:,} of {total:,} words)")
    text = f"{shared:,} of {words:,} held-out words stand in passages that the training text has too"
    more = {"source": "curate" if profile is None else profile.cite(profile.split_overlap.source)}
    if names:
        limit = f" (at most {100 * allowed:g}% may)" if allowed else ""
        return finding("splits", "broken", text + limit, names, amount=shared, unit="words", **more)
    return finding("splits", "holds", text, **more)
