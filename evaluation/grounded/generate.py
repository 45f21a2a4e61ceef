"""Minimal pairs from the table of phenomena, filled with words that the corpus has.

Every draw is a hash of (seed, phenomenon, number of the quadruple, attempt, slot): no generator is carried along, so a
smaller suite of one seed is the beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from curation.core.fingerprint import seed_for
from evaluation.errors import SuiteError
from evaluation.grounded.frame import Frame
from evaluation.grounded.lexicon import Classes, Lexeme, lexicon
from evaluation.grounded.phenomena import Phenomenon, phenomena
from evaluation.grounded.style import Style

#: Bump when the same corpus and seed give other pairs: frames, words or draws were changed.
VERSION = 1
#: A word counts as known to the corpus from this many occurrences on.
AT_LEAST = 3
#: Draws for one quadruple before its phenomenon is given up.
_ATTEMPTS = 60


@dataclass(frozen=True)
class Pair:
    """Two sentences that differ in one place."""

    phenomenon: str
    family: str
    good: str
    bad: str
    uid: str
    """``<phenomenon>-<number>a`` or ``b``: a and b of one number are each other's mirror, so not independent."""


@dataclass(frozen=True)
class Missing:
    """What could not be made of this corpus, and for want of which words."""

    phenomenon: str
    family: str
    frame: str | None
    """The frame that was left out; None if the whole phenomenon is missing."""
    reason: str


@dataclass(frozen=True)
class Generated:
    """The pairs, and what is missing: whole phenomena first, then frames of phenomena that have others."""

    pairs: tuple[Pair, ...]
    missing: tuple[Missing, ...]

    @property
    def missing_phenomena(self) -> tuple[Missing, ...]:
        """Phenomena of which there is no pair."""
        return tuple(item for item in self.missing if item.frame is None)


def generate(
    frequencies: Mapping[str, int],
    *,
    items: int = 100,
    seed: int = 0,
    style: Style | None = None,
    at_least: int = AT_LEAST,
) -> Generated:
    """Make the suite for a corpus.

    Args:
        frequencies: how often each word occurs, in small letters and without punctuation.
        items: pairs a phenomenon; an even number, as pairs come with their mirrors.
        seed: which words are drawn.
        style: how sentences are written; a book's if not given.
        at_least: occurrences that make a word known: every form that is used has as many.

    Raises:
        SuiteError: ``items`` is not a positive even number, or the corpus has words for no phenomenon at all.
    """
    if items < 2 or items % 2:
        raise SuiteError(f"{items} items a phenomenon", hint="give a positive even number: pairs come in twos")
    known = _known(lexicon(), frequencies, at_least)
    pairs: list[Pair] = []
    whole: list[Missing] = []
    parts: list[Missing] = []
    for phenomenon in phenomena():
        usable: list[Frame] = []
        lacking: list[Missing] = []
        for frame in phenomenon.frames:
            reason = _lacks(frame, known, frequencies, at_least)
            if reason:
                lacking.append(Missing(phenomenon.name, phenomenon.family, frame.text, reason))
            else:
                usable.append(frame)
        made = list(_pairs(phenomenon, usable, known, items, seed, style or Style())) if usable else []
        if len(made) == items:
            pairs += made
            parts += lacking
            continue
        reason = f"its words give only {len(made)} different pairs" if usable else lacking[0].reason
        whole.append(Missing(phenomenon.name, phenomenon.family, None, reason))
    if not pairs:
        raise SuiteError(
            "the corpus has too few of the words that the grounded suite is made of",
            hint=f"{whole[0].phenomenon}: {whole[0].reason} (a word is known from {at_least} occurrences on)",
        )
    return Generated(tuple(pairs), (*whole, *parts))


def _known(classes: Classes, frequencies: Mapping[str, int], at_least: int) -> dict[str, tuple[Lexeme, ...]]:
    """Return the classes with those forms of words that the corpus has."""

    def seen(lexeme: Lexeme) -> Lexeme:
        forms = {name: form for name, form in lexeme.forms.items() if frequencies.get(form.lower(), 0) >= at_least}
        return Lexeme(lexeme.base, forms)

    return {name: tuple(seen(lexeme) for lexeme in members) for name, members in classes.items()}


def _lacks(frame: Frame, known: Classes, frequencies: Mapping[str, int], at_least: int) -> str:
    """Say which words a frame lacks; an empty string if none."""
    absent = sorted(word for word in frame.literals if frequencies.get(word, 0) < at_least)
    if absent:
        return f"fewer than {at_least} times in the corpus: {', '.join(absent)}"
    fitting = frame.fitting(known)
    for slot in frame.slots:
        wanted = sum(other.kind == slot.kind for other in frame.slots)
        if len(fitting[slot.name]) < wanted:
            forms = "/".join(sorted(slot.forms))
            return (
                f"the corpus knows {len(fitting[slot.name])} words of class {slot.kind} ({forms}), {wanted} are needed"
            )
    return ""


def _pairs(
    phenomenon: Phenomenon, frames: list[Frame], known: Classes, items: int, seed: int, style: Style
) -> Iterator[Pair]:
    """Yield pairs, frames in turn; fewer than ``items`` if the words run out."""
    fitting = [frame.fitting(known) for frame in frames]
    used: set[str] = set()
    for number in range(items // 2):
        turn = number % len(frames)
        for attempt in range(_ATTEMPTS):
            # A frame that has run out of new sentences leaves its turn to the others.
            at = (turn + attempt // (_ATTEMPTS // len(frames))) % len(frames)
            words = _draw(fitting[at], seed, phenomenon.name, number, attempt)
            mirror = frames[at].fill(words)
            if mirror[0][0] in used or any(good == bad for good, bad in mirror):
                continue
            if len({lexeme.base for lexeme in words.values()}) < len(words):
                continue
            used.add(mirror[0][0])
            for letter, (good, bad) in zip("ab", mirror, strict=True):
                uid = f"{phenomenon.name}-{number:04}{letter}"
                yield Pair(phenomenon.name, phenomenon.family, style.render(good), style.render(bad), uid)
            break
        else:
            return


def _draw(fitting: Mapping[str, tuple[Lexeme, ...]], *key: object) -> dict[str, Lexeme]:
    return {slot: options[seed_for("grounded", *key, slot) % len(options)] for slot, options in fitting.items()}
