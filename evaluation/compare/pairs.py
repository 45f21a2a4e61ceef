"""The items that two evaluations share, and the difference on them with its error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.stats.errors import StatisticsError
from evaluation.stats.estimate import Estimate
from evaluation.stats.item_error import macro
from evaluation.stats.total_error import of_difference

Row = dict[str, Any]


def pair(rows_a: Sequence[Row], rows_b: Sequence[Row]) -> tuple[list[tuple[Row, Row]], str]:
    """Return the items that both evaluations have, in the first's order, or why they are not the same items.

    Names alone are not trusted: where both sides chose the same option of an item, its text must be the same, too.
    """
    of_b = {(row["group"], row["uid"]): row for row in rows_b}
    pairs = [(row, of_b[key]) for row in rows_a if (key := (row["group"], row["uid"])) in of_b]
    if not pairs:
        return [], "no item has the same name in both"
    for one, other in pairs:
        counts = [len(row["scores"]) for row in (one, other) if row.get("scores")]
        if one["gold"] != other["gold"] or len(set(counts)) > 1:
            return [], f"{one['uid']} is not the same item in both"
        texts = [row.get("answer") for row in (one, other)]
        if one["chosen"] == other["chosen"] and None not in texts and str(texts[0]).strip() != str(texts[1]).strip():
            return [], f"{one['uid']} has other options in both"
    return pairs, ""


def difference_of(pairs: Sequence[tuple[Row, Row]]) -> tuple[tuple[float, float], Estimate, str]:
    """Return both means, times 100, the second less the first with its error over items, and why that is not known."""
    groups = [row["group"] for row, _ in pairs]
    first = 100 * np.array([row["credit"] for row, _ in pairs], np.float64)
    second = 100 * np.array([row["credit"] for _, row in pairs], np.float64)
    weights = group_weights(groups)
    values = float(weights @ first), float(weights @ second)
    try:
        items = dataclasses.replace(macro(groups), weights=weights)
        return values, of_difference([second], [first], items).items, ""
    except StatisticsError as error:
        return values, Estimate(values[1] - values[0], None, None, None, None, None), str(error)


def group_weights(groups: Sequence[str]) -> NDArray[np.float64]:
    """Return each item's weight in the mean of its groups' means; ``a/b`` is group ``b`` inside ``a``."""
    below: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
        parts = group.split("/")
        for depth in range(len(parts)):
            below.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
    weight = {}
    for group, size in sizes.items():
        parts = group.split("/")
        share = 1.0 / size
        for depth in range(len(parts)):
            share /= len(below["/".join(parts[:depth])])
        weight[group] = share
    return np.array([weight[group] for group in groups], np.float64)
