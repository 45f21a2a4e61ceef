"""The Unicode screen."""

import sys
import unicodedata

from hypothesis import given

from curation.kernels import unicode, utf8
from curation.kernels.unicode import nfc_suspects, suspicious
from tests.strategies import batches
from tests.unit.helpers import buffers


def test_no_character_beyond_the_table_matters():
    """The tables stop at a code point that is written by hand: a newer Python may know more."""
    beyond = range(unicode._LAST_KNOWN, sys.maxunicode + 1)
    assert [p for p in beyond if unicodedata.combining(chr(p)) or unicodedata.decomposition(chr(p))] == []
    assert [p for p in beyond if chr(p).isalpha()] == []


def test_letters_are_those_of_python():
    """A word with a letter is one for which `str.isalpha` says so."""
    table = utf8.letters()
    assert [p for p in range(sys.maxunicode + 1) if bool(table[p]) != chr(p).isalpha()] == []


@given(batches)
def test_a_text_that_is_not_suspicious_is_in_nfc(batch):
    """Only suspicious texts are normalised: a miss would leave two spellings of one word."""
    found = suspicious(*buffers(batch), nfc_suspects())
    missed = [text for text, hit in zip(batch, found, strict=True) if not hit]
    assert [unicodedata.normalize("NFC", text) for text in missed] == missed


@given(batches)
def test_suspicious_is_whether_any_character_is_in_the_table(batch):
    """The loop reads code points by hand, from one to four bytes."""
    table = nfc_suspects()
    assert suspicious(*buffers(batch), table).tolist() == [any(table[ord(c)] for c in text) for text in batch]
