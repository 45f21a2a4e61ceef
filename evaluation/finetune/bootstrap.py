"""Standard error of a metric from the items it was taken on, by drawing them again (Efron 1979).

F1 and MCC are no means of items, so items are drawn. Rows that belong together (the answers to one paragraph of
MultiRC) are drawn as one; seeds are averaged inside a draw, so what they share is counted once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for
from evaluation.finetune.metrics import value

DRAWS = 1000
_AT_ONCE = 100


def item_error(
    metric: str,
    labels: NDArray[np.int64],
    predictions: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: int,
    seed: int = 0,
) -> float | None:
    """Return the standard error of the mean over seeds of a metric; None for fewer than two groups.

    Args:
        metric: accuracy, f1 or mcc.
        labels: ``[items]``.
        predictions: ``[seeds, items]``.
        groups: ``[items]``, equal where items are drawn together.
        classes: how many.
        seed: of the draws.
    """
    many = int(groups.max(initial=-1)) + 1
    if many < 2:
        return None
    cells = classes**2
    # Counts of (label, prediction) of each seed and group.
    keys = (np.arange(len(predictions))[:, None] * many + groups) * cells + labels * classes + predictions
    counts = np.bincount(keys.ravel(), minlength=len(predictions) * many * cells).astype(np.float32)
    counts = counts.reshape(len(predictions), many, cells)
    draw = np.random.default_rng(seed_for(seed, "bootstrap"))
    values = []
    for start in range(0, DRAWS, _AT_ONCE):
        size = min(_AT_ONCE, DRAWS - start)
        drawn = draw.integers(0, many, (size, many))
        weights = np.stack([np.bincount(row, minlength=many) for row in drawn]).astype(np.float32)
        tables = np.einsum("dg,sgc->dsc", weights, counts, optimize=True).astype(float)
        values.append(value(metric, tables.reshape(size, len(predictions), classes, classes)).mean(1))
    return float(np.concatenate(values).std(ddof=1))
