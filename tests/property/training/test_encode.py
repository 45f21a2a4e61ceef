"""Chunks give the tokens of whole texts, whatever the text; every word begins in exactly one token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from training.tokenizer.backend import for_text
from training.tokenizer.encode import Encoder
from training.tokenizer.sentences import split_sentences
from training.tokenizer.settings import PRESETS, TokenizerSettings
from training.tokenizer.tokenizer import Tokenizer, train

_TEXT = """The dog didn't see THE Cats; it RAN 1,234 miles (or 56?) away...
  He said: "No!"  and  left.\tThen\n\n\u00c9t\u00e9 na\u00efve \u4e2d\u6587 caf\u00e9 e\u0301 \u00bd \ufb01ne.
""" + " ".join(f"word{n} w{n % 7} ab{'cd' * (n % 5)}" for n in range(200))

#: Texts that look like specials, and normalise to, begin with or end in white space.
_NASTY = [
    "<mask>",
    "[PAR]",
    "[MASK]",
    "</s>",
    "<special_3>",
    "\u00a8",
    "\u00b4",
    "\u037a",
    "\ufb01",
    "\u2167",
    "\u00bd",
]
_NASTY += [
    "\u200b",
    "\ufeff",
    "\u2581",
    "\u0120",
    "\x1c",
    "\x0b",
    "\x0c",
    "\x00",
    "\x85",
    "\u00a0",
    "\u3000",
    " \u0301",
    "\n\u0308",
]
_NASTY += [
    "'s",
    "\u2019s",
    "A" * 30,
    "a" * 30,
    "12",
    " 3",
    "...",
    "?!",
    "\r\n",
    "  ",
    " \n ",
    "a\u00a0b",
    "\u1e9b\u0323",
]
nasty = st.lists(st.one_of(st.sampled_from(_NASTY), strategies.characters, strategies.words), max_size=25).map("".join)
texts = st.one_of(strategies.texts, strategies.sentences(), nasty)


@pytest.fixture(scope="module", params=sorted(PRESETS))
def tokenizer(request, tmp_path_factory) -> Tokenizer:
    settings = TokenizerSettings(preset=request.param, vocab_size=420, min_frequency=1)
    cache = tmp_path_factory.mktemp("cache")
    return train(settings, lambda: iter([_TEXT]), cache=cache, corpus="c", selection="s", words=len(_TEXT.split()))


@pytest.fixture(scope="module")
def encoder(tokenizer) -> Encoder:
    """One for all examples, so that most chunks are remembered from another text."""
    return Encoder(tokenizer)


def _expected(tokenizer, whole, text):
    if not tokenizer.settings.sentences:
        return whole.encode(text, add_special_tokens=False).ids
    mark = tokenizer.id_of("paragraph")
    ids = []
    for sentence, ends in split_sentences(text):
        ids += whole.encode(sentence, add_special_tokens=False).ids + [mark] * ends
    return ids


@given(batch=st.lists(texts, max_size=4))
def test_chunks_are_the_whole_text(tokenizer, encoder, batch):
    """Ids, lengths, words and bytes."""
    _check(tokenizer, encoder, batch)


def test_all_pairs_of_nasty_texts(tokenizer, encoder):
    """Hypothesis meets a given pair seldom; these are all of them, alone and among words."""
    pairs = [a + b for a in _NASTY for b in ["", *_NASTY]]
    _check(tokenizer, encoder, [*pairs, *(f"a{pair}b" for pair in pairs), *(f"a {pair} b" for pair in pairs)])


def _check(tokenizer, encoder, batch):
    encoded = encoder.encode(batch)
    whole = for_text(tokenizer.backend)
    place = lost = 0
    for text, length, size in zip(batch, encoded.lengths, encoded.sizes, strict=True):
        assert encoded.ids[place : place + length].tolist() == _expected(tokenizer, whole, text)
        words = len(text.split())
        lost += words if not length else 0
        assert encoded.words[place : place + length].sum() == (words if length else 0)
        assert size == len(text.encode())
        place += length
    assert place == len(encoded.ids) == len(encoded.words)
    assert encoded.lost == lost


@given(text=texts)
def test_text_is_never_a_special(tokenizer, encoder, text):
    """What looks like `<mask>` is letters; only the paragraph mark and the unknown token may stand in text."""
    _check_no_special(tokenizer, encoder, text)


def test_every_special_in_text_is_letters(tokenizer, encoder):
    """The specials themselves, at every place where a pipeline might look for them."""
    for special in tokenizer.settings.specials:
        for text in (
            special,
            f"a {special}",
            f"a{special}b",
            f"{special} {special}",
            f"\n{special}\n",
            special.lower(),
        ):
            _check_no_special(tokenizer, encoder, text)


def _check_no_special(tokenizer, encoder, text):
    allowed = {tokenizer.id_of("unknown"), tokenizer.id_of("paragraph")}
    assert not (set(tokenizer.special_ids) - allowed) & set(encoder.encode([text]).ids.tolist())


@given(batch=st.lists(texts, max_size=4))
def test_a_tokenizer_from_outside_is_given_whole_texts(tokenizer, batch):
    """The same ids from a pipeline that is not ours, and every word in one token."""
    outside = Encoder(Tokenizer(tokenizer.backend, None, {}))
    encoded = outside.encode(batch)
    whole = for_text(tokenizer.backend)
    ids = [number for text in batch for number in whole.encode(text, add_special_tokens=False).ids]
    assert encoded.ids.tolist() == ids
    assert encoded.words.sum() + encoded.lost == sum(len(text.split()) for text in batch)


@given(text=texts)
def test_sentences_lose_nothing_but_white_space(text):
    """Closing quotes and brackets stay with their sentence; the words are the text's."""
    found = [sentence for sentence, _ in split_sentences(text)]
    assert [word for sentence in found for word in sentence.split()] == text.split()
    assert all(sentence.strip() for sentence in found)
