"""Plans of scorers that read words or characters, not a network's tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.queries import Plan, Query


@dataclass(frozen=True)
class ValuePlan(Plan):
    """A plan whose log-probabilities are already known: they cost nothing to find.

    Attributes:
        values: float32 ``[tokens]``.
    """

    values: NDArray[np.float32]


def of_spans(queries: Sequence[Query], found: Iterable[Sequence[tuple[int, int, float, bool]]]) -> ValuePlan:
    """Return the plan of queries whose tokens are (first character, end, log-probability, unknown), in order.

    Those that end at or before a query's ``start`` are context, and left out. An end mark ends behind the text.
    """
    offsets, spans, values, unknown = [0], [], [], []
    for query, tokens in zip(queries, found, strict=True):
        for start, end, value, strange in tokens:
            if end > query.start:
                spans.append((start, min(end, len(query.text))))
                values.append(value)
                unknown.append(strange)
        offsets.append(len(values))
    return ValuePlan(
        queries,
        np.asarray(offsets, np.int64),
        np.asarray(spans, np.int32).reshape(-1, 2),
        np.asarray(unknown, bool),
        np.asarray(values, np.float32),
    )
