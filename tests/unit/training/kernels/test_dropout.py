"""Compiled dropout: right share, right mean, the same mask backward, a function of torch's seed."""

from __future__ import annotations

import pytest
import torch

from training.models.layers.dropout import Dropout, dropout


def test_share_and_mean_are_right_and_neighbours_independent():
    """A million draws: the standard error of the share is 0.0003."""
    torch.manual_seed(0)
    dropped = dropout(torch.ones(1000, 1000), 0.1)
    zero = (dropped == 0).float()

    assert zero.mean().item() == pytest.approx(0.1, abs=0.0015)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.0015)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.9])
    assert (zero[:, 1:] * zero[:, :-1]).mean().item() == pytest.approx(0.01, abs=0.0005)
    assert (zero[1:] * zero[:-1]).mean().item() == pytest.approx(0.01, abs=0.0005)


def test_backward_drops_what_forward_dropped():
    """The gradient is the mask times the scale."""
    x = torch.randn(50, 70, requires_grad=True)
    out = dropout(x, 0.3)
    out.sum().backward()

    assert torch.allclose(out, x.detach() * x.grad)


def test_masks_follow_torchs_seed_and_differ_between_calls():
    """What makes a resumed step the same step."""
    x = torch.ones(4000)
    torch.manual_seed(5)
    first, second = dropout(x, 0.5), dropout(x, 0.5)
    torch.manual_seed(5)

    assert torch.equal(first, dropout(x, 0.5))
    assert (first == second).float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_evaluation_drops_nothing():
    """And a share of 0 in training neither."""
    x = torch.randn(10)

    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)
