"""What each held-out document costs: counted by another way, and in sum the figure of the run."""

from __future__ import annotations

import itertools
import json
import math
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from tests.tiny_training import CAUSAL, NO_DROPOUT, texts
from training.heldout import Heldout
from training.objectives.special import Vocabulary
from training.run import HELDOUT

SIZE = 12


class Bigram:
    """A model whose cost of a token depends on the token before it alone."""

    training = False

    def __init__(self):
        self.table = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0))

    def eval(self):
        return self

    def train(self, mode):
        return self

    def hidden(self, inputs, segments, causal):
        return inputs[..., None]

    def logits(self, hidden):
        return self.table[hidden[:, 0]]


def shards(documents, sources, sizes):
    offsets = np.cumsum([0, *map(len, documents)])
    return SimpleNamespace(
        tokens=np.array([token for document in documents for token in document], np.uint16),
        documents=offsets,
        sources=np.array(sources, np.int16),
        bytes=np.array(sizes),
        source_names=["a", "b"],
    )


@pytest.mark.parametrize("begin", [True, False])
@pytest.mark.parametrize("length", [3, 8, 64])
def test_each_document_costs_what_its_tokens_cost(begin, length):
    documents = [[4, 5, 6, 7, 8, 9, 4, 4], [5], [], [9, 8, 7], [10, 11, 4, 5, 6], [6, 6]]
    held = shards(documents, [0, 0, 0, 1, 0, 1], [20, 3, 1, 9, 14, 5])
    vocabulary = Vocabulary(size=SIZE, special=(0, 1, 2, 3), begin=1, end=2, pad=0, mask=3)
    model = Bigram()
    heldout = Heldout(held, vocabulary, length, masked=False, begin=begin)
    assert heldout.by_document() is None, "nothing is measured yet"
    told = heldout.measure(model, torch.device("cpu"))
    table = heldout.by_document()
    assert table is not None

    logs = model.table.log_softmax(-1)
    expected = {}
    for source in ((0, 1, 4), (3, 5)):  # one after the other; the document without tokens is left out
        before: list[int] = []
        for number in source:
            # Without a begin mark the first token of a document is told from the end of the one before it.
            tokens = ([1] if begin else before[-1:]) + documents[number]
            bits = -sum(float(logs[a, b]) for a, b in itertools.pairwise(tokens)) / math.log(2)
            expected[number] = ("ab"[held.sources[number]], int(held.bytes[number]), bits)
            before = documents[number]
    for row, wanted in zip(table.to_pylist(), expected.values(), strict=True):
        assert (row["source"], row["bytes"]) == wanted[:2]
        assert row["bits"] == pytest.approx(wanted[2], abs=1e-5)
    for name in "ab":
        rows = [row for row in table.to_pylist() if row["source"] == name]
        assert told[name] == pytest.approx(sum(r["bits"] for r in rows) / sum(r["bytes"] for r in rows), rel=1e-9)


def test_a_run_leaves_them_and_they_add_up_to_its_figure(trained, tmp_path):
    (tmp_path / "out.txt").write_text("\n".join(texts(20, seed=3)))
    changes = CAUSAL | NO_DROPOUT | {"duration.steps": 4}
    run = trained(changes, heldout={"outside": tmp_path / "out.txt"})
    table = pq.read_table(run.folder / HELDOUT)
    told = json.loads((run.folder / "run.json").read_text())["result"]["bits_per_byte"]
    assert set(told) == set(table["source"].to_pylist())
    assert "outside" in told
    for name, value in told.items():
        rows = [row for row in table.to_pylist() if row["source"] == name]
        assert value == pytest.approx(sum(r["bits"] for r in rows) / sum(r["bytes"] for r in rows), rel=1e-9)
    assert len([row for row in table.to_pylist() if row["source"] == "outside"]) == 20


def test_a_masked_run_leaves_none(trained):
    run = trained({"objective": {"use": "masked"}, "duration.steps": 2})
    assert not (run.folder / HELDOUT).exists()
