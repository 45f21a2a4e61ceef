"""White space laid out one way: single spaces, no spaces around line ends, a bounded number of newlines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.kernels.compile import inlined, kernel
from curation.kernels.utf8 import SPACES, may_hold_wide_space, space_at


@kernel
def collapse(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    most_newlines: int,
    keep_tabs: bool,  # noqa: FBT001
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return new texts: every run of white space becomes a space, a tab, or up to ``most_newlines`` newlines.

    A run becomes newlines if it holds any, else a tab if it holds one and ``keep_tabs``, else one space. Runs at the
    ends of a text go. Words are never touched, so word counts cannot change.
    """
    n = len(offsets) - 1
    out = np.empty(offsets[n] - offsets[0], dtype=np.uint8)
    new = np.zeros(n + 1, dtype=np.int64)
    place = 0
    for row in range(n):
        i, end = offsets[row], offsets[row + 1]
        begin = place
        if _clean(data[i:end]):
            out[place : place + end - i] = data[i:end]
            new[row + 1] = place = place + end - i
            continue
        while i < end:
            b = data[i]
            # Nearly every byte is visible, or a lone space between two visible ones: one branch that predicts well.
            lone = (b == 32) & (place > begin) & (i + 1 < end)
            if (SPACES[b] == 0) | (lone and SPACES[data[i + 1]] == 0):
                out[place] = b
                place += 1
                i += 1
                continue
            newlines = 0
            tab = False
            first = i
            while i < end:
                width = space_at(data, i)
                if width == 0:
                    break
                newlines += data[i] == 10
                tab |= data[i] == 9
                i += width
            if i == first:  # a visible character whose first byte could have begun a space
                out[place] = b
                place += 1
                i += 1
            elif place > begin and i < end:
                if newlines > 0:
                    for _ in range(min(newlines, most_newlines)):
                        out[place] = 10
                        place += 1
                else:
                    out[place] = 9 if tab and keep_tabs else 32
                    place += 1
        new[row + 1] = place
    return out[:place].copy(), new


@inlined
def _clean(text: NDArray[np.uint8]) -> bool:
    """Return whether all white space is lone spaces and newlines: then nothing is to be done.

    No branch, and indices from 0 on: the compiler turns the loops into vector instructions.
    """
    n = len(text)
    if n == 0:
        return True
    odd = np.uint8((text[0] <= 32) | (text[n - 1] <= 32))
    for i in range(n - 1):
        b, c = text[i], text[i + 1]
        lone = (b == 32) | (b == 10)
        odd |= np.uint8((lone & (c <= 32)) | ((b < 32) & (b != 10)))
    return odd == 0 and not may_hold_wide_space(text)
