"""What a word is: here, and nowhere else.

The BabyLM challenge counts white-space separated strings: its scripts use ``wc -w`` and ``len(line.split())``
(babylm_data_preprocessing, ``sample_chunks_and_split.py``). So speaker tags, ``= = = title = = =`` headers and
free-standing punctuation count. ``kernels/words.py`` is the same definition, compiled; a property test holds
the two together.
"""

from __future__ import annotations

WORD_DEFINITION = "white-space separated, len(text.split())"

#: The code points at which ``str.split()`` splits.
WHITE_SPACE = (
    *(*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)


def count_words(text: str) -> int:
    """Count the words of one text."""
    return len(text.split())


def first_words(text: str, count: int) -> str:
    """Return the start of ``text`` with its first ``count`` words, or all of it if it has no more."""
    rest = text.split(maxsplit=count)
    if len(rest) <= count:
        return text
    return text[: len(text) - len(rest[-1])].rstrip()
