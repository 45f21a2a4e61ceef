"""A control that is known to harm: the words of a share of the lines in random order."""

from __future__ import annotations

import hashlib
import random
from typing import ClassVar

from pydantic import Field

from curation.core.schema import Documents
from curation.steps.kinds import Rewriter


class ShuffledLines(Rewriter):
    """Shuffle the words of some lines, so that an ablation can show that it sees a harm where there is one.

    Which lines, and their new order, are hashes of the seed and the line's own words: they depend on nothing else. A
    word that starts a line as a speaker's tag (`*MOT:`) is moved like any other.
    """

    cites: ClassVar[str] = "Sinha et al. 2021, https://aclanthology.org/2021.emnlp-main.230 (word order shuffled)"
    keeps_words: ClassVar[bool] = True

    share: float = Field(default=0.25, ge=0, le=1)
    """Share of the lines that are shuffled."""
    seed: int = 0
    """Of the choice and of the orders."""

    def rewrite(self, docs: Documents) -> list[str]:
        """Shuffle some lines of every text."""
        texts = docs.batch.column("text").to_pylist()
        return ["\n".join(map(self._line, text.split("\n"))) for text in texts]

    def _line(self, line: str) -> str:
        digest = hashlib.blake2b(f"{self.seed}\n{line}".encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "little")
        words = line.split()
        if len(words) < 2 or number / 2**64 >= self.share:
            return line
        random.Random(number).shuffle(words)  # noqa: S311  (an order, no secret)
        return " ".join(words)
