"""Which tokens of a row are hidden, and behind what: pure functions of a key for each row.

* ``tokens``: each token with probability p, replaced one by one (BERT, arXiv 1810.04805).
* ``ltg_spans``: Binomial(tokens, p) tokens, at least one, in spans of Geometric(1/3) mod 10 tokens at random places;
  what replaces them is drawn a span (LTG-BERT, arXiv 2303.09859; ``babylm/train/dataset.py`` of its code).
* ``gpt_bert_spans``: spans of one to three tokens tile each document of the row; those of lowest rank are hidden until
  floor(tokens p + U[0, 1)) tokens, at least one, are (GPT-BERT, arXiv 2410.24159; ``pretraining/dataset.py``).

GPT-BERT's code keeps tables of how often each token was hidden and prefers the rarely hidden. A table that grows as
batches arrive cannot be made again after a crash. ``balanced`` does it without state: in each cycle of 1/p epochs the
spans of a text are put in one hashed order, and each epoch hides the next share of it.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from training.batches.draws import mix, uniform

KINDS = {"tokens": 0, "ltg_spans": 1, "gpt_bert_spans": 2}
MASK, RANDOM, KEEP = 0, 1, 2


def hide(
    kind: str,
    ids: NDArray[np.int32],
    segments: NDArray[np.int32],
    origins: NDArray[np.int64],
    keys: NDArray[np.uint64],
    *,
    share: float,
    random: float,
    keep: float,
    mask_id: int,
    regular: NDArray[np.int32],
    balance_key: np.uint64 | None = None,
    hidden_before: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the rows with tokens hidden, and which they are. Only text is hidden: tokens with an origin.

    Args:
        kind: a key of ``KINDS``.
        ids: [B, T].
        segments: [B, T], 0 for padding.
        origins: [B, T], the tokens' places in the shards, or -1.
        keys: a random stream for each row [B].
        share: of the text tokens to hide.
        random: share of the hidden that become a random token.
        keep: share of the hidden that stay.
        mask_id: what the others become.
        regular: ids that a random token may be.
        balance_key: hide evenly over epochs, in orders hashed with this key; None draws ranks at random.
        hidden_before: how often a token of each row has been hidden so far on average: the sum of its epochs' shares.
    """
    hidden, chosen = ids.copy(), np.zeros(ids.shape, np.bool_)
    balanced = balance_key is not None
    key = balance_key if balance_key is not None else np.uint64(0)
    fate = np.array([random, random + keep])
    _hide_rows(
        KINDS[kind],
        hidden,
        chosen,
        segments,
        origins,
        keys,
        share,
        fate,
        mask_id,
        regular,
        balanced,
        key,
        np.zeros(len(ids)) if hidden_before is None else hidden_before,
    )
    return hidden, chosen


@njit(cache=True)
def _hide_rows(kind, ids, chosen, segments, origins, keys, share, fate, mask_id, regular, balanced, key, clock):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    places = np.empty(ids.shape[1], np.int64)
    for row in range(ids.shape[0]):
        start, piece = 0, 0
        while start < ids.shape[1]:
            stop = start
            while stop < ids.shape[1] and segments[row, stop] == segments[row, start]:
                stop += 1
            count = 0
            for column in range(start, stop):
                if origins[row, column] >= 0:
                    places[count] = column
                    count += 1
            stream = mix(keys[row] ^ mix(uint64(piece)))
            if count:
                args = (ids[row], chosen[row], places[:count], stream, share, fate, mask_id, regular)
                if kind == 0:
                    _tokens(*args)
                elif kind == 1:
                    _ltg_spans(*args)
                else:
                    _gpt_bert_spans(*args, origins[row], balanced, key, clock[row])
            start = stop
            piece += 1


@njit(cache=True, inline="always")
def _fate(draw, fate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if draw < fate[0]:
        return RANDOM
    return KEEP if draw < fate[1] else MASK


@njit(cache=True, inline="always")
def _replace(ids, column, what, mask_id, regular, draw):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if what == MASK:
        ids[column] = mask_id
    elif what == RANDOM:
        ids[column] = regular[np.int64(draw * len(regular))]


@njit(cache=True)
def _tokens(ids, chosen, places, stream, share, fate, mask_id, regular):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for number in range(len(places)):
        if uniform(stream, 3 * number) < share:
            column = places[number]
            chosen[column] = True
            what = _fate(uniform(stream, 3 * number + 1), fate)
            _replace(ids, column, what, mask_id, regular, uniform(stream, 3 * number + 2))


@njit(cache=True)
def _ltg_spans(ids, chosen, places, stream, share, fate, mask_id, regular):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    draw, target = 0, 0
    for _ in range(len(places)):
        target += uniform(stream, draw) < share
        draw += 1
    target = max(target, 1)
    done = 0
    for _ in range(100):
        if done >= target:
            return
        # Geometric(1/3) by inversion, counted from 1; the published code takes it modulo 10, so 0 can come out.
        length = (1 + np.int64(math.log(1.0 - uniform(stream, draw)) / math.log(2.0 / 3.0))) % 10
        first = np.int64(uniform(stream, draw + 1) * len(places))
        what = _fate(uniform(stream, draw + 2), fate)
        draw += 3
        for number in range(first, min(first + length, len(places))):
            column = places[number]
            if not chosen[column] and done < target:
                chosen[column] = True
                done += 1
                _replace(ids, column, what, mask_id, regular, uniform(stream, draw))
                draw += 1


@njit(cache=True)
def _gpt_bert_spans(ids, chosen, places, stream, share, fate, mask_id, regular, origins, balanced, key, clock):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    count = len(places)
    starts = np.empty(count, np.int64)
    # Balanced: the tiling and its order belong to (text, cycle), and an epoch takes the next share of that order.
    name = uint64(key) ^ mix(uint64(origins[places[0]])) ^ uint64(count)
    cycle = np.int64(math.floor(clock)) if balanced else 0
    if balanced:
        # Each share begins where the one of the epoch before ended, whatever the last digits of the products.
        low = math.ceil((clock - cycle) * count - 1e-6)
        high = math.ceil((clock - cycle + share) * count - 1e-6)
    else:
        low, high = 0, math.floor(count * share + uniform(stream, 0))
    draw, done = 1, 0
    while True:
        tiling = mix(name ^ mix(uint64(cycle))) if balanced else stream
        spans = _tile(tiling, count, starts)
        before = 0
        for span in np.argsort(_ranks(tiling, spans)):
            stop = starts[span + 1] if span + 1 < spans else count
            if before >= low and (before < high or done == 0):
                what = _fate(uniform(stream, draw), fate)
                draw += 1
                for column in places[starts[span] : stop]:
                    if not chosen[column]:
                        chosen[column] = True
                        _replace(ids, column, what, mask_id, regular, uniform(stream, draw))
                        draw += 1
                    done += 1
            before += stop - starts[span]
        # The window may run over the end of this cycle, into the start of the next one's order.
        low, high = 0, high - count
        cycle += 1
        if high <= 0 and done > 0:
            return


@njit(cache=True)
def _tile(stream, count, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Cut ``count`` places into spans of one to three, write where each starts, return how many."""
    spans, place = 0, 0
    while place < count:
        starts[spans] = place
        place += 1 + np.int64(uniform(stream, 2 * spans + 1) * 3)
        spans += 1
    return spans


@njit(cache=True)
def _ranks(stream, spans):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    ranks = np.empty(spans, np.float64)
    for span in range(spans):
        ranks[span] = uniform(stream, 2 * span + 2)
    return ranks
