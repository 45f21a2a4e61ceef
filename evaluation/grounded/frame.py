"""A frame: one line of ``phenomena.yaml`` that stands for four sentences, two good and two bad.

``the [{being.sg}|{being.pl}] <is|are> {feeling} .`` has two contexts ``[a|b]`` and two critical forms ``<a|b>``.
Context and form agree in the good sentences and disagree in the bad ones::

                    <is>                 <are>
    [being.sg]      the dog is sad       *the dog are sad
    [being.pl]      *the dogs is sad     the dogs are sad

This is the design that makes a scorer blind to context come out at one half: whatever it holds of "is" against "are"
is right in one pair and wrong in the other (Latin square; cf. Huebner et al. 2021, who balance the halves of Zorro).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from evaluation.grounded.lexicon import PLAIN, Classes, Lexeme

_CONTEXT = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")
_CRITICAL = re.compile(r"<([^<>|]*)\|([^<>|]*)>")
_SLOT = re.compile(r"\{((?P<kind>[a-z_]+)\d?)(?:\.(?P<form>[a-z]+))?\}")
MARKS = (".", "?")


@dataclass(frozen=True)
class Slot:
    """A place for a word: its name, its class, and the forms that the frame asks of one word."""

    name: str
    kind: str
    forms: frozenset[str]


@dataclass(frozen=True)
class Frame:
    """One template."""

    text: str

    def version(self, context: int, form: int) -> str:
        """Return the template with one of two contexts and one of two critical forms chosen, slots still open."""
        chosen = _CONTEXT.sub(lambda match: match[context + 1], self.text)
        return _CRITICAL.sub(lambda match: match[form + 1], chosen)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, in order of their first appearance."""
        forms: dict[tuple[str, str], set[str]] = {}
        for match in _SLOT.finditer(self.text):
            forms.setdefault((match[1], match["kind"]), set()).add(match["form"] or PLAIN)
        return tuple(Slot(name, kind, frozenset(asked)) for (name, kind), asked in forms.items())

    @cached_property
    def literals(self) -> frozenset[str]:
        """The words that stand in the frame itself, in small letters."""
        words = re.sub(r"[\[\]<>|]", " ", _SLOT.sub(" ", self.text)).split()
        return frozenset(word.lower() for word in words if word not in MARKS)

    def fitting(self, classes: Classes) -> dict[str, tuple[Lexeme, ...]]:
        """Return for each slot the lexemes of its class that have every form that it asks for."""
        return {
            slot.name: tuple(lexeme for lexeme in classes[slot.kind] if slot.forms <= lexeme.forms.keys())
            for slot in self.slots
        }

    def fill(self, words: Mapping[str, Lexeme]) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return (good, bad) of the first context and of the second, words and end mark set apart by single spaces."""
        first, second = (
            tuple(_words(self.version(context, form), words) for form in (context, 1 - context)) for context in (0, 1)
        )
        return (first[0], first[1]), (second[0], second[1])


def _words(template: str, words: Mapping[str, Lexeme]) -> str:
    return " ".join(_SLOT.sub(lambda match: words[match[1]].forms[match["form"] or PLAIN], template).split())
