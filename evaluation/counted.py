"""Subjects without a network: n-gram models and the scorers that stand as floors, evaluated like any model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.core.fingerprint import fingerprint
from evaluation.errors import SubjectError, Unsupported
from evaluation.scorers.options import ScoringOptions

if TYPE_CHECKING:
    from evaluation.scorers.scorer import Scorer

_BINARY = (".bin", ".binary", ".klm", ".kenlm")


class Counted:
    """What tasks need of a subject, around a scorer that counts."""

    def __init__(self, name: str, scorer: Scorer, digest: str = "") -> None:
        """Take a scorer."""
        self.name = name
        self.backend = scorer.backend
        self.digest = digest or fingerprint(scorer.identity)
        self.options = ScoringOptions()
        self.revision: str | None = None
        self.record: dict[str, Any] | None = None
        self.corpus: str | None = None
        self.words_seen: int | None = None
        self.max_length: int | None = None
        self.parameters = 0
        self._scorer = scorer

    def scorer(self, backend: str | None = None) -> Scorer:
        """Return the scorer."""
        return self._scorer

    def encoder(self) -> tuple[Any, Any, int]:
        """Raise: there is nothing to fine-tune.

        Raises:
            Unsupported: always.
        """
        raise Unsupported("a scorer that counts words cannot be fine-tuned", where=self.name)

    def milestones(self) -> list[Any]:
        """Return no checkpoints."""
        return []


def is_counted(target: str) -> bool:
    """Return whether a target names a scorer without a network: an n-gram file, ``frequency:TEXT``, ``chance``."""
    kind = target.partition(":")[0]
    return target.endswith((".arpa", ".arpa.gz", *_BINARY)) or kind in {"frequency", "length", "chance"}


def open_counted(target: str) -> Counted:
    """Return the subject that a target names.

    Raises:
        SubjectError: the file is no n-gram model.
        DataError: the text to count is not there.
        MissingExtra: a binary KenLM file needs the ``kenlm`` package.
    """
    kind, _, rest = target.partition(":")
    if kind == "frequency":
        from evaluation.scorers.frequency import FrequencyScorer  # noqa: PLC0415  (numba)
        from evaluation.scorers.lexicon import of_paths  # noqa: PLC0415

        paths = [Path(part) for part in rest.split(",") if part]
        return Counted(target, FrequencyScorer(of_paths(paths) if paths else None))
    if kind == "length":
        from evaluation.scorers.length import LengthScorer  # noqa: PLC0415

        return Counted(target, LengthScorer())
    if kind == "chance":
        from evaluation.scorers.chance import ChanceScorer  # noqa: PLC0415

        return Counted(target, ChanceScorer(_seed(rest)))
    from evaluation.scorers.ngram import KenlmScorer, NgramScorer  # noqa: PLC0415

    path = Path(target)
    if not path.is_file():
        raise SubjectError("there is no such file", where=target, hint="give an .arpa, .arpa.gz or binary KenLM file")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    scorer = KenlmScorer(path) if target.endswith(_BINARY) else NgramScorer.of_arpa(path)
    return Counted(path.name, scorer, digest)


def _seed(text: str) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise SubjectError(f"{text!r} is no seed", where="chance", hint="write it as chance:7") from error
