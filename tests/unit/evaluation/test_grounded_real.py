"""The suite from templates on real corpora: nearly everything can be made, and frequency is at chance."""

from __future__ import annotations

import io
import math
import os
import re
from collections import Counter
from itertools import islice, pairwise
from pathlib import Path

import pytest
import zstandard

from evaluation.grounded.frequencies import of_texts
from evaluation.grounded.generate import generate
from evaluation.grounded.style import Style
from tests.unit.evaluation.test_grounded import accuracy, by_phenomenon, frequency_scorer

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason=f"no real data in {SHARED.parent.name}/{SHARED.name} (CURATE_SHARED_DATA)"
    ),
]

FILES = {
    "childes": "text/research/childes_cds_en.txt.zst",
    "simple_wiki": "text/open/babylm_form/simple_wiki.train.zst",
    "stories": "text/open/babylm_form/gutenberg.train.zst",
}


def lines(name, count=200_000):
    with (SHARED / FILES[name]).open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as plain:
        yield from islice(io.TextIOWrapper(plain, encoding="utf-8"), count)


def words_of(sentence):
    return re.findall(r"[^\W_]+", sentence.lower())


def bigram_scorer(texts):
    """Return an add-one bigram model's log-probability of a sentence."""
    first, both = Counter(), Counter()
    for text in texts:
        words = ["<s>", *words_of(text), "</s>"]
        first.update(words)
        both.update(pairwise(words))

    def score(sentence):
        words = ["<s>", *words_of(sentence), "</s>"]
        return math.fsum(math.log((both[pair] + 1) / (first[pair[0]] + len(first))) for pair in pairwise(words))

    return score


@pytest.mark.parametrize("name", FILES)
def test_frequency_scorer_is_at_chance_on_real_corpora(name):
    found = of_texts(lines(name))
    for seed in range(3):
        made = generate(found.counts, seed=seed, style=found.style)
        assert len(by_phenomenon(made.pairs)) >= 40
        assert len(made.pairs) == 100 * len(by_phenomenon(made.pairs))
        for mean in (False, True):
            score = frequency_scorer(found.counts, mean=mean)
            assert accuracy(made.pairs, score) == pytest.approx(0.5, abs=0.02)
            for pairs in by_phenomenon(made.pairs).values():
                assert accuracy(pairs, score) == pytest.approx(0.5, abs=0.02)


def test_style_of_real_corpora():
    bare = Style(sentence_capital=False, name_capital=False, pronoun_capital=False, marks=False)
    assert of_texts(lines("childes", 50_000)).style == bare
    assert of_texts(lines("stories", 20_000)).style == Style()


def test_neighbouring_words_decide_few_phenomena():
    """Context of one word is worth something, and far from everything: the suite asks for structure."""
    found = of_texts(lines("childes"))
    score = bigram_scorer(lines("childes"))
    made = generate(found.counts, style=found.style)
    each = {name: accuracy(pairs, score) for name, pairs in by_phenomenon(made.pairs).items()}
    assert 0.52 < accuracy(made.pairs, score) < 0.7
    assert each["expletive"] > 0.9
    assert sum(value > 0.9 for value in each.values()) <= 6
    assert each["subject_verb_across_phrase"] == each["polarity_scope"] == each["gap_long_distance"] == 0.5
