"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch

from training.optim.ema import Ema


def model_of(seed=0):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 3))
    model[1].bias = model[0].weight  # tied, if oddly
    return model


def move(model, step):
    torch.manual_seed(100 + step)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))


def test_it_is_the_geometric_mean_of_the_past():
    model = model_of()
    ema = Ema(model, 0.9)
    expected = model[0].bias.detach().double()
    for step in range(20):
        move(model, step)
        ema.update(model)
        expected = 0.9 * expected + 0.1 * model[0].bias.detach().double()
    torch.testing.assert_close(ema.state_dict()["0.bias"].double(), expected, atol=1e-6, rtol=1e-6)


def test_tied_weights_are_averaged_once():
    assert list(Ema(model_of(), 0.9).state_dict()) == ["0.weight", "0.bias", "1.weight"]


def test_the_model_has_the_averages_inside_and_its_own_weights_after():
    """Also if what is done inside fails; the tensors stay the same ones, for whoever holds their addresses."""
    model = model_of()
    ema = Ema(model, 0.5)
    move(model, 0)
    ema.update(model)
    own = {name: value.clone() for name, value in model.named_parameters()}
    addresses = [parameter.data_ptr() for parameter in model.parameters()]

    def inside():
        with ema.in_place_of(model):
            for name, value in model.named_parameters():
                assert torch.equal(value, ema.state_dict()[name])
                assert not torch.equal(value, own[name])
            raise RuntimeError("as an evaluation may fail")

    with pytest.raises(RuntimeError, match="as an evaluation"):
        inside()
    assert all(torch.equal(value, own[name]) for name, value in model.named_parameters())
    assert [parameter.data_ptr() for parameter in model.parameters()] == addresses
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_restored_average_goes_on_bit_for_bit():
    model = model_of()
    whole = Ema(model, 0.99)
    for step in range(3):
        move(model, step)
        whole.update(model)
    restored = Ema(model_of(7), 0.99)
    restored.load_state_dict({name: value.clone() for name, value in whole.state_dict().items()})
    for step in range(3, 6):
        move(model, step)
        whole.update(model)
        restored.update(model)
    assert all(torch.equal(value, restored.state_dict()[name]) for name, value in whole.state_dict().items())


def test_averages_of_another_model_are_refused():
    ema = Ema(model_of(), 0.9)
    with pytest.raises(KeyError, match=r"another model: 2\.weight"):
        ema.load_state_dict({**ema.state_dict(), "2.weight": torch.zeros(1)})
