"""Published parameter counts, and initial weights."""

from __future__ import annotations

import importlib
import math

import pytest
import torch

from training.models.settings import ElcBert, Gpt2, GptBert, Llama, LtgBert

SMALL = {"hidden_size": 384, "num_attention_heads": 6}
PUBLISHED = {
    "LTG-BERT base": (LtgBert(vocab_size=16384), 98.23),
    "LTG-BERT small": (LtgBert(vocab_size=16384, intermediate_size=1024, **SMALL), 27.74),
    "ELC-BERT small": (ElcBert(vocab_size=6144, intermediate_size=1024, **SMALL), 23.80),
    "GPT-BERT base": (GptBert(vocab_size=16384), 119.45),
    "GPT-BERT small": (GptBert(vocab_size=8192, intermediate_size=1280, **SMALL), 29.89),
    "GPT-BERT small 2025": (GptBert(vocab_size=16384, intermediate_size=1280, **SMALL), 33.05),
    "GPT-2 2026 baseline": (Gpt2(vocab_size=16384, max_position_embeddings=1024), 98.43),
    "GPT-2 97M": (Gpt2(vocab_size=16000, max_position_embeddings=256), 97.5),
    "Llama 97M": (Llama(vocab_size=16000, max_position_embeddings=256), 97.2),
    "BabyLlama student": (
        Llama(
            vocab_size=16000,
            hidden_size=512,
            num_hidden_layers=16,
            num_attention_heads=8,
            intermediate_size=1024,
            tie_word_embeddings=False,
        ),
        58.3,
    ),
    "BabyLlama teacher A": (
        Llama(
            vocab_size=16000,
            hidden_size=1024,
            num_hidden_layers=24,
            num_attention_heads=8,
            intermediate_size=3072,
            tie_word_embeddings=False,
        ),
        360.0,
    ),
    "BabyLlama teacher B": (
        Gpt2(
            vocab_size=16000,
            hidden_size=1536,
            num_hidden_layers=24,
            num_attention_heads=16,
            intermediate_size=6144,
            max_position_embeddings=256,
        ),
        704.9,
    ),
    "BabyLlama-2": (
        Llama(
            vocab_size=16000,
            hidden_size=960,
            num_hidden_layers=32,
            num_attention_heads=15,
            num_key_value_heads=5,
            intermediate_size=2560,
            tie_word_embeddings=False,
        ),
        345.4,
    ),
}


def _build(settings):
    return importlib.import_module(f"training.models.{settings.use}").Model(settings)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_many_as_published(name):
    """Counts in millions, to the digits that the papers and repositories give."""
    settings, millions = PUBLISHED[name]
    with torch.device("meta"):
        model = _build(settings)

    digits = len(str(millions).split(".")[1])

    assert round(sum(p.numel() for p in model.parameters()) / 1e6, digits) == millions


@pytest.mark.parametrize("settings", [LtgBert, ElcBert, GptBert])
def test_initial_weights_have_the_family_std_and_shrink_with_depth(settings):
    """A normal cut at two std keeps 0.88 of its std; feed-forward matrices of layer i shrink by 1/sqrt(2(1+i))."""
    width, layers = 128, 3
    torch.manual_seed(0)
    model = _build(settings(vocab_size=2048, hidden_size=width, num_attention_heads=4, num_hidden_layers=layers))
    std = math.sqrt(2 / (5 * width))
    kept = 0.8796

    for tensor in (model.embedding.word_embedding.weight, model.layers[1].attention.query_key.weight):
        assert tensor.std().item() == pytest.approx(kept * std, rel=0.03)
        assert tensor.abs().max().item() <= 2 * std + 1e-7
    for layer in range(layers):
        matrix = model.layers[layer].feed_forward.up.weight
        assert matrix.std().item() == pytest.approx(kept * std / math.sqrt(2 * (1 + layer)), rel=0.03)
    for name, tensor in model.named_parameters():
        if name.endswith("bias"):
            assert not tensor.any(), name


def test_layer_mixes_start_as_the_papers_say():
    """GPT-BERT's are the identity; ELC-BERT's uniform, or with the newest state's logit at 1 in `base`."""
    sizes = {"vocab_size": 64, "hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 3}
    gpt = _build(GptBert(**sizes))

    assert [len(mix) for mix in gpt.layer_mix] == [2, 3, 4, 5, 6, 7]
    assert all(mix[-1] == 1 and not mix[:-1].any() for mix in gpt.layer_mix)

    for variant, count, last in (
        ("base", 3, 1.0),
        ("zero", 3, 0.0),
        ("normalized", 3, 0.0),
        ("weighted_output", 4, 0.0),
    ):
        elc = _build(ElcBert(variant=variant, **sizes))

        assert [len(mix) for mix in elc.layer_mix] == list(range(1, count + 1))
        assert all(mix[-1] == last and not mix[:-1].any() for mix in elc.layer_mix)
