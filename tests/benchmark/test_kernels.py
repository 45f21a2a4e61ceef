"""Kernels against the ways a Python user would do the same: `make bench` prints the ratios, group by group."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curation.core.schema import text_array, text_buffers
from curation.kernels.scan import _scan
from curation.kernels.shingles import unique_ngrams
from curation.kernels.utf8 import letters
from curation.kernels.whitespace import collapse
from curation.kernels.words import count_words, hash_words

pytestmark = pytest.mark.benchmark
_RUN = re.compile(r"\s+")
_DATA = Path(os.environ.get("CURATE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Return about 600,000 words of real text in documents of 20 lines."""
    import zstandard

    path = _DATA / "text" / "open" / "babylm_form" / "gutenberg.train.zst"
    if not path.exists():
        pytest.skip("the shared data is not beside the checkout")
    with path.open("rb") as raw:
        head = zstandard.ZstdDecompressor().stream_reader(raw).read(3_500_000)
    lines = head.decode(errors="ignore").split("\n")
    return ["\n".join(lines[start : start + 20]) for start in range(0, len(lines), 20)]


@pytest.fixture(scope="module")
def buffers(texts):
    """Return the same as UTF-8 bytes and offsets."""
    return text_buffers(pa.array(texts, pa.large_string()))


def test_count_words_kernel(benchmark, texts, buffers):
    """Words by kernel."""
    benchmark.group = "count words"
    counts = benchmark(count_words, *buffers)

    assert [len(text.split()) for text in texts] == counts.tolist()


def test_count_words_python(benchmark, texts):
    """Words by str.split, the definition."""
    benchmark.group = "count words"
    counts = benchmark(lambda: [len(text.split()) for text in texts])

    assert len(texts) == len(counts)


def test_count_words_arrow(benchmark, texts):
    """Words by Arrow's white-space split."""
    benchmark.group = "count words"
    array = pa.array(texts, pa.large_string())
    counts = benchmark(lambda: pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(array))))

    assert len(texts) == len(counts)


def test_collapse_kernel(benchmark, texts, buffers):
    """White space by kernel."""
    benchmark.group = "collapse white space"
    found = benchmark(lambda: text_array(*collapse(*buffers, 1, False)))

    assert [text.split() for text in texts] == [text.split() for text in found.to_pylist()]


def test_collapse_regex(benchmark, texts):
    """White space by regular expression."""
    benchmark.group = "collapse white space"
    found = benchmark(lambda: [_RUN.sub(" ", text.strip()) for text in texts])

    assert len(texts) == len(found)


def test_rule_counts_kernel(benchmark, texts, buffers):
    """The counts of eleven rules by kernel."""
    benchmark.group = "counts of the rules"
    counts, _, _ = benchmark(lambda: _scan(*buffers, letters()))

    assert [sum(map(len, text.split())) for text in texts] == counts[:, 1].tolist()


def test_rule_counts_python(benchmark, texts):
    """A part of the same counts in plain Python."""
    benchmark.group = "counts of the rules"

    def count(text: str) -> tuple[int, ...]:
        words = text.split()
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return (
            sum(map(len, words)),
            sum(any(map(str.isalpha, word)) for word in words),
            text.count("#"),
            text.count("...") + text.count("…"),
            sum(line.endswith(("...", "…")) for line in lines),
            sum(len(line) <= 30 for line in lines),
        )

    assert len(texts) == len(benchmark(lambda: [count(text) for text in texts]))


def test_ngram_sets_kernel(benchmark, texts, buffers):
    """Sets of word 5-grams by kernel."""
    benchmark.group = "word 5-gram sets"
    _, offsets = benchmark(lambda: unique_ngrams(*hash_words(*buffers), 5))

    assert [len(_ngrams(text)) for text in texts] == np.diff(offsets).tolist()


def test_ngram_sets_python(benchmark, texts):
    """Sets of word 5-grams in plain Python."""
    benchmark.group = "word 5-gram sets"

    assert len(texts) == len(benchmark(lambda: [_ngrams(text) for text in texts]))


def _ngrams(text: str) -> set[tuple[str, ...]]:
    words = unicodedata.normalize("NFC", text).split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}
