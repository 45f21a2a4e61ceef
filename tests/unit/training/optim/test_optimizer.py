"""Groups of parameters, clipping, and Muon beside AdamW."""

from __future__ import annotations

import copy
import importlib
import math

import pytest
import torch

from training.models.settings import Bert, ElcBert, Gpt2, GptBert, Llama, LtgBert, Roberta
from training.optim.optimizer import build, clip_gradients
from training.optim.settings import Adamw, Lamb, Muon

SIZES = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
KINDS = [Adamw(), Lamb(), Muon()]
LTG = ("bias", "layer_norm", "embedding")


def model_of(config, seed=0):
    torch.manual_seed(seed)
    return importlib.import_module(f"training.models.{config.use}").Model(config)


def decay_by_name(model, settings):
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = build(model, settings).param_groups
    return {names[id(parameter)]: group["weight_decay"] for group in groups for parameter in group["params"]}


def run(model, optimizer, steps):
    for step in steps:
        torch.manual_seed(step)
        inputs = torch.randint(32, (2, 8))
        model.logits(model.hidden(inputs)).float().logsumexp(-1).mean().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings.use)
@pytest.mark.parametrize(
    "config",
    [
        *(kind(**SIZES) for kind in (LtgBert, ElcBert, GptBert, Gpt2, Llama, Bert, Roberta)),
        Llama(**SIZES, tie_word_embeddings=False),
    ],
    ids=lambda config: config.use,
)
def test_every_parameter_is_in_exactly_one_group(config, settings):
    """Left out it would never learn; twice, as tied weights might be, it would take two steps."""
    model = model_of(config)
    grouped = [id(parameter) for group in build(model, settings).param_groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())


def test_gpt_bert_decays_embeddings_relative_table_and_mix():
    """Its code leaves out names with `bias` and `layer_norm` only (design/models.md §4)."""
    found = decay_by_name(model_of(GptBert(**SIZES)), Lamb())
    assert {name for name, decay in found.items() if decay == 0} == {
        name for name in found if name.endswith("bias") or "layer_norm" in name
    }
    for name in ("embedding.word_embedding.weight", "embedding.relative_embedding", "layer_mix.0"):
        assert found[name] == 0.1


def test_ltg_bert_decays_no_embedding():
    found = decay_by_name(model_of(LtgBert(**SIZES)), Lamb(no_decay=LTG))
    decayed = {name for name, decay in found.items() if decay > 0}
    assert decayed == {name for name in found if name.startswith(("layers.", "head.transform")) and found[name] > 0}
    assert found["embedding.word_embedding.weight"] == found["embedding.relative_embedding"] == 0
    assert found["layers.0.attention.query_key.weight"] == 0.1


def test_elc_bert_does_not_decay_its_mix():
    found = decay_by_name(model_of(ElcBert(**SIZES)), Lamb(no_decay=(*LTG, "layer_mix")))
    assert {found[name] for name in found if "layer_mix" in name} == {0.0}


def test_adamw_spares_all_norms():
    """Llama's are called `norm`, the others' `layer_norm`."""
    for config in (Llama(**SIZES), Gpt2(**SIZES)):
        found = decay_by_name(model_of(config), Adamw())
        assert all((decay == 0) == ("norm" in name or "bias" in name) for name, decay in found.items())


def test_muon_takes_hidden_matrices_only():
    model = model_of(Llama(**SIZES, tie_word_embeddings=False))
    optimizer = build(model, Muon())
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    muon = {names[id(p)] for group in optimizer.param_groups if "momentum" in group for p in group["params"]}
    assert muon == {name for name in names.values() if name.startswith("layers.") and "norm" not in name}


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings.use)
def test_a_restored_optimizer_goes_on_bit_for_bit(settings):
    config = GptBert(**SIZES, hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    whole, halved = model_of(config), model_of(config)
    run(whole, build(whole, settings), range(6))
    first = build(halved, settings)
    run(halved, first, range(3))
    second = build(halved, settings)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    run(halved, second, range(3, 6))
    for one, other in zip(whole.parameters(), halved.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings.use)
def test_accelerate_changes_nothing(settings):
    """It wraps optimisers and moves their state; a restored one must go on as if it had not."""
    from training.hardware import Hardware

    config = Gpt2(**SIZES, hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    plain, wrapped = model_of(config), model_of(config)
    run(plain, build(plain, settings), range(4))
    first = build(wrapped, settings)
    run(wrapped, first, range(2))
    second = build(wrapped, settings)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    prepared, optimizer = Hardware("cpu", "fp32", "a CPU", 1).accelerator().prepare(wrapped, second)
    run(prepared, optimizer, range(2, 4))
    for one, other in zip(plain.parameters(), wrapped.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings.use)
def test_a_learning_rate_set_from_outside_holds(settings):
    """The loop sets it at each step, also after a state was loaded: at 0, nothing moves."""
    model = model_of(Gpt2(**SIZES))
    optimizer = build(model, settings)
    optimizer.load_state_dict(optimizer.state_dict())
    for group in optimizer.param_groups:
        assert group["lr"] == settings.lr
        group["lr"] = 0.0
    before = copy.deepcopy(model.state_dict())
    run(model, optimizer, range(2))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_parts_of_another_optimizer_are_refused():
    optimizer = build(model_of(Gpt2(**SIZES)), Muon())
    with pytest.raises(ValueError, match="1 optimisers, not of 2"):
        optimizer.load_state_dict({"parts": optimizer.state_dict()["parts"][:1]})


def test_muon_calls_a_closure_once():
    model = model_of(Gpt2(**SIZES))
    calls = []
    assert build(model, Muon()).step(lambda: calls.append(0) or 1.5) == 1.5
    assert calls == [0]


def with_gradients(values):
    model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(len(value))) for value in values])
    for parameter, value in zip(model, values, strict=True):
        parameter.grad = torch.tensor(value)
    return model


def test_clipping_scales_all_gradients_to_the_bound():
    model = with_gradients([[3.0, 0.0], [0.0, 4.0, 0.0]])
    assert clip_gradients(model, 2.5) == 5.0
    assert [parameter.grad.tolist() for parameter in model] == [[1.5, 0.0], [0.0, 2.0, 0.0]]


@pytest.mark.parametrize("bound", [None, 5.0, 7.0])
def test_below_the_bound_nothing_changes(bound):
    model = with_gradients([[3.0], [4.0]])
    assert clip_gradients(model, bound) == 5.0
    assert [parameter.grad.item() for parameter in model] == [3.0, 4.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_is_told_and_spreads_no_further(bad):
    """The loop leaves the step out; clipping by it would make every gradient NaN or 0."""
    model = with_gradients([[bad], [4.0]])
    assert not math.isfinite(clip_gradients(model, 1.0))
    assert model[1].grad.item() == 4.0


def test_parameters_without_gradient_are_passed_over():
    model = with_gradients([[3.0], [4.0]])
    model[0].grad = None
    assert clip_gradients(model, None) == 4.0
    model[1].grad = None
    assert clip_gradients(model, 1.0) == 0.0
