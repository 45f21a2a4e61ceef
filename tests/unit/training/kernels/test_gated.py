"""Compiled gated units equal torch's, in value and slope."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from training.models.layers import activations


@pytest.mark.parametrize("name", ["gelu", "geglu", "swiglu"])
def test_values_and_slopes_equal_torchs(name):
    """Against float64, where the compiled loops do not apply, over the whole useful range."""
    torch.manual_seed(0)
    x = torch.cat([torch.randn(200, 64) * 3, torch.linspace(-12, 12, 64).expand(2, 64)]).requires_grad_()
    exact = x.detach().double().requires_grad_()
    function = getattr(activations, name)

    fast, slow = function(x), function(exact)
    weight = torch.randn_like(fast)
    (fast * weight).sum().backward()
    (slow * weight.double()).sum().backward()

    assert fast.dtype == torch.float32
    assert "_Compiled" in type(fast.grad_fn).__name__
    assert torch.allclose(fast.double(), slow, atol=3e-5, rtol=1e-5)
    assert torch.allclose(x.grad.double(), exact.grad, atol=1e-3, rtol=1e-4)


def test_an_input_that_is_not_contiguous_is_read_rightly():
    """A transposed view."""
    x = torch.randn(6, 5).T

    assert torch.allclose(activations.gelu(x), F.gelu(x, approximate="tanh"), atol=1e-6)
