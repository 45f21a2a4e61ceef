"""Counts and style of a corpus, as the suite from templates reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.core.errors import CorpusError
from evaluation.errors import DataError
from evaluation.grounded.frequencies import of_path, of_texts
from evaluation.grounded.style import Style

BOOK = "In the beginning David saw the light.\nWas it good? It was, and I said so.\n"
TRANSCRIPT = "*MOT:\tdo you see the dog , David ?\n*CHI:\tyes .\n*CHI:\tI see the dog .\n"
BARE = "do you see the dog\ni see it\ndavid sees it too\n"


def test_words_are_counted_without_case_and_punctuation():
    counts = of_texts(['The dog, the "Dog" and the dogs. don\'t -- ', "DOG!"]).counts
    assert counts == {"the": 3, "dog": 3, "and": 1, "dogs": 1, "don't": 1}


def test_total_is_the_sum():
    assert of_texts([BOOK]).total == 16


@pytest.mark.parametrize(
    ("text", "style"),
    [
        (BOOK, Style()),
        (TRANSCRIPT, Style(sentence_capital=False, attached=False)),
        (BARE, Style(sentence_capital=False, name_capital=False, pronoun_capital=False, marks=False)),
        ("", Style()),
    ],
    ids=["book", "transcript", "bare", "empty"],
)
def test_style_is_that_of_most_sentences(text, style):
    assert of_texts([text]).style == style


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        (Style(), "Now I know where David is?"),
        (Style(attached=False), "Now I know where David is ?"),
        (Style(sentence_capital=False), "now I know where David is?"),
        (Style(name_capital=False), "Now I know where david is?"),
        (Style(pronoun_capital=False, marks=False), "Now i know where David is"),
    ],
)
def test_sentences_are_shown_in_the_style(style, shown):
    assert style.render("now I know where David is ?") == shown


def test_a_text_file_is_read_in_blocks_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("evaluation.scorers.lexicon._BLOCK", 16)
    file = tmp_path / "text.txt"
    file.write_text(BOOK + TRANSCRIPT, encoding="utf-8")
    assert of_path(file) == of_texts([BOOK + TRANSCRIPT])


def test_a_file_that_is_absent(tmp_path):
    with pytest.raises(DataError, match="cannot be read") as caught:
        of_path(tmp_path / "absent.txt")
    assert "absent.txt" in caught.value.where


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DataError, match="not UTF-8"):
        of_path(file)


def test_a_folder_that_is_no_corpus(tmp_path: Path):
    with pytest.raises(CorpusError, match="not a whole corpus"):
        of_path(tmp_path)
