"""Scores equal those of the official evaluation, sentence by sentence, on models that are the same everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.queries import Query
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import score
from evaluation.subject import Subject
from tests import tiny_models

GOLDEN = json.loads(
    (Path(__file__).parents[3] / "golden" / "evaluation" / "official_scores.json").read_text(encoding="utf-8")
)
QUERIES = {
    "blimp": [[Query(text) for text in pair] for pair in tiny_models.PAIRS],
    "entity_tracking": [
        [Query(text + option, len(text)) for option in options] for text, options in tiny_models.CONTINUATIONS
    ],
    "comps": [
        [Query(f"{prefix} {option}", len(prefix) + 1) for prefix in (text.strip(), "A lemon")]
        for text, options in tiny_models.CONTINUATIONS
        for option in options
    ],
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def folder(kind):
        if kind not in made:
            made[kind] = tiny_models.make(kind, tmp_path_factory.mktemp(kind))
        return str(made[kind])

    return folder


@pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: "-".join(list(case.values())[:3]))
def test_each_sentence_scores_as_officially(case, folders):
    """Every temperature, to 1e-4; and the same sentence of each item wins."""
    options = ScoringOptions(temperatures=tuple(GOLDEN["temperatures"]), batch_tokens=96)
    scorer = Subject.open(folders(case["model"]), backend=case["backend"], options=options).scorer()
    items = QUERIES[case["task"]]
    found = score(scorer, [query for item in items for query in item])
    for number in range(len(options.temperatures)):
        totals = found.totals(temperature=number).reshape(len(items), -1)
        expected = np.array(case["scores"][number])
        assert np.abs(totals - expected).max() < 1e-4
        assert (totals.argmax(1) == expected.argmax(1)).all()
