"""Sentences by rule, for models whose segments are whole sentences (LTG-BERT, arXiv 2303.09859).

LTG-BERT used NLTK's Punkt, whose model is a download; this rule needs none. It cuts after abbreviations before a
capital ("Mr. Smith") and not before a sentence in lower case: harmless where sentences are joined again until a row is
full.
"""

from __future__ import annotations

import re

#: A sentence ends after . ! or ? and what closes around it, before white space and something that starts one.
_SENTENCE = re.compile(r"[.!?][\"'\u2019\u201d)\]]*(\s+)(?=[\"'\u2018\u201c(\[]?[A-Z0-9])")


def split_sentences(text: str) -> list[tuple[str, bool]]:
    """Return the sentences of a text, and whether a line ends after each.

    Only white space between words goes: lines without words are left out, and every other character is kept, so that
    the sentences' words are the text's.
    """
    found = []
    for line in text.split("\n"):
        sentences = []
        begin = 0
        for match in _SENTENCE.finditer(line):
            sentences.append(line[begin : match.start(1)])
            begin = match.end()
        sentences = [sentence for sentence in (*sentences, line[begin:]) if sentence and not sentence.isspace()]
        found += [(sentence, number == len(sentences) - 1) for number, sentence in enumerate(sentences)]
    return found
