"""Ids, digests and orders."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.hashing import hex_digits, key_ids, order_keys, position_ids, sequence_digests
from curation.kernels.words import hash_words
from tests.strategies import batches, sentences
from tests.unit.helpers import buffers

halves = st.integers(0, 2**64 - 1).map(np.uint64)


@given(st.lists(st.one_of(sentences(max_words=4), st.sampled_from(["a b", "a  b", "b a", "ab", ""])), max_size=8))
def test_digests_are_equal_iff_the_words_are(batch):
    """`dedup.exact` drops what has an equal digest: white space must not matter, anything else must."""
    digests = [tuple(pair) for pair in sequence_digests(*hash_words(*buffers(batch))).tolist()]
    words = [tuple(text.split()) for text in batch]
    for one, digest in zip(words, digests, strict=True):
        assert [one == other for other in words] == [digest == other for other in digests]


@given(halves, halves, st.integers(0, 2**40))
def test_position_ids_are_unique_in_a_file(high, low, first):
    """Two documents of a file with one id would be one document to everything after the reader."""
    ids = position_ids(high, low, np.arange(first, first + 2000, dtype=np.int64))
    assert len(np.unique(ids, axis=0)) == 2000


@given(halves, halves, st.integers(1, 2**30))
def test_position_ids_do_not_depend_on_the_batch(high, low, position):
    """An id names a place in a file, wherever the reader cuts it."""
    alone = position_ids(high, low, np.array([position], np.int64))
    among = position_ids(high, low, np.array([3, position, 9], np.int64))
    assert alone[0].tolist() == among[1].tolist()


@given(halves, halves, batches)
def test_key_ids_are_equal_iff_the_keys_are(high, low, keys):
    """The input's own ids stay apart, and the same key is the same document in any order of the file."""
    ids = [tuple(pair) for pair in key_ids(high, low, *buffers(keys)).tolist()]
    for key, found in zip(keys, ids, strict=True):
        assert [key == other for other in keys] == [found == other for other in ids]


@given(halves)
def test_order_keys_do_not_depend_on_arrival(seed):
    """A seeded shuffle must be the same however documents arrive."""
    ids = position_ids(np.uint64(1), np.uint64(2), np.arange(50, dtype=np.int64))
    keys = order_keys(ids, seed)
    assert order_keys(ids[::-1].copy(), seed)[::-1].tolist() == keys.tolist()
    assert len(np.unique(keys)) == 50


@given(st.binary(max_size=40))
def test_hex_digits_equal_bytes_hex(raw):
    """The ledger and the corpus show ids in the digits that Python would."""
    assert hex_digits(np.frombuffer(raw, np.uint8)).tobytes().decode() == raw.hex()
