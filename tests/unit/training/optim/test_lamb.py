"""LAMB against its formula, one number at a time, in double precision."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from training.optim.lamb import Lamb

SHAPES = [(20, 8), (8,), (), (3, 4, 5), (1,)]
BETAS = (0.9, 0.98)


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator) * 0.1) for shape in SHAPES]


def gradients(step):
    generator = torch.Generator().manual_seed(1000 + step)
    return [torch.randn(shape, generator=generator) * 10.0 ** -(step % 4) for shape in SHAPES]


def take(optimizer, weights, steps):
    for step in steps:
        for weight, gradient in zip(weights, gradients(step), strict=True):
            weight.grad = gradient
        optimizer.step()


def by_the_formula(weight, grads, *, lr, eps, decay):
    """Arxiv 1904.00962, algorithm 2, with the ratio only where there is decay."""
    weight = weight.detach().double().clone()
    mean, square = torch.zeros_like(weight), torch.zeros_like(weight)
    for step, grad in enumerate((grad.double() for grad in grads), start=1):
        mean = BETAS[0] * mean + (1 - BETAS[0]) * grad
        square = BETAS[1] * square + (1 - BETAS[1]) * grad * grad
        update = (mean / (1 - BETAS[0] ** step)) / ((square / (1 - BETAS[1] ** step)).sqrt() + eps) + decay * weight
        ratio = 1.0
        if decay > 0:
            of_weight, of_update = math.sqrt(float((weight**2).sum())), math.sqrt(float((update**2).sum()))
            ratio = of_weight / of_update if of_weight > 0 and of_update > 0 else 1.0
        weight -= lr * ratio * update
    return weight


@pytest.mark.parametrize("decay", [0.1, 0.0])
@pytest.mark.parametrize("eps", [1e-6, 1e-8])
def test_it_is_the_formula(decay, eps):
    weights = parameters()
    expected = [
        by_the_formula(weight, [gradients(step)[place] for step in range(40)], lr=0.01, eps=eps, decay=decay)
        for place, weight in enumerate(weights)
    ]
    take(Lamb(weights, 0.01, BETAS, eps, decay), weights, range(40))
    for weight, right in zip(weights, expected, strict=True):
        torch.testing.assert_close(weight.detach().double(), right, atol=1e-6, rtol=1e-5)


def test_groups_keep_to_themselves():
    """Two groups in one optimiser are two optimisers: the ratio is taken in the decayed one only."""
    together, first, second = parameters(), parameters(), parameters()
    groups = [{"params": together[:2]}, {"params": together[2:], "weight_decay": 0.0, "lr": 0.003}]
    take(Lamb(groups, 0.01, BETAS, 1e-8, 0.1), together, range(5))
    take(Lamb(first, 0.01, BETAS, 1e-8, 0.1), first, range(5))
    take(Lamb(second, 0.003, BETAS, 1e-8, 0.0), second, range(5))
    for weight, right in zip(together, [*first[:2], *second[2:]], strict=True):
        assert torch.equal(weight, right)


def test_weights_of_zero_move():
    """The ratio is 1 where a norm is 0: a bias or a mix that starts at 0 must not stay there."""
    weight = torch.nn.Parameter(torch.zeros(4))
    weight.grad = torch.tensor([1.0, -1.0, 2.0, 0.0])
    Lamb([weight], 0.01, BETAS, 1e-8, 0.1).step()
    torch.testing.assert_close(weight.detach(), torch.tensor([-0.01, 0.01, -0.01, 0.0]))


def test_a_gradient_of_zero_is_harmless():
    """Nothing moves but by decay, and nothing becomes NaN."""
    weight = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    weight.grad = torch.zeros(2)
    Lamb([weight], 0.01, BETAS, 1e-8, 0.0).step()
    assert weight.tolist() == [3.0, 4.0]


def test_no_gradient_no_change():
    weights = parameters()
    before = copy.deepcopy(weights)
    weights[0].grad = torch.ones_like(weights[0])
    optimizer = Lamb(weights)
    optimizer.step()
    assert not torch.equal(weights[0], before[0])
    assert all(torch.equal(weight, same) for weight, same in zip(weights[1:], before[1:], strict=True))
    assert list(optimizer.state) == [weights[0]]


def test_a_restored_optimizer_goes_on_bit_for_bit():
    whole, halved = parameters(), parameters()
    take(Lamb(whole), whole, range(12))
    first = Lamb(halved)
    take(first, halved, range(5))
    second = Lamb(halved)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    take(second, halved, range(5, 12))
    assert all(torch.equal(one, other) for one, other in zip(whole, halved, strict=True))


def test_a_closure_is_called():
    (weight,) = weights = [torch.nn.Parameter(torch.ones(2))]
    optimizer = Lamb(weights)

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == 2.0
    assert weight.detach().max() < 1
