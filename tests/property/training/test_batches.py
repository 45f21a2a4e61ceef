"""Laws of layouts, plans and masks, for any documents, lengths and batch sizes."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.batches.draws import hashes, key_for
from training.batches.loader import Batches, layout_for
from training.batches.masking import KINDS, hide
from training.batches.plan import Plan
from training.batches.rows import Rows, Tokens
from training.batches.settings import Packed, Padded, Stream
from training.objectives.causal import Objective as Causal
from training.objectives.hybrid import Objective as HybridObjective
from training.objectives.masked import Objective as MaskedObjective
from training.objectives.settings import Causal as CausalSettings
from training.objectives.settings import Hybrid, Masked
from training.objectives.special import Vocabulary

BEGIN, END, PAD, MASK = 1, 2, 3, 4
SIZE = 60
VOCABULARY = Vocabulary(size=SIZE, begin=BEGIN, end=END, pad=PAD, mask=MASK, special=(0, 1, 2, 3, 4))
SPECIAL = np.arange(5)

documents = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(lambda sizes: sum(sizes) > 12)
lengths = st.integers(4, 24)
seeds = st.integers(0, 1000)


def _shards(sizes, seed=0):
    rng = np.random.default_rng(seed)
    total = sum(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    cuts = np.unique(np.concatenate([starts[:-1], rng.integers(0, total, total // 5)]))
    return SimpleNamespace(
        tokens=rng.integers(5, SIZE, total).astype(np.uint16),
        words=rng.integers(0, 3, total).astype(np.uint8),
        documents=starts,
        sentences=cuts[cuts < total].astype(np.int64),
        sources=(np.arange(len(sizes)) % 2).astype(np.int16),
        source_names=["even", "odd"],
    )


def _tokens(shards):
    return Tokens(shards.tokens, shards.documents, shards.sentences, BEGIN, END, PAD)


def _epoch(layout, length, ahead=0, epoch=0, seed=0):
    """Return all rows of an epoch, in the order of their numbers."""
    count = layout.count(length)
    rows = Rows.empty(count, length + ahead, PAD)
    layout.fill(rows, np.arange(count), length, epoch, hashes(key_for(seed, epoch), count))
    return rows


def _shown(rows, ahead=0):
    origins = rows.origins[:, : rows.origins.shape[1] - ahead]
    return origins[origins >= 0]


def _true_to_the_shards(rows, shards):
    """Every token with an origin is that token; nothing else is text; padding comes last."""
    there = rows.origins >= 0
    assert (rows.ids[there] == shards.tokens[rows.origins[there]]).all()
    assert np.isin(rows.ids[~there], SPECIAL).all()
    assert (rows.ids[rows.segments == 0] == PAD).all()
    assert not (np.diff((rows.segments > 0).astype(int), axis=1) > 0).any()


@given(documents, lengths, seeds, st.booleans(), st.booleans(), st.sampled_from(["rows", "documents"]))
def test_a_stream_shows_every_token_once_but_for_the_tail(sizes, length, seed, begin, end, shuffle):
    """Rows follow each other without gap; less than a row and a token is left over."""
    shards = _shards(sizes)
    layout = layout_for(Stream(begin=begin, end=end, shuffle=shuffle), _tokens(shards), seed)
    total = sum(sizes) + (begin + end) * sum(size > 0 for size in sizes)
    assert (total - 1) // length == layout.count(length)
    for epoch in (0, 1):
        rows = _epoch(layout, length, 1, epoch)
        _true_to_the_shards(rows, shards)
        shown = _shown(rows, 1)
        assert len(np.unique(shown)) == len(shown)
        assert len(shown) >= sum(sizes) - length
        assert (rows.segments > 0).all()
        # The token after a row's last is the first of the next row: no prediction is lost between rows.
        assert (rows.ids[:-1, -1] == rows.ids[1:, 0]).all()
        assert int((rows.ids[:, :-1] == END).sum()) <= end * len(sizes)


@given(documents, lengths, seeds)
def test_a_packed_epoch_has_each_piece_as_a_leader_once(sizes, length, seed):
    """Leaders are all tokens but pieces of a single one; rows are full, and each piece starts with the begin token."""
    shards = _shards(sizes)
    layout = layout_for(Packed(), _tokens(shards), seed)
    piece = max(length - 2, 2)
    left_out = sum(size % piece == 1 for size in sizes)
    for ahead in (0, 1):
        if not layout.count(length):
            return
        rows = _epoch(layout, length, ahead, seed=seed)
        _true_to_the_shards(rows, shards)
        leaders = rows.origins[(rows.segments == 1) & (rows.origins >= 0)]
        assert len(np.unique(leaders)) == len(leaders) == sum(sizes) - left_out
        assert (rows.segments[:, :-1] > 0).all()  # the last place alone has no room for a begin token and another
        starts = np.diff(rows.segments, axis=1, prepend=0) > 0
        assert ((rows.ids == BEGIN) == starts).all()
        assert (rows.ids[:, 0] == BEGIN).all()


@given(documents, lengths, seeds)
def test_a_padded_epoch_has_every_token_at_least_once(sizes, length, seed):
    """Without short rows; a row is one stretch of one document between begin and end."""
    shards = _shards(sizes)
    layout = layout_for(Padded(short=0), _tokens(shards), seed)
    rows = _epoch(layout, length)
    _true_to_the_shards(rows, shards)
    assert np.arange(sum(sizes)).tolist() == np.unique(_shown(rows)).tolist()
    for row in range(len(rows.ids)):
        places = rows.origins[row][rows.origins[row] >= 0]
        assert (np.diff(places) == 1).all()
        assert len(set(np.searchsorted(shards.documents, places, side="right"))) == 1
        size = len(places) + 2
        assert (BEGIN, END) == (rows.ids[row, 0], rows.ids[row, size - 1])
        assert (rows.segments[row] > 0).sum() == size


@given(documents, lengths, seeds)
def test_short_rows_are_beginnings_of_whole_ones(sizes, length, seed):
    """A row that is cut keeps its begin token, at least one token of text, and an end token."""
    shards = _shards(sizes)
    whole = _epoch(layout_for(Padded(short=0), _tokens(shards), seed), length)
    short = _epoch(layout_for(Padded(short=1), _tokens(shards), seed), length, seed=seed)
    _true_to_the_shards(short, shards)
    for row in range(len(short.ids)):
        places = short.origins[row][short.origins[row] >= 0]
        assert len(places) >= 1
        assert places.tolist() == whole.origins[row][1 : len(places) + 1].tolist()
        assert END == short.ids[row, len(places) + 1]


LAYOUTS = st.sampled_from(
    [Stream(), Stream(shuffle="rows", random_offset=True), Packed(), Padded(), Stream(begin=True)]
)
OBJECTIVES = st.sampled_from(
    [
        Causal(CausalSettings(), VOCABULARY, 0),
        HybridObjective(Hybrid(causal_share=0.4), VOCABULARY, 0),
        MaskedObjective(Masked(), VOCABULARY, 0),
    ]
)
plans = st.lists(st.tuples(st.sampled_from([6, 12]), st.integers(1, 9)), min_size=1, max_size=10)


def _batches(sizes, layout, objective, plan, **options):
    lengths_, counts = zip(*plan, strict=True)
    options = {"seed": 5, **options}
    return Batches(_shards(sizes), VOCABULARY, layout, objective, list(lengths_), list(counts), **options)


def _equal(left, right):
    return left.words == right.words and all(
        np.array_equal(value, getattr(right, name)) for name, value in vars(left).items() if value is not None
    )


@given(
    documents.filter(lambda sizes: sum(sizes) > 40 and max(sizes) > 2), LAYOUTS, OBJECTIVES, plans, st.integers(1, 4)
)
def test_any_batch_can_be_made_alone(sizes, layout, objective, plan, world):
    """In any order, by another process, after a trip to it, and in parts for several processes."""
    batches = _batches(sizes, layout, objective, plan)
    in_order = [batches[step] for step in range(len(plan))]
    again = pickle.loads(pickle.dumps(batches))  # noqa: S301  (our own)
    assert all(_equal(in_order[step], again[step]) for step in reversed(range(len(plan))))
    for batch, (_, count) in zip(in_order, plan, strict=True):
        assert count == len(batch.inputs)
    parts = [_batches(sizes, layout, objective, plan, rank=rank, world=world) for rank in range(world)]
    for step, batch in enumerate(in_order):
        split = [part[step] for part in parts]
        assert batch.inputs.tolist() == [row for part in split for row in part.inputs.tolist()]
        assert batch.targets.tolist() == [target for part in split for target in part.targets.tolist()]
        assert batch.weights.tolist() == [weight for part in split for weight in part.weights.tolist()]
        assert {batch.words} == {part.words for part in split}


@given(documents.filter(lambda sizes: sum(sizes) > 40 and max(sizes) > 2), LAYOUTS, OBJECTIVES, plans)
def test_words_and_tokens_are_those_of_what_is_shown(sizes, layout, objective, plan):
    """A word is counted where it begins, each time that token goes into the model; the token beyond the row is not."""
    batches = _batches(sizes, layout, objective, plan)
    shards = _shards(sizes)
    words = shards.words
    source = np.repeat(shards.sources, sizes)
    for step in range(len(plan)):
        rows, _ = batches.rows(step)
        batch = batches[step]
        shown = _shown(rows, objective.ahead)
        assert int(words[shown].sum()) == batch.words
        assert [int(words[shown][source[shown] == number].sum()) for number in (0, 1)] == list(batch.words_by_source)
        length = batch.inputs.shape[1]
        assert int((rows.segments[:, :length] > 0).sum()) == batch.tokens


@given(documents.filter(lambda sizes: sum(sizes) > 60), st.integers(1, 7))
def test_an_epoch_visits_each_row_once_whatever_the_batch_size(sizes, count):
    """And the next epoch visits them in an order of its own, which is the same when asked again."""
    layout = Stream(shuffle="rows")
    objective = Causal(CausalSettings(), VOCABULARY, 0)
    rows = _batches(sizes, layout, objective, [(6, 1)]).rows_in_epoch(6)
    steps = -(-3 * rows // count)
    batches = _batches(sizes, layout, objective, [(6, count)] * steps)
    firsts = np.concatenate([batches.rows(step)[0].ids[:, :6] for step in range(steps)])
    epochs = np.concatenate([batches.rows(step)[1].epochs for step in range(steps)])
    assert (np.arange(steps * count) // rows).tolist() == epochs.tolist()  # also where a step ends one
    everything = sorted(map(tuple, firsts[:rows].tolist()))
    assert everything == sorted(map(tuple, firsts[rows : 2 * rows].tolist()))
    orders = [batches._order(epoch, 6).tolist() for epoch in (0, 1)]
    assert orders[0] != orders[1] or rows < 4
    assert orders == [_batches(sizes, layout, objective, [(6, 1)])._order(epoch, 6).tolist() for epoch in (0, 1)]


@given(plans, st.integers(1, 11), st.integers(1, 11))
def test_the_portions_of_a_plan_cover_rows_exactly(plan, short_rows, long_rows):
    """In each stretch of one length the places are 0, 1, 2 ... of epoch after epoch; a new length is a new epoch."""
    lengths_, counts = zip(*plan, strict=True)
    epoch_size = {6: short_rows, 12: long_rows}
    made = Plan(list(lengths_), list(counts), epoch_size.__getitem__)
    epoch, place, before = 0, 0, lengths_[0]
    for step, (length, count) in enumerate(plan):
        if length != before:
            epoch, place, before = epoch + (place > 0), 0, length
        portions = list(made.portions(step))
        assert count == sum(len(portion.places) for portion in portions)
        for portion in portions:
            for number in portion.places.tolist():
                if place == epoch_size[length]:
                    epoch, place = epoch + 1, 0
                assert (epoch, place) == (portion.epoch, number)
                place += 1


@given(
    st.sampled_from(sorted(KINDS)),
    st.booleans(),
    st.floats(0.05, 0.9),
    st.integers(1, 6),
    st.integers(1, 30),
    seeds,
)
def test_only_text_is_hidden_and_the_rest_stays(kind, balanced, share, rows, length, seed):
    """Specials and padding keep their ids; a hidden token becomes the mask, a token of text, or stays."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, SIZE, (rows, length)).astype(np.int32)
    segments = np.sort(rng.integers(0, 3, (rows, length)).astype(np.int32), axis=1)
    origins = np.where((segments > 0) & (ids > 4), np.arange(rows * length).reshape(rows, length), -1)
    keys = hashes(key_for(seed), rows)
    options = {"share": share, "random": 0.1, "keep": 0.1, "mask_id": MASK, "regular": VOCABULARY.regular()}
    options |= {"balance_key": key_for("b") if balanced else None, "hidden_before": np.full(rows, 3 * share)}
    before = ids.copy()
    hidden, chosen = hide(kind, ids, segments, origins, keys, **options)
    assert (before == ids).all()
    assert not chosen[origins < 0].any()
    assert (hidden[~chosen] == ids[~chosen]).all()
    assert (((hidden == ids) | (hidden == MASK) | (hidden > 4))[chosen]).all()
    if kind != "tokens":
        for row in range(rows):
            for segment in set(segments[row].tolist()):
                text = (origins[row] >= 0) & (segments[row] == segment)
                assert chosen[row][text].any() or not text.any()
    again = hide(kind, ids[::-1], segments[::-1], origins[::-1], keys[::-1], **options)
    assert (again[0][::-1] == hidden).all()


@given(st.lists(st.integers(20, 60), min_size=1, max_size=5), st.sampled_from([0.15, 0.2, 0.25, 0.3, 0.5]), seeds)
def test_balanced_masking_hides_every_token_equally_often(sizes, share, seed):
    """After any number of epochs, each token of a text has been hidden as often as the mean, give or take once.

    Where an order ends within an epoch (1 / share is no whole number), a token that is last in it and first in the next
    is hidden once for both, and lags behind: seldom, so that counts differ far less than those of independent masks.
    Texts shorter than a span in each epoch (3 / share tokens) have one hidden all the same, and so more often.
    """
    shape = (len(sizes), max(sizes))
    ids = np.full(shape, 9, np.int32)
    segments = (np.arange(shape[1]) < np.array(sizes)[:, None]).astype(np.int32)
    origins = np.where(segments > 0, np.arange(ids.size).reshape(shape), -1)
    counts = np.zeros(shape, int)
    options = {"share": share, "random": 0.1, "keep": 0.1, "mask_id": MASK, "regular": VOCABULARY.regular()}
    options["balance_key"] = key_for(seed)
    for epoch in range(20):
        keys = hashes(key_for(seed, epoch), len(sizes))
        before = np.full(len(sizes), epoch * share)
        _, chosen = hide("gpt_bert_spans", ids, segments, origins, keys, hidden_before=before, **options)
        counts += chosen
        lead = counts[segments > 0] - (epoch + 1) * share
        assert lead.max() <= 1 + 1e-9
        if round(1 / share) * share == 1:
            assert lead.min() >= -1 - 1e-9
    assert lead.std() < 0.5 * np.sqrt(20 * share * (1 - share))
