"""What an n-gram model reads: words by one of three rules, or the pieces of a tokenizer, with their characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from training.tokenizer.tokenizer import Tokenizer

#: ``exact``: white-space separated, as the challenge counts words. ``lower``: the same in small letters.
#: ``punctuation``: small letters, and each punctuation mark is a word of its own.
Rule = Literal["exact", "lower", "punctuation"]

_SPACED = re.compile(r"\S+")
_MARKS = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")  # noqa: RUF001  (both apostrophes join)


class Reader(Protocol):
    """A text to its words or pieces."""

    @property
    def name(self) -> str:
        """Says which it is, among all readers."""

    def __call__(self, text: str) -> Sequence[tuple[str, int, int]]:
        """Return the words of a text, each with its first character and the one behind its last."""


@dataclass(frozen=True)
class Words:
    """Reads words by a rule."""

    rule: Rule = "exact"

    @property
    def name(self) -> str:
        """The rule."""
        return self.rule

    def __call__(self, text: str) -> list[tuple[str, int, int]]:
        """Return the words of a text, each with its first character and the one behind its last."""
        pattern = _MARKS if self.rule == "punctuation" else _SPACED
        found = pattern.finditer(text)
        if self.rule == "exact":
            return [(match.group(), *match.span()) for match in found]
        return [(match.group().lower(), *match.span()) for match in found]

    @property
    def splitter(self) -> Callable[[str], list[str]]:
        """A function from a text to its words alone: the same ones, sooner."""
        if self.rule == "exact":
            return str.split
        if self.rule == "lower":
            return lambda text: text.lower().split()
        return lambda text: [word.lower() for word in _MARKS.findall(text)]


class Pieces:
    """Reads the pieces of a tokenizer."""

    def __init__(self, tokenizer: Tokenizer, *, ids: bool = True) -> None:
        """Take a tokenizer.

        Args:
            tokenizer: makes the pieces.
            ids: a piece is called by its number, as in models of shards; otherwise by its name, as in ARPA files that
                were made from text cut into pieces.
        """
        self._backend = tokenizer.backend
        self._ids = ids
        self.name = f"{'ids' if ids else 'pieces'} {tokenizer.digest}"

    def __call__(self, text: str) -> list[tuple[str, int, int]]:
        """Return the pieces of a text, each with its first character and the one behind its last."""
        found = self._backend.encode(text, add_special_tokens=False)
        names = map(str, found.ids) if self._ids else found.tokens
        return [(name, start, end) for name, (start, end) in zip(names, found.offsets, strict=True)]
