"""Fine-tunes that learnt nothing, which pass for scores: WSC at exactly 61.5 in several official baseline tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Logits of all items closer than this are one output: the model does not see its input.
SAME = 1e-5


def degenerate(labels: NDArray[np.int64], logits: NDArray[np.float32], value: float, majority: float) -> str | None:
    """Return why a result says nothing of the model, or None.

    Args:
        labels: ``[items]``.
        logits: ``[items, classes]``.
        value: of the task's metric.
        majority: what one and the same answer for all items reaches in it.
    """
    if len(labels) > 1 and float(np.ptp(logits, axis=0).max()) < SAME:
        return "the output is the same for every item: the head does not see the text"
    answers = np.unique(logits.argmax(1))
    if len(answers) == 1:
        common = np.bincount(labels).argmax() == answers[0]
        return f"answers class {answers[0]} for every item" + (", the most common one" if common else "")
    if abs(value - majority) < 1e-9:
        return f"exactly what one and the same answer for every item reaches ({100 * majority:.1f})"
    return None


def of_seeds(found: Sequence[str | None]) -> str | None:
    """Return one text for all seeds, or None."""
    texts = [text for text in found if text]
    if not texts:
        return None
    where = f"{len(texts)} of {len(found)} seeds: " if len(found) > 1 else ""
    return where + "; ".join(dict.fromkeys(texts))
