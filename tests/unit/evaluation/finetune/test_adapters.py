"""LoRA: the encoder's weights stay, adapters learn, and a kill loses nothing of them."""

from __future__ import annotations

import sys

import pytest
import torch

from curation.core.errors import MissingExtra
from evaluation.errors import SuiteError
from evaluation.finetune.adapters import add_adapters
from evaluation.finetune.settings import Lora
from evaluation.finetune.tune import finetune

from .stand_ins import QUICK, Averages, encoder, rows

LORA = QUICK.model_copy(update={"lora": Lora(rank=4), "epochs": 6})


def adapted(seed=0, **settings):
    pytest.importorskip("peft")
    module = Averages()
    return module, add_adapters(module.requires_grad_(requires_grad=False), Lora(**settings), seed)


def test_only_the_adapters_can_learn():
    module, layers = adapted()

    assert layers == ("linear",)
    free = [name for name, weight in module.named_parameters() if weight.requires_grad]
    assert free
    assert all("lora_" in name for name in free)


def test_an_adapter_says_nothing_before_it_learns():
    ids, mask = torch.tensor([[0, 1, 2]]), torch.ones(1, 3, dtype=torch.long)
    module, _ = adapted()

    found = module.eval()(ids, mask).last_hidden_state
    torch.testing.assert_close(found, Averages().eval()(ids, mask).last_hidden_state)


def test_the_seed_draws_the_adapters():
    first, same, other = (dict(adapted(seed)[0].named_parameters()) for seed in (5, 5, 6))
    name = next(name for name in first if "lora_A" in name)

    assert torch.equal(first[name], same[name])
    assert not torch.equal(first[name], other[name])


def test_unknown_layers_are_named():
    with pytest.raises(SuiteError, match="linear"):
        adapted(targets=("query",))


def test_gpt2_is_adapted_where_peft_knows_it():
    pytest.importorskip("peft")
    transformers = pytest.importorskip("transformers")
    model = transformers.GPT2Model(transformers.GPT2Config(vocab_size=20, n_embd=16, n_layer=2, n_head=2))

    assert add_adapters(model, Lora(), 0) == ("h.0.attn.c_attn", "h.1.attn.c_attn")


def test_it_learns_and_a_finished_seed_is_taken_up(tmp_path):
    pytest.importorskip("peft")
    options = {"classes": 2, "metric": "accuracy", "seeds": (1,), "folder": tmp_path}

    found = finetune(encoder(), rows(), LORA, **options)

    assert found.metrics["accuracy"] > 0.7
    assert finetune(encoder(), rows(), LORA, **options) == found


def test_without_peft_the_command_to_get_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)

    with pytest.raises(MissingExtra, match=r"curate-corpora\[lora\]"):
        add_adapters(Averages(), Lora(), 0)
