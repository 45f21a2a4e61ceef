"""Every model with every objective that it can have: finite losses that fall, and the same on every run.

A model is a file in ``training/models``, an objective one in ``training/objectives``: new ones are tested from their
first commit.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
import torch

import training.models
import training.objectives
from training.batches.loader import Batches
from training.batches.settings import Packed, Padded, Stream
from training.learner import build_model, objective_for
from training.models.settings import ModelSettings
from training.objectives import settings as objectives
from training.objectives.special import Vocabulary
from training.optim.optimizer import build
from training.optim.settings import Adamw

VOCABULARY = Vocabulary(size=64, begin=1, end=2, pad=3, mask=4, special=(0, 1, 2, 3, 4))
MODELS = {kind.model_fields["use"].default: kind for kind in get_args(get_args(ModelSettings)[0])}
OBJECTIVES = {
    "causal": (objectives.Causal(), Stream(begin=True)),
    "masked": (objectives.Masked(), Padded()),
    "hybrid": (objectives.Hybrid(causal_share=0.5), Packed()),
    "distillation": (objectives.Distillation(), Stream()),
}
CAUSAL_ONLY, MASKED_ONLY = {"gpt2", "llama"}, {"bert", "roberta"}
PAIRS = [
    (model, objective)
    for model in MODELS
    for objective in OBJECTIVES
    if not (model in CAUSAL_ONLY and objective in {"masked", "hybrid"})
    and not (model in MASKED_ONLY and objective != "masked")
]


def _files(package):
    names = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
    return {name for name in names if hasattr(importlib.import_module(f"{package.__name__}.{name}"), "Model")}


def _shards():
    generator = np.random.default_rng(0)
    # Every third token follows from the one before it, so that there is something to learn.
    tokens = generator.integers(5, 64, 4000)
    tokens[2::3] = 5 + (tokens[1::3][: len(tokens[2::3])] * 7) % 59
    cuts = np.sort(generator.choice(np.arange(1, 4000), 60, replace=False))
    documents = np.concatenate([[0], cuts, [4000]])
    return SimpleNamespace(
        tokens=tokens.astype(np.uint16),
        words=np.ones(4000, np.uint8),
        documents=documents,
        sentences=None,
        sources=np.zeros(len(documents) - 1, np.int16),
        source_names=["text"],
    )


def _build(model, objective_name):
    sizes = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    settings = MODELS[model](**sizes, num_attention_heads=2, hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    chosen, layout = OBJECTIVES[objective_name]
    objective = objective_for(chosen, VOCABULARY, 1)
    if objective_name == "distillation":
        objective.attach([build_model(settings, 2).eval(), build_model(settings, 3).eval()])
    batches = Batches(_shards(), VOCABULARY, layout, objective, [24] * 30, [8] * 30, seed=1)
    return build_model(settings, 1), objective, batches


def test_every_file_is_a_model_with_settings():
    """A file without settings could not be named in a recipe."""
    assert _files(training.models) == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_files_cite_their_paper_on_the_first_line(model):
    """Title or reference, and where to find it."""
    text = importlib.import_module(f"training.models.{model}").__doc__.split("\n\n")[0]

    assert "arXiv" in text or "et al." in text


@pytest.mark.parametrize(("model", "objective_name"), PAIRS)
def test_two_batches_give_finite_losses_and_thirty_steps_lower_ones(model, objective_name):
    """The whole path from shards to a step, with gradients for every parameter that can have one."""
    made, objective, batches = _build(model, objective_name)
    optimizer = build(made, Adamw(lr=3e-3))
    losses = []
    for batch in batches.loader(0, workers=0, pin=False):
        loss = objective.loss(made, batch)
        loss.total.backward()
        losses.append(loss.total.item())
        if len(losses) == 1:
            missing = [name for name, parameter in made.named_parameters() if parameter.grad is None]
            assert missing == []
        optimizer.step()
        optimizer.zero_grad()

    assert all(np.isfinite(losses))
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


@pytest.mark.parametrize(("model", "objective_name"), PAIRS)
def test_the_same_seed_gives_the_same_loss(model, objective_name):
    """Bit for bit."""
    values = []
    for _ in range(2):
        made, objective, batches = _build(model, objective_name)
        torch.manual_seed(9)
        values.append(objective.loss(made, batches[3]).total.item())

    assert values[0] == values[1]


@pytest.mark.parametrize(("model", "objective_name"), PAIRS)
def test_the_path_of_other_devices_has_the_same_shapes(model, objective_name):
    """On `meta`, where no compiled loop of ours applies: what a GPU is given, but for its numbers."""
    made, objective, batches = _build(model, objective_name)
    if objective_name == "distillation":
        objective.attach([build_model(made.config, 2).to("meta")])
    made.to("meta")
    loss = objective.loss(made, batches[0].to(torch.device("meta")))
    loss.total.backward()

    for name, parameter in made.named_parameters():
        assert parameter.grad.shape == parameter.shape, name
