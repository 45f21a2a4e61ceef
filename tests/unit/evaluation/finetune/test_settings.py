"""Each year's hyper-parameters, as its scripts have them."""

from __future__ import annotations

import pytest

from evaluation.errors import SuiteError
from evaluation.finetune.settings import FineTuneSettings, settings_for


def test_2025_by_task():
    assert [settings_for("2025", name).batch_size for name in ("boolq", "multirc", "rte")] == [16, 16, 32]
    assert [settings_for("2025", name).epochs for name in ("wsc", "rte")] == [30, 10]
    assert [settings_for("2025", name).select_by for name in ("mrpc", "qqp", "mnli")] == ["f1", "f1", "accuracy"]
    assert settings_for("2026", "wsc") == settings_for("2025", "wsc")


def test_2024():
    found = settings_for("2024", "rte")

    assert (found.learning_rate, found.batch_size, found.epochs, found.patience, found.max_length) == (
        5e-5,
        64,
        10,
        3,
        128,
    )
    assert found.head == "hugging_face"
    assert settings_for("2024", "mnli").select_by == "accuracy"


def test_lora():
    found = settings_for("2025", "rte", lora=True)

    assert found.lora is not None
    assert (found.learning_rate, found.epochs, found.lora.rank, found.lora.alpha) == (3e-4, 32, 8, 16)
    assert found.patience is None


def test_changes_and_unknown_year():
    assert settings_for("2025", "rte", max_steps=3).max_steps == 3
    with pytest.raises(SuiteError, match="2022"):
        settings_for("2022", "rte")


def test_every_setting_says_what_it_is():
    assert all(field.description for field in FineTuneSettings.model_fields.values())
