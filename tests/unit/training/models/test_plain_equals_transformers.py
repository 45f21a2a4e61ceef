"""GPT-2, Llama, BERT and RoBERTa are the functions of Hugging Face's classes, on the weights that we export."""

from __future__ import annotations

import importlib

import pytest
import torch

from training.export.plain import PLAIN
from training.models.settings import Bert, Gpt2, Llama, Roberta

SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
}
CASES = {
    "gpt2": Gpt2(**SIZES),
    "llama": Llama(**SIZES),
    "llama grouped untied": Llama(**SIZES, num_key_value_heads=2, tie_word_embeddings=False),
    "bert": Bert(**SIZES),
    "roberta": Roberta(**SIZES),
}


@pytest.mark.filterwarnings("ignore")  # of transformers, about its own future
@pytest.mark.parametrize("name", CASES)
def test_logits_and_gradients_equal_those_of_the_hugging_face_class(name):
    """Strictly loaded: no weight is missing, none is left over."""
    transformers = pytest.importorskip("transformers")
    settings = CASES[name]
    torch.manual_seed(0)
    ours = importlib.import_module(f"training.models.{settings.use}").Model(settings).eval()
    for parameter in ours.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.05)
    config, state = PLAIN[settings.use](settings, ours.state_dict(), {"pad": 1})
    architecture = getattr(transformers, config["architectures"][0])
    model_type = config.pop("model_type")
    theirs = architecture(transformers.AutoConfig.for_model(model_type, **config)).eval()
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    inputs = torch.randint(2, 60, (3, 17))  # 1 is the padding id, from which RoBERTa counts positions

    own = ours.logits(ours.hidden(inputs))
    other = theirs(inputs).logits

    tied = {"lm_head.weight", "cls.predictions.decoder.weight", "lm_head.decoder.weight"}
    biases = {"cls.predictions.decoder.bias", "lm_head.decoder.bias"}
    assert set(missing) <= tied | biases
    assert not unexpected
    assert torch.allclose(own, other, atol=1e-5)

    own.logsumexp(-1).sum().backward()
    other.logsumexp(-1).sum().backward()
    embedding = theirs.get_input_embeddings().weight.grad

    assert torch.allclose(ours.word_embedding.weight.grad, embedding, atol=1e-3)
