"""Compiled attention with relative positions equals torch's expressions, forward and backward."""

from __future__ import annotations

import pytest
import torch

from training.models.layers import relative_attention
from training.models.layers.relative_attention import RelativeAttention
from training.models.layers.relative_positions import bucket_index
from training.models.layers.visibility import visible
from training.models.settings import GptBert

SEGMENTS = torch.tensor([[1] * 30 + [2] * 40 + [0] * 7, [1] * 77, [0] * 77], dtype=torch.int32)


@pytest.mark.parametrize("segments", [None, SEGMENTS], ids=["one", "packed"])
@pytest.mark.parametrize("causal", [True, False, torch.tensor([True, False, True])], ids=["causal", "both", "rows"])
def test_outputs_and_all_gradients_are_equal(monkeypatch, segments, causal):
    """Padding, and a row that is nothing but padding, included."""
    torch.manual_seed(0)
    config = GptBert(hidden_size=24, num_attention_heads=3, attention_probs_dropout_prob=0, hidden_dropout_prob=0)
    layer = RelativeAttention(config, gated=True)
    x, relative = torch.randn(3, 77, 24), torch.randn(63, 24)
    seen = visible(x[:, :, 0], segments, causal)
    index = bucket_index(77, 32, 512, torch.device("cpu"))
    found = []
    for compiled in (relative_attention.compiled, None):
        monkeypatch.setattr(relative_attention, "compiled", compiled)
        inputs = [x.clone().requires_grad_(), relative.clone().requires_grad_()]
        out = layer(inputs[0], seen, inputs[1], index)
        weight = torch.linspace(-1, 1, out.numel()).view_as(out)
        found.append([out, *torch.autograd.grad((out * weight).sum(), [*inputs, *layer.parameters()])])

    for ours, torchs in zip(*found, strict=True):
        assert torch.allclose(ours, torchs, atol=3e-4, rtol=1e-4)
