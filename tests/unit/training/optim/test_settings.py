"""Settings of optimisation: what a recipe may say, and what it is told when it may not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from training.optim.settings import Adamw, Cosine, Lamb, Muon, OptimizerSettings, ScheduleSettings, Trapezoid

optimizers = TypeAdapter(OptimizerSettings)
schedules = TypeAdapter(ScheduleSettings)


def test_use_chooses_the_kind():
    assert isinstance(optimizers.validate_python({"use": "lamb"}), Lamb)
    assert isinstance(optimizers.validate_python({"use": "muon", "lr": "3e-3"}), Muon)
    assert isinstance(schedules.validate_python({"use": "trapezoid"}), Trapezoid)


def test_the_defaults_of_lamb_are_those_of_gpt_bert():
    """design/models.md §4; LTG-BERT and ELC-BERT change eps and no_decay in their recipes."""
    lamb = Lamb()
    assert (lamb.lr, lamb.betas, lamb.eps, lamb.weight_decay, lamb.clip) == (1e-2, (0.9, 0.98), 1e-8, 0.1, 2.0)
    assert lamb.no_decay == ("bias", "layer_norm")


@pytest.mark.parametrize(
    "settings",
    [Adamw(ema=0.999), Lamb(), Muon(clip=None), Cosine(length={0.0: 64, 0.7: 128}, rows=3), Trapezoid(warmup=20)],
    ids=lambda settings: settings.use,
)
def test_settings_survive_the_recipe_file(settings):
    """A run folder holds the resolved recipe: reading it back must give the same run."""
    kind = type(settings)
    assert kind.model_validate(settings.model_dump(mode="json")) == settings
    assert kind.model_validate_json(settings.model_dump_json()) == settings


def test_short_forms():
    """One length and one number of rows need no ramp."""
    assert Cosine(length=64, rows=3) == Cosine(length={0.0: 64}, rows={"start": 3, "stop": 3})


def test_lengths_are_written_as_they_are_read():
    assert Cosine(length={0.0: 64, 0.7: 128}).model_dump()["length"] == {0.0: 64, 0.7: 128}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": {0.1: 64}}, "must start at share 0.0"),
        ({"length": {}}, "must start at share 0.0"),
        ({"length": ((0.0, 64), (0.5, 128), (0.5, 256))}, "shares of the run must rise"),
        ({"length": {0.0: 64, 1.0: 128}}, "less than 1"),
        ({"length": 0}, "greater than or equal to 1"),
        ({"rows": 0}, "greater than or equal to 1"),
        ({"warmup": 1.5}, "less than 1"),
        ({"warmup": -1}, "greater than or equal to 0"),
        ({"final": 1.1}, "less than or equal to 1"),
        ({"warm_up": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Cosine.model_validate(changes)


def test_no_torch_is_loaded():
    """A recipe is checked before anything heavy is."""
    program = "import sys, training.optim.settings, training.optim.schedule; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
