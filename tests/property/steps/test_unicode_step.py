"""The Unicode step against its definition in plain Python."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from curation.steps.normalize.unicode import Unicode
from tests.strategies import documents
from tests.unit.helpers import alive_texts, docs_of

INVISIBLE = {
    "\u00ad", "\ufeff",
    *map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A))),
}  # fmt: skip
LINE_ENDS = {"\r", "\x85", "\u2028", "\u2029"}


def expected(text, form, replacement, invisible):
    out = []
    for character in text.replace("\r\n", "\n"):
        if character in LINE_ENDS:
            out.append("\n")
        elif character in "\t\n":
            out.append(character)
        elif unicodedata.category(character) == "Cc":
            out.append(" " if character.isspace() else "")
        elif character in INVISIBLE:
            out.append("" if invisible == "remove" else character)
        elif character == "\ufffd":
            out.append({"keep": character, "space": " ", "remove": ""}[replacement])
        else:
            out.append(character)
    return unicodedata.normalize(form, "".join(out))


forms = st.sampled_from(["NFC", "NFKC"])
fates = st.sampled_from(["keep", "remove", "space"])
invisibles = st.sampled_from(["keep", "remove"])


@given(documents, forms, fates, invisibles)
def test_unicode_equals_its_definition(texts, form, replacement, invisible):
    """Only texts that a compiled screen suspects are looked at: none may be missed, none changed otherwise."""
    step = Unicode(form=form, replacement_character=replacement, invisible=invisible)
    wanted = [expected(text, form, replacement, invisible) for text in texts]
    assert alive_texts(step.apply(docs_of(texts), 0)) == [text for text in wanted if text.split()]


@given(documents, forms, fates, invisibles)
def test_unicode_is_idempotent(texts, form, replacement, invisible):
    """A text that is normalised once must not change when the corpus is built from the corpus."""
    step = Unicode(form=form, replacement_character=replacement, invisible=invisible)
    once = alive_texts(step.apply(docs_of(texts), 0))
    assert alive_texts(step.apply(docs_of(once), 0)) == once
