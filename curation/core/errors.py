"""Every error a user can cause, as one tree.

::

    CurateError
    ├── ManifestError     the manifest cannot be used; lists every problem at once
    ├── UnknownName       a step, source or manifest name that does not exist
    ├── SourceError       an input cannot be read as the manifest says
    │   └── WrongSetting  because a setting does not fit it: `on_error: skip` does not pass over that
    ├── StepError         a step failed on a document
    ├── BudgetError       the documents cannot add up to the words asked for
    ├── LockMismatch      ``--locked`` did not reproduce what the lock records
    ├── OutputError       the output folder cannot be written
    ├── CorpusError       a folder is not a whole corpus
    └── MissingExtra      an optional package is not installed

Each says *where* (a manifest path such as ``steps[3].min_ratio``, or file and line) and gives a *hint*
(what to do next). The command line turns them into exit code 2; a bug stays a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class CurateError(Exception):
    """Root of all errors that a user can mend."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        """Keep the three parts apart, so that the command line can set them out."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """One readable paragraph: where, what, what to do."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip back from a worker process with all three parts."""
        return _rebuild, (type(self), self.message, self.where, self.hint)


def _rebuild(kind: type[CurateError], message: str, where: str, hint: str) -> CurateError:
    return kind(message, where=where, hint=hint)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a manifest: its path in the manifest, what is wrong, what to do."""

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Lay out the problem as one line, and its hint indented below."""
        line = f"{self.where}: {self.message}"
        return f"{line}\n    {self.hint}" if self.hint else line


class ManifestError(CurateError):
    """The manifest cannot be used. ``problems`` holds every one that was found."""

    def __init__(self, message: str, *, where: str = "", hint: str = "", problems: Iterable[Problem] = ()) -> None:
        """Fold the problems into the message, one a line."""
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        super().__init__(message + lines, where=where, hint=hint)


class UnknownName(CurateError):
    """A name that is not in the catalogue."""


class SourceError(CurateError):
    """An input cannot be read as the manifest says."""


class WrongSetting(SourceError):
    """A setting does not fit the input, such as a column that it does not have: an error even where others skip."""


class StepError(CurateError):
    """A step failed on a document: almost always a bug in a plug-in."""


class BudgetError(CurateError):
    """The documents that are left cannot add up to the words asked for."""


class LockMismatch(CurateError):
    """A locked build gave something else than the lock records."""


class OutputError(CurateError):
    """The output folder cannot be written: taken, in use, or no space."""


class CorpusError(CurateError):
    """A folder does not hold a whole corpus."""


class MissingExtra(CurateError):
    """An optional package is needed for this and is not installed."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the closest known name, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
