import pytest

from curation.audit.readability import Reader, age_names, read_norms, syllables_of, type_of
from curation.core.errors import CorpusError


def result(*texts, norms=None):
    reader = Reader("s")
    for text in texts:
        reader.add(text)
    return reader.result(norms)


def test_types_hapaxes_and_running_words():
    """Case and punctuation around a word make no new type; a dash is no word of the language."""
    found = result("The cat, the CAT -- and 'the' dog.", "")
    assert (found.documents, found.words, found.running) == (2, 8, 7)
    assert (found.types, found.hapaxes) == (4, 2)
    assert found.frequent == (("the", 3), ("cat", 2), ("and", 1), ("dog", 1))
    assert found.ranks[0] == (1, 3)
    assert found.ranks[-1] == (4, 1)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", 3),
        ("Mr. Brown met J. Smith.", 1),
        ('He said "Stop." Then he left.', 2),
        ("no full stop\nbut two lines", 2),
        ("*MOT:\twhat is it ?\n*CHI:\ta dog .\n", 2),
        ("\n \n", 0),
        ("", 0),
    ],
)
def test_sentences(text, sentences):
    """A sentence ends at . ! ? or with its line; a title or an initial ends none."""
    assert result(text).sentences == sentences


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("cat", 1),
        ("table", 2),
        ("make", 1),
        ("the", 1),
        ("wanted", 2),
        ("walked", 1),
        ("banana", 3),
        ("42", 1),
        ("x", 1),
    ],
)
def test_syllables(word, syllables):
    """The rule that the grade level rests on."""
    assert syllables_of(word) == syllables


def test_grade_level_is_the_formula_and_absent_without_text():
    """0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid et al. 1975)."""
    found = result("The cat sat. The banana ran away.")
    assert found.flesch_kincaid == pytest.approx(0.39 * 7 / 2 + 11.8 * 10 / 7 - 15.59, abs=0.005)
    empty = result("--")
    assert (empty.flesch_kincaid, empty.types, empty.ranks) == (None, 0, ())


def test_readers_add_up_whatever_is_folded_when(monkeypatch):
    """A bound on memory must not change a count."""
    texts = ["One two. Three, two!", "two Two one\nfour", "Mr. Five -- six."]
    whole = result(*texts)
    monkeypatch.setattr("curation.audit.readability._HELD", 1)
    parts = Reader("s")
    for text in texts:
        one = Reader("s")
        one.add(text)
        parts.merge(one)
    assert parts.result() == whole
    assert result(*texts) == whole


def test_age_bands_are_shares_of_running_words(tmp_path):
    """Norms as Kuperman's list: Latin-1, ratings of lemmas, gaps."""
    path = tmp_path / "norms.csv"
    path.write_bytes("Word,AoA_Kup,AoA_Kup_lem\ncat,3.0,3.7\ncaf\u00e9,,11\nzeal,NA,\nlaw,,13.5\n".encode("latin-1"))
    norms = read_norms(path)
    assert norms == {"cat": 3.7, "caf\u00e9": 11.0, "law": 13.5}
    found = result("cat cat caf\u00e9 law unknown", norms=norms)
    assert found.ages == (0.4, 0, 0, 0, 0.2, 0.2, 0.2)
    assert len(age_names()) == len(found.ages)
    assert result("cat").ages is None
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="holds no age-of-acquisition norms"):
        read_norms(path)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_norms(tmp_path / "absent.csv")


def test_type_of_strips_what_is_no_letter():
    """Punctuation inside a word belongs to it."""
    assert [type_of(word) for word in ("Don't!", "--", "(A.B.)", "\u00c9t\u00e9")] == [
        "don't",
        "",
        "a.b",
        "\u00e9t\u00e9",
    ]
