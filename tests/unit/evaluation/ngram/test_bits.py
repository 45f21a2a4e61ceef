"""Models of token shards, and the bits per byte that they give held-out tokens."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from evaluation.errors import EvaluateError
from evaluation.ngram.bits import bits_per_byte
from evaluation.ngram.train import of_shards
from training.shards import Shards


def shards(folder: Path, documents: list[list[int]], sources: list[int], sizes: list[int], tokenizer="t") -> Shards:
    folder.mkdir()
    tokens = np.asarray([token for document in documents for token in document], np.uint16)
    tokens.tofile(folder / "tokens.bin")
    np.ones(len(tokens), np.uint8).tofile(folder / "words.bin")
    np.save(folder / "documents.npy", np.cumsum([0, *map(len, documents)]).astype(np.int64))
    np.save(folder / "sources.npy", np.asarray(sources, np.int16))
    np.save(folder / "bytes.npy", np.asarray(sizes, np.int64))
    meta = {"bits": 16, "has_sentences": False, "sources": ["one", "two", "none"], "words": len(tokens)}
    meta |= {"tokens": len(tokens), "tokenizer": tokenizer}
    (folder / "meta.json").write_text(json.dumps(meta))
    return Shards(folder)


def test_bits_are_those_of_each_documents_tokens_over_its_bytes(tmp_path: Path) -> None:
    """A unigram model of one document, 0 0 0 1, with a discount of 1.5 and 0.5: 2 spread over 4 tokens, of 4 ids."""
    model = of_shards(shards(tmp_path / "train", [[0, 0, 0, 1]], [0], [4]), 4, order=1)
    p = [1.5 / 4 + 2 / 4 / 4, 0.5 / 4 + 2 / 4 / 4, 1 / 8, 1 / 8]
    assert sum(p) == 1
    held = shards(tmp_path / "held", [[0, 1], [3], [2, 2, 0]], [0, 1, 1], [10, 2, 6])
    found = bits_per_byte(model, held)
    assert list(found) == ["one", "two", "all"]  # the third source has no text
    one, two = -math.log2(p[0] * p[1]), -math.log2(p[3]) - math.log2(p[2] * p[2] * p[0])
    assert found == pytest.approx({"one": one / 10, "two": two / 8, "all": (one + two) / 18}, rel=1e-6)


def test_documents_do_not_see_each_other(tmp_path: Path) -> None:
    model = of_shards(shards(tmp_path / "train", [[0, 1, 2], [0, 1, 2], [2, 0]], [0, 0, 0], [3, 3, 2]), 3, order=3)
    together = bits_per_byte(model, shards(tmp_path / "both", [[0, 1], [2, 0]], [0, 1], [2, 2]))
    apart = bits_per_byte(model, shards(tmp_path / "second", [[], [2, 0]], [0, 1], [0, 2]))
    assert together["two"] == apart["two"]
    assert list(apart) == ["two", "all"]


def test_tokens_of_another_tokenizer_are_refused(tmp_path: Path) -> None:
    model = of_shards(shards(tmp_path / "train", [[0, 1]], [0], [2]), 2)
    with pytest.raises(EvaluateError, match="another tokenizer"):
        bits_per_byte(model, shards(tmp_path / "held", [[0, 1]], [0], [2], tokenizer="u"))


def test_tokens_beyond_the_vocabulary_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluateError, match="token 7, the vocabulary has 7"):
        of_shards(shards(tmp_path / "train", [[0, 7]], [0], [2]), 7)


def test_shards_without_tokens_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluateError, match="no words"):
        of_shards(shards(tmp_path / "train", [], [], []), 7)
