"""Accuracy, F1 and Matthews' correlation from counts of (label, prediction), and what answering always the same gives.

F1 is that of class 1 among two, as scikit-learn's ``f1_score`` has it in the official code; for more classes it is not
defined here. MCC for any number of classes is Gorodkin's (2004), which is Matthews' (1975) for two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def count(labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int) -> Counts:
    """Return how often each label got each prediction, ``[classes, classes]``."""
    return np.bincount(labels * classes + predictions, minlength=classes**2).reshape(classes, classes).astype(float)


def value(metric: str, counts: Counts) -> NDArray[np.float64]:
    """Return a metric of counts ``[..., classes, classes]``, as ``[...]``; 0 where it is not defined.

    Args:
        metric: accuracy, f1 or mcc.
        counts: rows are labels, columns predictions.
    """
    total = counts.sum((-2, -1))
    right = np.trace(counts, axis1=-2, axis2=-1)
    if metric == "accuracy":
        return _ratio(right, total)
    labelled, predicted = counts.sum(-1), counts.sum(-2)
    if metric == "f1":
        return _ratio(2 * counts[..., 1, 1], labelled[..., 1] + predicted[..., 1])
    spread = (total**2 - (labelled**2).sum(-1)) * (total**2 - (predicted**2).sum(-1))
    return _ratio(right * total - (labelled * predicted).sum(-1), np.sqrt(spread))


def _ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    zeros = np.zeros_like(np.asarray(over, float))
    ratio: NDArray[np.float64] = np.divide(over, under, out=zeros, where=np.asarray(under) > 0)
    return ratio


def known(classes: int) -> Sequence[str]:
    """Return the metrics that are defined for a number of classes."""
    return ("accuracy", "f1", "mcc") if classes == 2 else ("accuracy", "mcc")


def all_values(labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int) -> dict[str, float]:
    """Return every metric that is defined."""
    counts = count(labels, predictions, classes)
    return {metric: float(value(metric, counts)) for metric in known(classes)}


def majority(labels: NDArray[np.int64], classes: int) -> Mapping[str, float]:
    """Return the best that one and the same answer for all items reaches in each metric.

    For accuracy it is the most common label's; for F1 it is "yes" to all: 82.0 for MRPC and 53.1 for QQP in the tables
    of babylm/evaluation-pipeline-2023.
    """
    best = {}
    for metric in known(classes):
        constant = [count(labels, np.full_like(labels, label), classes) for label in range(classes)]
        best[metric] = max(float(value(metric, counts)) for counts in constant)
    return best


def chance(metric: str, labels: NDArray[np.int64], classes: int) -> float:
    """Return what a fair die reaches in expectation (of its counts)."""
    per_label = np.bincount(labels, minlength=classes).astype(float)
    return float(value(metric, np.repeat(per_label[:, None] / classes, classes, axis=1)))
