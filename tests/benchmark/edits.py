"""Seeded edits of a document: near copies, replicas and stray characters."""

import random
import re
import unicodedata

_pieces = re.compile(r"\S+|\s+")

NEAR = (0.8, 1.0)
BORDERLINE = (0.5, 0.75)
# Share of words that a replica replaces: (1 - 0.3)^5 of the 5-grams live, a Jaccard of 0.1.
REPLACED = 0.3


def shingles(text: str) -> set[tuple[str, ...]]:
    """The set of word 5-grams."""
    w = text.split()
    return set(zip(w, w[1:], w[2:], w[3:], w[4:], strict=False))


def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    """Exact Jaccard similarity of two sets."""
    both = len(a & b)
    return both / (len(a) + len(b) - both) if both else 0.0


def copy_within(
    text: str,
    similarity: tuple[float, float],
    vocabulary: list[str],
    rng: random.Random,
) -> str | None:
    """A copy with a few words changed so that low <= Jaccard < high (0.75 included), or None."""
    own = shingles(text)
    low, high = similarity
    # k edits apart from each other touch 5k 5-grams: J = (S - 5k) / (S + 5k).
    least, most = ((1 - j) / (1 + j) * len(own) / 5 for j in (high, low))
    for _ in range(30):
        edited = _edit(text, max(1, round(rng.uniform(least, most))), vocabulary, rng)
        score = jaccard(own, shingles(edited))
        if low <= score < high or score == high < 1:
            return edited
    return None


def _edit(text: str, count: int, vocabulary: list[str], rng: random.Random) -> str:
    """Replace, insert or delete `count` words at random."""
    pieces = _pieces.findall(text)
    for place in sorted(rng.sample(range(0, len(pieces), 2), count), reverse=True):
        kind = rng.random()
        if kind < 0.6:
            pieces[place] = rng.choice(vocabulary)
        elif kind < 0.8:
            pieces[place:place] = [rng.choice(vocabulary), " "]
        elif place + 1 < len(pieces):
            del pieces[place : place + 2]
    return "".join(pieces)


def replica(text: str, vocabulary: list[str], rng: random.Random) -> str:
    """The text with so many words replaced that it is no duplicate of its model."""
    pieces = _pieces.findall(text)
    size = len(vocabulary)
    draw = rng.random
    for place in range(0, len(pieces), 2):
        if draw() < REPLACED:
            pieces[place] = vocabulary[int(draw() * size)]
    return "".join(pieces)


def stray(text: str, rng: random.Random) -> str:
    """The text with dirt that normalising removes: it changes no word."""
    pieces = _pieces.findall(unicodedata.normalize("NFD", text))
    for place in rng.sample(range(len(pieces)), max(1, len(pieces) // 20)):
        piece = pieces[place]
        if piece == " ":
            pieces[place] = rng.choice(("  ", "\t", " \t ", "   "))
        elif piece.isspace():
            pieces[place] = rng.choice((" \n", "\t\n")) + piece[1:] if piece[0] == "\n" else piece
        elif piece.isascii():
            pieces[place] = piece[0] + rng.choice("\u200b\u200d\ufeff\u2060\x00\x08\x7f") + piece[1:]
    return "".join(pieces)
