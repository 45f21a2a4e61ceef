"""The words that templates may use: ``lexicon.yaml``, by class, with their inflections.

A *lexeme* is a word with its forms: ``sg``/``pl`` of nouns, ``base``/``s``/``past``/``pp``/``ing`` of verbs,
``base``/``er``/``est`` of adjectives, ``word`` of all others. Names and "I" are written with a capital here; the style
of the corpus decides how they are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

VERB_FORMS = ("base", "s", "past", "pp", "ing")
ADJECTIVE_FORMS = ("base", "er", "est")
#: The form that a slot asks for if it names none.
PLAIN = "word"


@dataclass(frozen=True)
class Lexeme:
    """One word: its citation form, and every form by name."""

    base: str
    forms: Mapping[str, str]


Classes = Mapping[str, tuple[Lexeme, ...]]


@cache
def lexicon() -> Classes:
    """Return every class of ``lexicon.yaml`` by name, unions included."""
    text = files("evaluation.grounded").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    return dict(_classes(yaml.safe_load(text)))


@cache
def names() -> frozenset[str]:
    """Return the names of persons, in small letters: the words that show how a corpus writes names."""
    return frozenset(lexeme.base.lower() for lexeme in lexicon()["name"])


def _classes(data: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Lexeme, ...]]]:
    single: dict[str, tuple[Lexeme, ...]] = {}
    for name, nouns in data["nouns"].items():
        single[name] = tuple(Lexeme(one, {"sg": one, "pl": many}) for one, many in nouns.items())
    for kind, inflections in (("verb", VERB_FORMS), ("adjective", ADJECTIVE_FORMS)):
        for name, members in data[f"{kind}_classes"].items():
            rows = [(word, *data[f"{kind}s"][word]) for word in members]
            single[name] = tuple(Lexeme(row[0], dict(zip(inflections, row, strict=True))) for row in rows)
    for name, members in data["words"].items():
        single[name] = tuple(Lexeme(word, {PLAIN: word}) for word in members)
    yield from single.items()
    for name, members in data["unions"].items():
        yield name, tuple(lexeme for member in members for lexeme in single[member])
