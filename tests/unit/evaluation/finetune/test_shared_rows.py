"""The official rows: every file of the shared pack is read, and its floors are near those of the published tables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluation.catalog import load_task
from evaluation.data import Data
from evaluation.errors import DataError
from evaluation.finetune.examples import read, split
from evaluation.finetune.metrics import majority
from tests.packs import unpack

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[4].parent / "shared" / "data")
PACK = SHARED / "eval" / "babylm_eval.tar.xz"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not PACK.exists(), reason="the shared evaluation data are not beside the checkout"),
]
#: Task, rows to train on, rows to score (cut in the pack), published floor in its metric.
ROWS = [
    ("cola", 8551, 417, 0.0),
    ("mnli", 10_000, 3926, 35.7),
    ("mnli_mm", 10_000, 3932, 35.7),
    ("mrpc", 3668, 163, 82.0),
    ("qqp", 10_000, 16_172, 53.1),
    ("rte", 2490, 111, 53.1),
    ("wsc", 554, 41, 61.4),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    unpack(PACK, folder, lambda name: "glue" in name)
    roots = [path.parent for path in folder.rglob("glue_2024_extra")]
    return Data(roots[0])


@pytest.mark.parametrize(("name", "train", "scored", "floor"), ROWS, ids=[row[0] for row in ROWS])
def test_rows(data, name, train, scored, floor):
    task = load_task(name)

    learnt = read(data.find(*task.files["train"]), task.form)
    asked = read(data.find(*task.files["scored"]), task.form, scored=True)

    assert (len(learnt), len(asked)) == (train, scored)
    assert 100 * majority(asked.labels, task.form.labels)[task.metric] == pytest.approx(floor, abs=1.5)
    kept, held = split(learnt, 0.1, 0)
    assert len(kept) + len(held) == train
    assert len(held) == pytest.approx(train / 10, rel=0.1)


@pytest.mark.parametrize("name", ["boolq", "multirc", "qnli", "sst2"])
def test_training_rows_that_are_not_in_the_pack_are_missing(data, name):
    task = load_task(name)

    assert len(read(data.find(*task.files["scored"]), task.form)) > 0
    with pytest.raises(DataError, match=f"{name}.train.jsonl"):
        data.find(*task.files["train"])
