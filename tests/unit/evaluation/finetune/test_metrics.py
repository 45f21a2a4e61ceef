"""Metrics from counts: against counting by hand and published floors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.finetune.metrics import all_values, chance, majority


def test_against_counting_by_hand():
    labels = np.array([1, 1, 1, 0, 0, 1])
    predictions = np.array([1, 0, 1, 1, 0, 1])  # 3 true positives, 1 false negative, 1 false positive, 1 true negative

    found = all_values(labels, predictions, 2)

    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert found["mcc"] == pytest.approx((3 * 1 - 1 * 1) / (4 * 2 * 4 * 2) ** 0.5)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_mcc_is_the_correlation_of_the_two(pairs):
    labels, predictions = np.array(pairs).T

    found = all_values(labels, predictions, 2)["mcc"]

    if labels.std() == 0 or predictions.std() == 0:
        assert found == 0
    else:
        assert found == pytest.approx(np.corrcoef(labels, predictions)[0, 1])


def test_three_classes_have_no_f1():
    found = all_values(np.array([0, 1, 2]), np.array([0, 1, 2]), 3)

    assert found == {"accuracy": 1.0, "mcc": 1.0}


@pytest.mark.parametrize(
    ("positive", "metric", "published"),
    [(0.695, "f1", 82.0), (0.3614, "f1", 53.1), (0.386, "accuracy", 61.4), (0.7, "mcc", 0.0)],
    ids=["MRPC", "QQP", "WSC", "CoLA"],
)
def test_floors_of_the_2023_tables(positive, metric, published):
    labels = (np.arange(1000) < 1000 * positive).astype(np.int64)

    assert round(100 * majority(labels, 2)[metric], 1) == pytest.approx(published, abs=0.11)


def test_chance():
    labels = np.array([1, 1, 1, 0])

    assert chance("accuracy", labels, 2) == 0.5
    assert chance("mcc", labels, 2) == 0
    assert chance("f1", labels, 2) == pytest.approx(2 * 0.75 * 0.5 / (0.75 + 0.5))
    assert chance("accuracy", np.array([0, 1, 2, 2]), 3) == pytest.approx(1 / 3)
