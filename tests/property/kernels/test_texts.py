"""Copying texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.texts import gather, join_lines, pack_records
from tests.strategies import batches, texts
from tests.unit.helpers import buffers, strings


@given(st.lists(st.lists(st.tuples(texts, st.booleans()), max_size=4), max_size=5))
def test_join_lines_keeps_the_pieces_that_are_kept(rows):
    """Line filters and line deduplication cut texts with it: a text without a cut must not change by a byte."""
    data, offsets = buffers(["".join(piece for piece, _ in row) for row in rows])
    pieces = [(number, piece, keep) for number, row in enumerate(rows) for piece, keep in row]
    bounds = np.cumsum([0, *(len(piece.encode()) for _, piece, _ in pieces)], dtype=np.int64)
    owners = np.array([number for number, _, _ in pieces], np.int64)
    keep = np.array([kept for _, _, kept in pieces], np.bool_)
    changed = np.array([not all(kept for _, kept in row) for row in rows], np.bool_)
    expected = [
        "".join(piece for piece, kept in row if kept).rstrip("\n") if cut else "".join(piece for piece, _ in row)
        for row, cut in zip(rows, changed, strict=True)
    ]
    assert strings(*join_lines(data, offsets, bounds, owners, keep, changed)) == expected


@given(batches, st.data())
def test_gather_copies_rows_in_any_order(batch, data):
    """The corpus is written in another order than it was read."""
    raw, offsets = buffers(batch)
    order = np.array(data.draw(st.permutations(range(len(batch)))), np.int64)
    lengths = np.diff(offsets)[order]
    places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    out = np.empty(int(places[-1]), np.uint8)
    gather(raw, offsets[:-1][order], lengths, out, places[:-1])
    assert strings(out, places) == [batch[row] for row in order]


@given(batches)
def test_pack_records_is_the_documented_layout(batch):
    """The digest of a corpus is taken over this: anyone must be able to compute it from the documentation."""
    ids = np.arange(16 * len(batch), dtype=np.uint64).astype(np.uint8)
    words = np.array([len(text.split()) for text in batch], np.int32)
    expected = b"".join(
        ids[16 * row : 16 * row + 16].tobytes()
        + int(words[row]).to_bytes(8, "little")
        + len(text.encode()).to_bytes(8, "little")
        + text.encode()
        for row, text in enumerate(batch)
    )
    assert pack_records(ids, words, *buffers(batch)).tobytes() == expected
