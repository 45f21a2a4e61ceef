"""The heads, against the official one written out, and the token they read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from evaluation.errors import Unsupported
from evaluation.finetune.classifier import Classifier
from evaluation.finetune.encoder_decoder import OneDecoderToken

from .stand_ins import QUICK, Averages, StepwiseAverages

IDS = torch.tensor([[0, 3, 4, 5], [0, 6, 9, 9]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])


def test_the_head_of_2025():
    model = Classifier(Averages(), 16, 3, QUICK, "first", 5).eval()
    states = model.encoder(IDS, MASK).last_hidden_state[:, 0]
    dense, out = [layer for layer in model.head if isinstance(layer, nn.Linear)]

    def norm(x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()

    expected = out(norm(nn.functional.gelu(dense(norm(states)))))
    torch.testing.assert_close(model(IDS, MASK), expected)


def test_the_last_token_is_the_last_of_the_text():
    model = Classifier(StepwiseAverages(), 16, 2, QUICK, "last", 5).eval()

    padded = model(IDS, MASK)[1]

    torch.testing.assert_close(padded, model(IDS[1:, :2], MASK[1:, :2])[0])


@pytest.mark.parametrize(("place", "layers"), [("first", 2), ("last", 1)])
def test_heads_of_hugging_face(place, layers):
    settings = QUICK.model_copy(update={"head": "hugging_face"})

    model = Classifier(Averages(), 16, 2, settings, place, 5)

    assert sum(isinstance(layer, nn.Linear) for layer in model.head) == layers
    assert model(IDS, MASK).shape == (2, 2)


def test_the_seed_draws_the_head():
    first, same, other = (Classifier(Averages(), 16, 2, QUICK, "first", seed).head[1].weight for seed in (5, 5, 6))

    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_model_without_states_is_refused():
    class Scores(nn.Module):
        def forward(self, input_ids, attention_mask):
            return {"logits": input_ids}

    with pytest.raises(Unsupported, match="last_hidden_state"):
        Classifier(Scores(), 16, 2, QUICK, "first", 0)(IDS, MASK)


def test_a_tuple_of_states_is_read():
    class First(Averages):
        def forward(self, input_ids, attention_mask):
            return (super().forward(input_ids, attention_mask).last_hidden_state,)

    assert Classifier(First(), 16, 2, QUICK, "first", 0)(IDS, MASK).shape == (2, 2)


@pytest.mark.slow
def test_an_encoder_decoder_is_read_at_its_first_decoder_token():
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 20, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    t5 = transformers.T5Model(transformers.T5Config(**sizes, decoder_start_token_id=0)).eval()

    model = Classifier(OneDecoderToken(t5, 0), 16, 2, QUICK, "first", 0).eval()

    alone = model(IDS[1:, :2], MASK[1:, :2])[0]
    torch.testing.assert_close(model(IDS, MASK)[1], alone, atol=1e-5, rtol=1e-5)
