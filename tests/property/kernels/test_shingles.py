"""N-gram sets, exact Jaccard and candidate pairs against Python sets."""

import itertools

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from curation.kernels import candidates
from curation.kernels.candidates import bucket_pairs
from curation.kernels.shingles import band_keys, find_roots, unique_ngrams, verify_pairs
from curation.kernels.words import hash_words
from tests.unit.helpers import buffers

few_words = st.lists(st.sampled_from("abcde"), max_size=14).map(" ".join)
few_texts = st.lists(few_words, min_size=1, max_size=6)


def grams(text, n):
    words = text.split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def jaccard(a, b):
    return len(a & b) / len(a | b) if a | b else 0.0


def verified(texts, n, threshold, pairs):
    """Return the roots and similarities that `verify_pairs` leaves."""
    sets, offsets = unique_ngrams(*hash_words(*buffers(texts)), n)
    parents, similarity = np.arange(len(texts)), np.full(len(texts), np.nan)
    local = np.array(pairs, np.int64).reshape(-1, 2)
    verify_pairs(sets, offsets, local, threshold, parents, np.arange(len(texts)), similarity)
    return find_roots(parents), similarity


@given(few_texts, st.integers(1, 4))
def test_unique_ngrams_are_as_many_as_in_python_sets(texts, n):
    """The size of the sets is half of the Jaccard index."""
    _, offsets = unique_ngrams(*hash_words(*buffers(texts)), n)
    assert np.diff(offsets).tolist() == [len(grams(text, n)) for text in texts]


@given(few_words, few_words, st.integers(1, 3))
def test_unique_ngrams_share_what_python_sets_share(one, two, n):
    """The shared n-grams are the other half of it."""
    sets, offsets = unique_ngrams(*hash_words(*buffers([one, two])), n)
    left, right = set(sets[: offsets[1]].tolist()), set(sets[offsets[1] :].tolist())
    assert len(left & right) == len(grams(one, n) & grams(two, n))


@given(few_words, few_words, st.integers(1, 3), st.sampled_from([0.1, 0.25, 1 / 3, 0.5, 0.55, 0.6, 0.7, 0.8, 1.0]))
def test_a_pair_is_joined_iff_its_exact_index_reaches_the_threshold(one, two, n, threshold):
    """Verification is what makes the removal of near duplicates exact."""
    roots, similarity = verified([one, two], n, threshold, [[0, 1]])
    index = jaccard(grams(one, n), grams(two, n))
    joined = bool(grams(one, n) and grams(two, n)) and index >= threshold
    assert (roots[0] == roots[1]) == joined
    np.testing.assert_array_equal(similarity, [index, index] if joined else [np.nan, np.nan])


@given(st.integers(1, 100), st.integers(1, 100))
@example(55, 100)
def test_an_index_equal_to_the_threshold_is_enough(part, whole):
    """`threshold` is documented as inclusive; the shortcut by sizes must not round a pair away."""
    part, whole = sorted((part, whole))
    words = [f"w{i}" for i in range(whole)]
    roots, _ = verified([" ".join(words), " ".join(words[:part])], 1, part / whole, [[0, 1]])
    assert roots[0] == roots[1]


@given(few_texts, st.sampled_from([0.3, 0.5, 0.8]))
def test_joined_groups_are_the_connected_components(texts, threshold):
    """Skipping pairs that are joined already must not change the groups."""
    pairs = list(itertools.combinations(range(len(texts)), 2))
    roots, _ = verified(texts, 2, threshold, pairs)
    expected = list(range(len(texts)))
    for a, b in pairs:
        one, two = grams(texts[a], 2), grams(texts[b], 2)
        if one and two and jaccard(one, two) >= threshold:
            low, high = sorted((expected[a], expected[b]))
            expected = [low if root == high else root for root in expected]
    assert roots.tolist() == expected


@given(few_texts, st.integers(1, 4))
def test_band_keys_are_equal_for_equal_sets(texts, n):
    """MinHash sees sets: documents with the same n-grams share every key, those without any have key 0."""
    rng = np.random.Generator(np.random.PCG64(1))
    factors, shifts = rng.integers(0, 1 << 32, size=(2, 6), dtype=np.uint32)
    keys = band_keys(*hash_words(*buffers(texts)), n, factors | np.uint32(1), shifts, 3, 2)
    for row, text in enumerate(texts):
        assert (keys[row] == 0).tolist() == [not grams(text, n)] * 3
        for other, second in enumerate(texts):
            if grams(text, n) == grams(second, n):
                assert keys[row].tolist() == keys[other].tolist()


def tagged(keys):
    return np.sort(np.array([(key << 32) | place for place, key in enumerate(keys)], np.uint64))


@given(st.lists(st.integers(1, 5), max_size=40))
def test_bucket_pairs_are_all_pairs_with_one_key(keys):
    """Below the size of a large bucket no candidate may be lost."""
    pairs, chained = bucket_pairs(tagged(keys))
    expected = {(a << 32) | b for a, b in itertools.combinations(range(len(keys)), 2) if keys[a] == keys[b]}
    assert sorted(pairs.tolist()) == sorted(expected)
    assert chained == 0


def test_a_large_bucket_gives_a_chain_that_connects_it():
    """Boilerplate that fills one bucket must cost linear work and still be joined."""
    size = candidates.FULL_BUCKET + 40
    pairs, chained = bucket_pairs(tagged([7] * size + [8, 8]))
    found = {(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs}
    expected = {(0, b) for b in range(1, size)} | {(size, size + 1)}
    expected |= {(a, b) for a in range(1, size) for b in range(a + 1, min(size, a + 1 + candidates.CHAIN))}
    assert found == expected
    assert len(pairs) == len(found)
    assert chained == size
