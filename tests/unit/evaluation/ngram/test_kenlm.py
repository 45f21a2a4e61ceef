"""Our reading and summing against KenLM's own module, word by word; skipped where that is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from curation.core.errors import MissingExtra
from evaluation.errors import SubjectError
from evaluation.ngram import arpa
from evaluation.ngram.train import of_texts
from evaluation.queries import Query
from evaluation.scorers.ngram import KenlmScorer, NgramScorer
from evaluation.scorers.scorer import score

WORDS = ["the", "a", "cat", "dog", "sat", "on", "mat", "log", "ran", "and", "saw", "big"]


def texts(seed: int, lines: int) -> list[str]:
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 12), p=weights / weights.sum())) for _ in range(lines)]


@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize(("begin", "end"), [(True, True), (False, False)])
def test_every_word_has_the_log_probability_that_kenlm_gives_it(tmp_path: Path, order, begin, end) -> None:
    pytest.importorskip("kenlm")
    path = tmp_path / "model.arpa"
    arpa.write(of_texts(texts(0, 300), order=order), path)
    queries = [Query(text) for text in ["", "zebra", "the  zebra sat", *texts(1, 200)]]
    ours = score(NgramScorer.of_arpa(path, begin=begin, end=end), queries)
    theirs = score(KenlmScorer(path, begin=begin, end=end), queries)
    assert (ours.offsets == theirs.offsets).all()
    assert (ours.spans == theirs.spans).all()
    assert (ours.unknown == theirs.unknown).all()
    assert ours.logprobs[0] == pytest.approx(theirs.logprobs[0], abs=3e-6)
    assert ours.totals() == pytest.approx(theirs.totals(), abs=1e-5)


def test_without_the_module_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "kenlm", None)
    with pytest.raises(MissingExtra, match="pip install kenlm"):
        KenlmScorer(tmp_path / "model.bin")


def test_a_file_that_kenlm_cannot_load_is_said_so(tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    (tmp_path / "model.bin").write_bytes(b"nothing of the kind")
    with pytest.raises(SubjectError, match="cannot load"):
        KenlmScorer(tmp_path / "model.bin")
