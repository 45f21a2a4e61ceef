"""Words: the compiled counts, cuts and hashes against `str.split()`."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.core import words as plain
from curation.kernels import words as kernels
from tests.strategies import SPACES, batches, texts
from tests.unit.helpers import buffers


def test_white_space_is_what_str_split_splits_at():
    """The table of white space is written by hand: this Python is asked about every code point."""
    assert list(plain.WHITE_SPACE) == [point for point in range(0x110000) if chr(point).isspace()]


@given(batches)
def test_count_words_equals_split(batch):
    """The word is defined once, as `len(text.split())`; the kernel must not have a definition of its own."""
    assert kernels.count_words(*buffers(batch)).tolist() == [len(text.split()) for text in batch]


@given(texts)
def test_plain_count_equals_the_kernel(text):
    """`core.words` and the kernel are the two forms of one definition."""
    assert [plain.count_words(text)] == kernels.count_words(*buffers([text])).tolist()


@given(batches, st.data())
def test_cut_words_keeps_the_first_words(batch, data):
    """An exact budget is met by cutting a document: the cut must hold exactly the words asked for."""
    take = np.array([data.draw(st.integers(0, 12)) for _ in batch], np.int32)
    lengths = kernels.cut_words(*buffers(batch), take)
    cut = [text.encode()[:length].decode() for text, length in zip(batch, lengths, strict=True)]
    assert [text.split() for text in cut] == [text.split()[:n] for text, n in zip(batch, take, strict=True)]


@given(batches, st.integers(0, 12))
def test_cut_words_equals_first_words(batch, count):
    """The plain form in `core.words` is the definition that the kernel claims to compile, byte for byte."""
    lengths = kernels.cut_words(*buffers(batch), np.full(len(batch), count, np.int32))
    cut = [text.encode()[:length].decode() for text, length in zip(batch, lengths, strict=True)]
    assert cut == [plain.first_words(text, count) for text in batch]


@given(batches)
def test_equal_words_have_equal_hashes(batch):
    """Deduplication compares hashes in place of words: equal if and only if the words are."""
    hashes, offsets = kernels.hash_words(*buffers(batch))
    words = [word for text in batch for word in text.split()]
    assert np.diff(offsets).tolist() == [len(text.split()) for text in batch]
    of_word = dict(zip(words, hashes.tolist(), strict=True))
    assert [of_word[word] for word in words] == hashes.tolist()
    assert len(set(of_word.values())) == len(of_word)


@given(texts.filter(lambda text: len(text.split()) == 1))
def test_a_single_word_has_the_hash_it_has_in_a_text(text):
    """Stop words are looked up by the hash of the bare word."""
    assert kernels.hash_words(*buffers([f"x {text} y"]))[0].tolist()[1] == kernels.hash_word(
        text.strip("".join(SPACES))
    )


@given(batches, st.integers(0, 4), st.integers(0, 4))
def test_a_slice_of_a_batch_counts_alike(batch, first, last):
    """Batches are slices of larger arrays whose offsets do not start at 0."""
    data, offsets = buffers(["a b c", *batch, "d e"])
    first, stop = min(first, len(batch)), max(len(batch) - last, min(first, len(batch)))
    part = offsets[1 + first : 2 + stop]
    assert kernels.count_words(data, part).tolist() == [len(text.split()) for text in batch[first:stop]]
    found = kernels.hash_words(data, part)[0].tolist()
    assert found == kernels.hash_words(*buffers(batch[first:stop]))[0].tolist()
