"""Which documents are trained on and which are held out: whole, apart, and the same however one asks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.helpers import build_raw, build_texts, rows_of, write_jsonl
from training.errors import RecipeError
from training.selection import Selection, choose, chosen_texts


def selection(**change):
    return Selection(**{"seed": 1, "heldout_share": 0.1, "heldout_max_words": 20, "max_words": None, **change})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for name, texts in {
        "many": [f"document {n} has " + "some more words " * (n % 4) for n in range(100)],
        "book": ["one long document " * 50],
    }.items():
        write_jsonl(folder / f"{name}.jsonl", texts)
    sources = [{"name": name, "use": "source.jsonl", "path": f"{name}.jsonl"} for name in ("many", "book")]
    return build_raw(folder, {"name": "c", "sources": sources, "steps": []})


def test_held_out_documents_are_whole_and_not_trained_on(corpus):
    """A document is in one part; what is held out keeps to the share and to the limit of its source."""
    rows = rows_of(corpus)
    words, sources = np.asarray([row["words"] for row in rows]), np.asarray([row["source"] for row in rows])
    for limit, share in ((20, 0.5), (10_000, 0.05)):
        chosen = choose(corpus, selection(heldout_max_words=limit, heldout_share=share))
        assert not ((chosen.train > 0) & (chosen.heldout > 0)).any()
        assert (chosen.train + chosen.heldout == words).all()
        of_many = chosen.heldout[sources == "many"].sum()
        room = min(limit, int(words[sources == "many"].sum() * share))
        assert room - 12 < of_many <= room


def test_a_source_of_one_document_has_nothing_held_out(corpus):
    """Documents are not cut in two: what a book is about would be in both parts."""
    rows = rows_of(corpus)
    chosen = choose(corpus, selection())
    assert chosen.heldout[[row["source"] == "book" for row in rows]].sum() == 0


@pytest.mark.parametrize("words", [1, 7, 200, 500])
def test_exactly_as_many_words_as_are_wanted(corpus, words):
    """The last document is cut at a word."""
    chosen = choose(corpus, selection(max_words=words))
    texts = [text.text for text in chosen_texts(corpus, chosen.train)]
    assert sum(len(text.split()) for text in texts) == words == chosen.train.sum()
    assert (chosen.train > 0).sum() == len(texts)


def test_a_larger_choice_holds_the_smaller(corpus):
    """Budgets are nested, and hold out the same documents."""
    small, large = (choose(corpus, selection(max_words=words)) for words in (100, 300))
    assert (small.train <= large.train).all()
    assert (small.heldout == large.heldout).all()


def test_a_choice_does_not_depend_on_the_order_of_documents(tmp_path):
    """It is by hash of the id: the same documents in another order give the same ones."""
    texts = ["document " + "word " * n for n in range(1, 50)]
    found = []
    for direction in ("ascending", "descending"):
        select = [{"use": "select.order", "by": "words", "direction": direction}]
        corpus = build_texts(tmp_path / direction, texts, [], select)
        chosen = choose(corpus, selection(max_words=60))
        found.append(
            [[text.text for text in chosen_texts(corpus, chosen.heldout)], int(chosen.train.astype(bool).sum())]
        )
    assert sorted(found[0][0]) == sorted(found[1][0])
    assert found[0][0] == found[1][0][::-1]
    assert found[0][1] == found[1][1]


def test_another_seed_chooses_others(corpus):
    """The seed is part of the choice and of its fingerprint."""
    one, other = selection(max_words=100), selection(max_words=100, seed=2)
    assert one.key() != other.key()
    assert (choose(corpus, one).train != choose(corpus, other).train).any()


def test_more_words_than_there_are(corpus):
    """The error says how many there are, and where some more went."""
    with pytest.raises(RecipeError, match=r"words to train on, 1,000,000 are wanted") as caught:
        choose(corpus, selection(max_words=1_000_000))
    assert caught.value.where == "data.max_words"
    assert "held out" in caught.value.hint


def test_an_empty_corpus(tmp_path):
    """Nothing to choose from is no crash."""
    corpus = build_texts(tmp_path, ["a b"], [{"use": "filter.word_count", "min_words": 5}], [])
    chosen = choose(corpus, selection())
    assert (len(chosen.train), len(chosen.heldout)) == (0, 0)
    assert list(chosen_texts(corpus, chosen.train)) == []
