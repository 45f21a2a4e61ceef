"""How much is hidden, behind what, in spans of which lengths."""

from __future__ import annotations

import numpy as np
import pytest

from training.batches.draws import hashes, key_for
from training.batches.masking import hide

MASK, TEXT = 4, 9
ROWS, LENGTH = 400, 64


def _hide(kind, share, *, random=0.1, keep=0.1, balanced=False, seed=0):
    """Return rows of one text token with some hidden."""
    shape = (ROWS, LENGTH)
    ids, segments = np.full(shape, TEXT, np.int32), np.ones(shape, np.int32)
    origins = np.arange(ids.size).reshape(shape)
    return hide(
        kind,
        ids,
        segments,
        origins,
        hashes(key_for(seed), ROWS),
        share=share,
        random=random,
        keep=keep,
        mask_id=MASK,
        regular=np.arange(10, 1000, dtype=np.int32),
        balance_key=key_for(seed, "balance") if balanced else None,
        hidden_before=np.zeros(ROWS),
    )


def _spans(chosen):
    """Return the lengths of the stretches of hidden tokens."""
    edges = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(int), axis=1)
    starts, stops = np.nonzero(edges == 1)[1], np.nonzero(edges == -1)[1]
    return stops - starts


KINDS = [("tokens", False), ("ltg_spans", False), ("gpt_bert_spans", False), ("gpt_bert_spans", True)]


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
@pytest.mark.parametrize(("kind", "balanced"), KINDS)
def test_as_much_is_hidden_as_was_asked(kind, balanced, share):
    """25,600 tokens: four standard deviations of independent ones are a hundredth, of spans two.

    GPT-BERT's spans are hidden whole until there is enough, so up to two tokens of 64 more.
    """
    _, chosen = _hide(kind, share, balanced=balanced)
    most = share + (1 / LENGTH if kind == "gpt_bert_spans" else 0)
    assert share - 0.02 < chosen.mean() < most + 0.02


@pytest.mark.parametrize(("kind", "balanced"), KINDS)
def test_of_the_hidden_a_tenth_is_random_and_a_tenth_stays(kind, balanced):
    """80/10/10; the random ones are tokens of text, many different ones."""
    hidden, chosen = _hide(kind, 0.3, balanced=balanced)
    fates = hidden[chosen]
    assert 0.77 < (fates == MASK).mean() < 0.83
    assert 0.08 < (fates == TEXT).mean() < 0.12
    others = fates[(fates != MASK) & (fates != TEXT)]
    assert 0.08 < len(others) / len(fates) < 0.12
    assert len(np.unique(others)) > 300
    assert others.min() >= 10


@pytest.mark.parametrize(("kind", "balanced"), KINDS)
def test_all_hidden_become_the_mask_where_nothing_else_is_asked(kind, balanced):
    hidden, chosen = _hide(kind, 0.3, random=0, keep=0, balanced=balanced)
    assert (hidden[chosen] == MASK).all()
    hidden, chosen = _hide(kind, 0.3, random=0, keep=1, balanced=balanced)
    assert (hidden == TEXT).all()
    assert chosen.any()


def test_lone_tokens_spans_of_three_and_long_tails():
    """At a low rate stretches seldom meet: BERT's are single tokens, GPT-BERT's 1 to 3 alike, LTG-BERT's geometric."""
    lengths = {kind: _spans(_hide(kind, 0.03)[1]) for kind in ("tokens", "gpt_bert_spans", "ltg_spans")}
    assert lengths["tokens"].mean() < 1.1
    shares = np.bincount(lengths["gpt_bert_spans"], minlength=4)[1:4] / len(lengths["gpt_bert_spans"])
    assert shares.min() > 0.2
    assert 1.7 < lengths["gpt_bert_spans"].mean() < 2.3
    assert lengths["ltg_spans"].max() <= LENGTH


def test_the_first_span_of_ltg_has_a_geometric_length():
    """P(n) = (2/3)^(n-1) / 3: with many tokens to hide, an eighth of all stretches is longer than five."""
    _, chosen = _hide("ltg_spans", 0.15)
    spans = _spans(chosen)
    assert 2 < spans.mean() < 4
    assert (spans > 5).mean() > 0.05
