"""Nothing at a position depends on a token it must not see: shown by changing tokens and watching the outputs."""

from __future__ import annotations

import importlib

import pytest
import torch

from training.models.settings import Bert, ElcBert, Gpt2, GptBert, Llama, LtgBert, Roberta

SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "attention_probs_dropout_prob": 0,
    "hidden_dropout_prob": 0,
    "max_position_embeddings": 64,
}
FAMILIES = {
    "ltg_bert": LtgBert(**SIZES),
    **{f"elc_bert {v}": ElcBert(variant=v, **SIZES) for v in ("base", "zero", "normalized", "weighted_output")},
    "gpt_bert": GptBert(**SIZES),
    "gpt2": Gpt2(**SIZES),
    "llama": Llama(**SIZES),
    "llama grouped": Llama(**(SIZES | {"num_attention_heads": 4, "num_key_value_heads": 2})),
    "bert": Bert(**SIZES),
    "roberta": Roberta(**SIZES),
}
LENGTH = 12
#: Two documents of five and four tokens, then padding.
PACKED = torch.tensor([[1] * 5 + [2] * 4 + [0] * 3] * 2, dtype=torch.int32)
MODES = {
    "causal": (None, True),
    "masked": (None, False),
    "hybrid": (None, torch.tensor([True, False])),
    "packed causal": (PACKED, True),
    "packed masked": (PACKED, False),
    "packed hybrid": (PACKED, torch.tensor([True, False])),
}


@pytest.fixture(params=FAMILIES)
def model(request):
    settings = FAMILIES[request.param]
    torch.manual_seed(0)
    made = importlib.import_module(f"training.models.{settings.use}").Model(settings).eval()
    for parameter in made.parameters():  # larger weights, so that every real influence shows
        parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return made


def _allowed(mode, row, i, j):
    segments, causal = MODES[mode]
    left_only = bool(causal[row]) if isinstance(causal, torch.Tensor) else causal
    if segments is not None and (segments[row, i] != segments[row, j] or segments[row, j] == 0):
        return False
    return j <= i or not left_only


@pytest.mark.parametrize("mode", MODES)
def test_a_token_reaches_exactly_the_positions_that_may_see_it(model, mode):
    """Change token j in both rows: output i moves if and only if i may see j."""
    segments, causal = MODES[mode]
    torch.manual_seed(1)
    inputs = torch.randint(0, 50, (2, LENGTH))
    with torch.no_grad():
        before = model.logits(model.hidden(inputs, segments=segments, causal=causal))
        for j in range(LENGTH):
            changed = inputs.clone()
            changed[:, j] = (changed[:, j] + 7) % 50
            after = model.logits(model.hidden(changed, segments=segments, causal=causal))
            moved = (after - before).abs().amax(-1) > 1e-6
            for row in range(2):
                for i in range(LENGTH):
                    if i == j:
                        continue  # a position always knows its own token through the residual stream
                    assert moved[row, i].item() == _allowed(mode, row, i, j), (row, i, j)


def test_packed_rows_give_each_document_what_it_gets_alone(model):
    """For models with relative positions a document's outputs do not depend on where in a row it stands."""
    if hasattr(model, "position_embedding"):
        pytest.skip("absolute positions: a document further along a row is at other positions")
    torch.manual_seed(2)
    inputs = torch.randint(0, 50, (2, LENGTH))
    with torch.no_grad():
        together = model.hidden(inputs, segments=PACKED, causal=True)
        alone = model.hidden(inputs[:, 5:9], causal=True)

    assert torch.allclose(together[:, 5:9], alone, atol=1e-4)


def test_states_are_the_embeddings_and_each_layer(model):
    """As many states as Hugging Face models give."""
    states: list[torch.Tensor] = []
    model.hidden(torch.randint(0, 50, (2, LENGTH)), states=states)

    assert [tuple(state.shape) for state in states] == [(2, LENGTH, 32)] * 3
