"""How a corpus writes its sentences, so that capitals and punctuation never tell good from bad, or known from unknown.

Child-directed transcripts have small letters, and no marks or free-standing ones; books have capitals and marks that
touch the word before. Each of the five habits is decided by the majority of its own cases in the corpus.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.grounded.frame import MARKS


@dataclass(frozen=True)
class Style:
    """The habits of a corpus; the defaults are those of a book."""

    sentence_capital: bool = True
    """A sentence begins with a capital."""
    name_capital: bool = True
    """Names have a capital."""
    pronoun_capital: bool = True
    """The pronoun is ``I``, not ``i``."""
    marks: bool = True
    """Sentences end in a full stop or question mark."""
    attached: bool = True
    """The mark touches the word before it."""

    def render(self, sentence: str) -> str:
        """Return a sentence of the templates, ``where is David ?``, as the corpus writes: ``Where is David?``."""
        words = sentence.split()
        mark = words.pop() if words[-1] in MARKS else ""
        words = [self._word(word) for word in words]
        if self.sentence_capital:
            words[0] = words[0][0].upper() + words[0][1:]
        text = " ".join(words)
        if not self.marks or not mark:
            return text
        return text + mark if self.attached else f"{text} {mark}"

    def _word(self, word: str) -> str:
        capital = self.pronoun_capital if word == "I" else self.name_capital
        return word if capital else word.lower()
