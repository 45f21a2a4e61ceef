"""Whatever the frequencies and the style: mirrored words, known words, chance for whoever sees no context."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.errors import SuiteError
from evaluation.grounded.frequencies import of_texts
from evaluation.grounded.generate import AT_LEAST, generate
from evaluation.grounded.lexicon import lexicon
from evaluation.grounded.phenomena import phenomena
from evaluation.grounded.style import Style

WORDS = sorted(
    {form.lower() for members in lexicon().values() for lexeme in members for form in lexeme.forms.values()}
    | {word for phenomenon in phenomena() for frame in phenomenon.frames for word in frame.literals}
)
STYLES = st.builds(Style, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())


@st.composite
def frequencies(draw):
    """Draw counts in which any word may be too rare, and any other may be frequent."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rare = random.random(len(WORDS)) < draw(st.sampled_from([0, 0.02, 0.1, 0.3]))
    counts = np.where(rare, AT_LEAST - 1, random.integers(AT_LEAST, 10**6, len(WORDS)))
    return dict(zip(WORDS, counts.tolist(), strict=True))


def quadruples(pairs):
    groups = {}
    for pair in pairs:
        groups.setdefault(pair.uid[:-1], []).append(pair)
    return groups.values()


@settings(max_examples=25)
@given(counts=frequencies(), style=STYLES, seed=st.integers(0, 2**32))
def test_pairs_mirror_each_other(counts, style, seed):
    """Strings as they stand, capitals and marks included: the good sentences hold what the bad ones hold."""
    try:
        made = generate(counts, items=4, seed=seed, style=style)
    except SuiteError:
        return
    for one, two in quadruples(made.pairs):
        assert one.good not in {one.bad, two.good, two.bad}
        assert Counter(f"{one.good} {two.good}".split()) == Counter(f"{one.bad} {two.bad}".split())
        assert Counter(one.good + two.good) == Counter(one.bad + two.bad)
        for pair in (one, two):
            assert len(pair.good.split()) == len(pair.bad.split())
            words = re.findall(r"[a-z]+", f"{pair.good} {pair.bad}".lower())
            assert all(counts[word] >= AT_LEAST for word in words)


@settings(max_examples=25)
@given(counts=frequencies(), style=STYLES, seed=st.integers(0, 2**32))
def test_any_frequencies_leave_the_frequency_scorer_at_chance(counts, style, seed):
    try:
        made = generate(counts, items=4, seed=seed, style=style)
    except SuiteError:
        return

    def score(sentence):
        return math.fsum(math.log(counts[word]) for word in re.findall(r"[a-z]+", sentence.lower()))

    won = sum((score(pair.good) > score(pair.bad)) - (score(pair.good) < score(pair.bad)) for pair in made.pairs)
    assert won == pytest.approx(0, abs=0.02 * len(made.pairs))


@settings(max_examples=25)
@given(counts=frequencies(), seed=st.integers(0, 2**32))
def test_every_phenomenon_is_made_or_missing(counts, seed):
    try:
        made = generate(counts, items=4, seed=seed)
    except SuiteError:
        return
    counted = Counter(pair.phenomenon for pair in made.pairs)
    missing = {item.phenomenon for item in made.missing_phenomena}
    assert set(counted.values()) == {4}
    assert counted.keys() | missing == {phenomenon.name for phenomenon in phenomena()}
    assert not counted.keys() & missing
    assert all(item.reason for item in made.missing)


@given(texts=st.lists(st.text()))
def test_any_text_can_be_counted(texts):
    found = of_texts(texts)
    assert found == of_texts(iter(texts))
    assert all(count > 0 and word == word.lower() and word for word, count in found.counts.items())
    assert found.total <= sum(len(text.split()) for text in texts)
