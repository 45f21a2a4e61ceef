"""The workload's rules in plain Python: the reference that every tool is checked against.

The Python peers import it too, so it is written for speed (one pass, cached per-word
work, cheapest and most selective rules first); it stays free of third-party imports.
"""

import re
import unicodedata

STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
BULLETS = ("•", "-")
ELLIPSES = ("...", "…")
TERMINAL = frozenset(".!?'\"”’…")

RULES = (
    "word_count",
    "mean_word_length",
    "hash_word_ratio",
    "ellipsis_word_ratio",
    "bullet_line_ratio",
    "ellipsis_line_ratio",
    "alpha_word_ratio",
    "stop_word_count",
    "line_end_punctuation_ratio",
    "short_line_ratio",
    "newline_word_ratio",
)

# Control characters but tab and newline, and the zero-width ones.
DROPPED = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200d\u2060\ufeff"
_dropped = re.compile(f"[{DROPPED}]")
_blanks = re.compile(r"[ \t]{2,}|\t")
_gaps = re.compile(r"\n{3,}")


class _HasLetter(dict[str, bool]):
    """Word -> whether it has an alphabetic character, remembered."""

    def __missing__(self, word: str) -> bool:
        if len(self) > 500_000:
            self.clear()
        found = self[word] = any(map(str.isalpha, word))
        return found


_has_letter = _HasLetter()


def normalise(text: str) -> str:
    """Return NFC without control or zero-width characters, white space laid out one way.

    Single blanks, none around line ends,
    at most one blank line.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = _dropped.sub("", text)
    if "  " in text or "\t" in text:
        text = _blanks.sub(" ", text)
    text = text.replace(" \n", "\n").replace("\n ", "\n").strip(" \n")
    return _gaps.sub("\n\n", text) if "\n\n\n" in text else text


def failed_rule(text: str) -> str | None:
    """The first rule that a normalised text breaks, in the order of RULES, or None."""
    words = text.split()
    n = len(words)
    if not 50 <= n <= 100_000:
        return "word_count"
    if not 3 <= len("".join(words)) / n <= 10:
        return "mean_word_length"
    if text.count("#") / n > 0.1:
        return "hash_word_ratio"
    if (text.count("...") + text.count("…")) / n > 0.1:
        return "ellipsis_word_ratio"
    whole_lines = [line for line in text.split("\n") if line and not line.isspace()]
    lines = list(map(str.strip, whole_lines))
    count = len(lines)
    if sum(line.startswith(BULLETS) for line in lines) / count > 0.9:
        return "bullet_line_ratio"
    if sum(line.endswith(ELLIPSES) for line in lines) / count > 0.3:
        return "ellipsis_line_ratio"
    if sum(map(_has_letter.__getitem__, words)) / n < 0.8:
        return "alpha_word_ratio"
    if len(STOP_WORDS.intersection(text.lower().split())) < 2:
        return "stop_word_count"
    if sum(line[-1] in TERMINAL for line in lines) / count < 0.12:
        return "line_end_punctuation_ratio"
    if sum(length <= 30 for length in map(len, whole_lines)) / count > 0.67:
        return "short_line_ratio"
    if text.count("\n") / n > 0.3:
        return "newline_word_ratio"
    return None
