"""Bits per byte of held-out tokens, one figure a source: what a network trained on the same tokens should beat.

The same measure as ``training/heldout.py``: the bits of the probability given to each document's tokens, its begin mark
before them and no end mark behind, over the UTF-8 bytes of its text.
"""

from __future__ import annotations

import numpy as np

from evaluation.errors import EvaluateError
from evaluation.ngram.model import NgramModel
from evaluation.ngram.train import opened
from training.shards import Shards

#: Log2 of a factor of ten.
_BITS = float(np.log2(10.0))


def bits_per_byte(model: NgramModel, shards: Shards) -> dict[str, float]:
    """Return the bits per byte of each source, and of all of them under ``all``; sources without text are left out.

    Args:
        model: from ``of_shards``, over the tokens of the same tokenizer.
        shards: held-out tokens.

    Raises:
        EvaluateError: the shards are of another tokenizer than the model.
    """
    mine, theirs = model.facts.get("tokenizer", ""), shards.meta.get("tokenizer", "")
    if mine != theirs or (len(shards.tokens) and int(shards.tokens.max()) >= model.begin):
        raise EvaluateError(
            "the held-out tokens are of another tokenizer than the n-gram model", where=str(shards.folder)
        )
    values, _ = model.log10(opened(shards, model.begin))
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    starts = np.asarray(shards.documents) + np.arange(len(shards.documents))  # of the begin marks
    bits = -_BITS * (sums[starts[1:]] - sums[starts[:-1] + 1])
    found = {}
    for number, name in enumerate(shards.source_names):
        here = np.asarray(shards.sources) == number
        if size := int(shards.bytes[here].sum()):
            found[name] = float(bits[here].sum()) / size
    if size := int(shards.bytes.sum()):
        found["all"] = float(bits.sum()) / size
    return found
