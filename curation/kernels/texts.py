"""Copying texts: gather rows in any order, cut them, join what is left of their lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import kernel


@kernel
def gather(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    out: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> None:
    """Copy piece i of ``data`` (start, length) to ``out`` at ``places[i]``."""
    for i in range(len(starts)):
        start, place = starts[i], places[i]
        for k in range(lengths[i]):
            out[place + k] = data[start + k]


@kernel
def join_lines(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    piece_offsets: NDArray[np.int64],
    piece_rows: NDArray[np.int64],
    keep: NDArray[np.bool_],
    changed: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts without the pieces that are not kept.

    Pieces lie end to end and cover the texts: piece p is ``data[piece_offsets[p]:piece_offsets[p + 1]]`` and belongs
    to text ``piece_rows[p]``. A changed text loses the newlines at its end; the others are copied as they are.
    """
    n = len(offsets) - 1
    out = np.empty(offsets[n] - offsets[0], dtype=np.uint8)
    new = np.zeros(n + 1, dtype=np.int64)
    place = 0
    piece = 0
    for row in range(n):
        begin = place
        while piece < len(piece_rows) and piece_rows[piece] == row:
            if keep[piece] or not changed[row]:
                for k in range(piece_offsets[piece], piece_offsets[piece + 1]):
                    out[place] = data[k]
                    place += 1
            piece += 1
        if changed[row]:
            while place > begin and out[place - 1] == 10:
                place -= 1
        new[row + 1] = place
    return out[:place].copy(), new


@kernel
def pack_records(
    ids: NDArray[np.uint8], words: NDArray[np.int32], data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Return what the canonical digest is taken over.

    For each document: id (16 bytes), words and byte length (8 bytes each, little-endian), text.
    """
    n = len(words)
    out = np.empty(32 * n + offsets[n] - offsets[0], dtype=np.uint8)
    place = 0
    for row in range(n):
        length = offsets[row + 1] - offsets[row]
        for k in range(16):
            out[place + k] = ids[16 * row + k]
        for k in range(8):
            out[place + 16 + k] = (np.int64(words[row]) >> (8 * k)) & 0xFF
            out[place + 24 + k] = (length >> (8 * k)) & 0xFF
        place += 32
        for k in range(length):
            out[place + k] = data[offsets[row] + k]
        place += length
    return out
