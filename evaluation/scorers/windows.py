"""Texts as a causal model reads them: up to the last token that is asked for, and in windows if they are too long.

A text longer than the model's ``limit`` is read in windows. The last window ends with the text, so what is cut off is
the far left; if more is scored than half a window holds, further windows stand before it.
Every scored token then sees at least ``limit / 2`` tokens before it, or all there are. The first token of a text, which
may be a begin token, heads every window.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.scorers.tokens import TokenPlan


class Windows(NamedTuple):
    """Token sequences to be run, and where in them the answers are.

    Attributes:
        ids: int32, the windows one after the other.
        bounds: int64 ``[windows + 1]``, where each begins.
        numbers: int64 ``[n]``, scored tokens by their number in the plan, window by window.
        answers: int64 ``[n]``, the entry of ``ids`` that answers for each.
        asked: int64 ``[windows + 1]``, where each window's scored tokens begin.
    """

    ids: NDArray[np.int32]
    bounds: NDArray[np.int64]
    numbers: NDArray[np.int64]
    answers: NDArray[np.int64]
    asked: NDArray[np.int64]


def cut(plan: TokenPlan, numbers: NDArray[np.int64], limit: int | None) -> Windows:
    """Return the windows that answer for some scored tokens.

    Args:
        plan: has the tokens.
        numbers: int64, ascending.
        limit: the most tokens of a window, or None for any number.
    """
    queries, first = np.unique(plan.query_of(numbers), return_index=True)
    asked = np.append(first, len(numbers))
    starts = plan.rows[queries]
    places = plan.places[numbers]
    # What answers for a token is the one before it: the last that is run is the one before the last scored.
    lengths = places[asked[1:] - 1] - starts
    if limit is None or not len(queries) or lengths.max() <= limit:
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        moved = bounds[:-1] - starts
        source = np.arange(bounds[-1]) - np.repeat(moved, lengths)
        return Windows(plan.ids[source], bounds, numbers, places - 1 + np.repeat(moved, np.diff(asked)), asked)
    return _slide(plan, numbers, starts, lengths, asked, limit)


def _slide(
    plan: TokenPlan,
    numbers: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    asked: NDArray[np.int64],
    limit: int,
) -> Windows:
    ids: list[NDArray[np.int32]] = []
    order: list[NDArray[np.int64]] = []
    answers: list[NDArray[np.int64]] = []
    total = 0
    for query, start in enumerate(starts.tolist()):
        mine = numbers[asked[query] : asked[query + 1]]
        place = plan.places[mine] - start - 1  # in the text, of the token that answers
        stop = int(lengths[query])
        while len(mine):
            from_ = max(stop - limit + 1, 1) if stop > limit else 0
            # The oldest half of a window only serves as context, unless nothing stands before it.
            here = place >= (from_ + (limit - 1) // 2 if from_ else 0)
            head = plan.ids[start : start + 1] if from_ else plan.ids[:0]
            window = np.concatenate([head, plan.ids[start + from_ : start + stop]])
            ids.append(window)
            order.append(mine[here])
            answers.append(total + place[here] - from_ + len(head))
            total += len(window)
            mine, place = mine[~here], place[~here]
            stop = int(place[-1]) + 1 if len(place) else 0
    return Windows(
        np.concatenate(ids),
        np.concatenate([[0], np.cumsum([len(window) for window in ids])]),
        np.concatenate(order),
        np.concatenate(answers),
        np.concatenate([[0], np.cumsum([len(part) for part in order])]),
    )
