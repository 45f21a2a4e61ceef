"""Hypothesis strategies that the tests share: texts that are hard on anything that reads UTF-8 by hand."""

from __future__ import annotations

from hypothesis import strategies as st

from curation.core.words import WHITE_SPACE

SPACES = [chr(point) for point in WHITE_SPACE]
#: Characters that share a lead byte with wide white space, and so go through the same branch.
LOOK_ALIKES = list("\u00a1\u0084\u0086\u009f\u1681\u1690\u200b\u200c\u202a\u2030\u205e\u2060\u2027\u3001\u2fff\u3040")
CONTROLS = [*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0))]
COMBINING = list("\u0301\u0308\u0327\u0323\u0345\u1161\u11a8\u3099\u20dd\u0f71\u0f72")
LETTERS = list(
    "aAbez\u00e9\u00df\u0130\u1e9b\u212b\u2126\u0938\uac00\u1100\u4e2d\u6587\ufa0c\uff21\U0001d15e\U0002f800"
)
SIGNS = list(".!?'\"\u201d\u2019\u2026#*-_=[](){}%&@:;,$\u2022\u2013\u00ad\ufeff\ufffd\u200d\u2066")
EMOJI = list("\U0001f600\U0001f468\u200d\U0001f469\U0001f3fd\U0001f1e9\U0001f1ea\ufe0f\u2764")

#: One character of a kind that rules look at, or any at all but surrogates.
characters = st.one_of(
    st.sampled_from(SPACES),
    st.sampled_from([" ", "\n", "\t"]),
    st.sampled_from(LOOK_ALIKES),
    st.sampled_from(CONTROLS),
    st.sampled_from(COMBINING),
    st.sampled_from(LETTERS),
    st.sampled_from(SIGNS),
    st.sampled_from(EMOJI),
    st.characters(exclude_categories=("Cs",)),
)

#: Any text.
texts = st.one_of(st.text(characters, max_size=40), st.text("ab. \n\u2026", max_size=40), st.just("..." * 3))

#: Words out of few, so that they repeat.
words = st.sampled_from(["a", "b", "the", "dog", "Dog.", "runs!", "\u4e2d\u6587", "e\u0301", "xxx", "1", "..."])
separators = st.sampled_from([" ", "  ", "\n", "\n\n", "\t", "\u3000", "\r\n", "\u2028"])


@st.composite
def sentences(draw, max_words=30):
    """Draw a text of one word or more, in one of many layouts of white space."""
    chosen = draw(st.lists(words, min_size=1, max_size=max_words))
    between = draw(st.lists(separators, min_size=len(chosen), max_size=len(chosen)))
    return "".join(part for pair in zip(chosen, between, strict=True) for part in pair).rstrip()


#: A text that a source takes for a document: it has a word.
with_words = st.one_of(sentences(), texts.filter(lambda text: bool(text.split())))
#: Lists of texts, some of them alike.
batches = st.lists(texts, max_size=8)
documents = st.lists(with_words, min_size=1, max_size=8)
