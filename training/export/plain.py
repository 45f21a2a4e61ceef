"""GPT-2, Llama, BERT and RoBERTa under the names and in the layout of Hugging Face's own classes.

The export needs no code of ours: any version of transformers, and other tools, load it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

State = dict[str, Tensor]


def gpt2(config: Any, state: State, special: dict[str, int | None]) -> tuple[dict[str, Any], State]:
    """Return ``GPT2LMHeadModel``'s configuration and weights; its matrices are stored transposed."""
    named = {
        "transformer.wte.weight": state["word_embedding.weight"],
        "transformer.wpe.weight": state["position_embedding.weight"],
    }
    for part in ("weight", "bias"):
        named[f"transformer.ln_f.{part}"] = state[f"final_layer_norm.{part}"]
    names = {
        "attention_layer_norm": "ln_1",
        "attention.query_key_value": "attn.c_attn",
        "attention.output": "attn.c_proj",
        "feed_forward_layer_norm": "ln_2",
        "up": "mlp.c_fc",
        "down": "mlp.c_proj",
    }
    for layer in range(config.num_hidden_layers):
        for ours, theirs in names.items():
            for part in ("weight", "bias"):
                value = state[f"layers.{layer}.{ours}.{part}"]
                named[f"transformer.h.{layer}.{theirs}.{part}"] = value.T if value.dim() == 2 else value
    if not config.tie_word_embeddings:
        named["lm_head.weight"] = state["untied.weight"]
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": config.vocab_size,
        "n_positions": config.max_position_embeddings,
        "n_embd": config.hidden_size,
        "n_layer": config.num_hidden_layers,
        "n_head": config.num_attention_heads,
        "n_inner": config.intermediate_size,
        "activation_function": "gelu_new",
        "resid_pdrop": config.hidden_dropout_prob,
        "embd_pdrop": config.hidden_dropout_prob,
        "attn_pdrop": config.attention_probs_dropout_prob,
        "layer_norm_epsilon": config.layer_norm_eps,
        "initializer_range": config.initializer_range,
        "tie_word_embeddings": config.tie_word_embeddings,
    }, named


def llama(config: Any, state: State, special: dict[str, int | None]) -> tuple[dict[str, Any], State]:
    """Return ``LlamaForCausalLM``'s configuration and weights."""
    groups = config.num_key_value_heads or config.num_attention_heads
    size = config.hidden_size // config.num_attention_heads
    named = {
        "model.embed_tokens.weight": state["word_embedding.weight"],
        "model.norm.weight": state["final_norm.weight"],
    }
    for layer in range(config.num_hidden_layers):
        ours, theirs = f"layers.{layer}", f"model.layers.{layer}"
        sizes = [config.hidden_size, groups * size, groups * size]
        for name, value in zip("qkv", state[f"{ours}.query_key_value.weight"].split(sizes), strict=True):
            named[f"{theirs}.self_attn.{name}_proj.weight"] = value
        gate, up = state[f"{ours}.gate_up.weight"].chunk(2)
        named |= {
            f"{theirs}.self_attn.o_proj.weight": state[f"{ours}.output.weight"],
            f"{theirs}.mlp.gate_proj.weight": gate,
            f"{theirs}.mlp.up_proj.weight": up,
            f"{theirs}.mlp.down_proj.weight": state[f"{ours}.down.weight"],
            f"{theirs}.input_layernorm.weight": state[f"{ours}.attention_norm.weight"],
            f"{theirs}.post_attention_layernorm.weight": state[f"{ours}.feed_forward_norm.weight"],
        }
    if not config.tie_word_embeddings:
        named["lm_head.weight"] = state["untied.weight"]
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "num_key_value_heads": groups,
        "head_dim": size,
        "hidden_act": "silu",
        "max_position_embeddings": config.max_position_embeddings,
        "rms_norm_eps": config.rms_norm_eps,
        # transformers 4 reads rope_theta, transformers 5 rope_parameters.
        "rope_theta": config.rope_theta,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": config.attention_probs_dropout_prob,
        "initializer_range": config.initializer_range,
        "tie_word_embeddings": config.tie_word_embeddings,
    }, named


def bert(config: Any, state: State, special: dict[str, int | None]) -> tuple[dict[str, Any], State]:
    """Return ``BertForMaskedLM``'s configuration and weights; the second token type was never seen and is zero."""
    types = torch.stack([state["type_embedding"], torch.zeros_like(state["type_embedding"])])
    named = _encoder(config, state, "bert") | {
        "bert.embeddings.position_embeddings.weight": state["position_embedding.weight"],
        "bert.embeddings.token_type_embeddings.weight": types,
        "cls.predictions.bias": state["bias"],
    }
    for part in ("weight", "bias"):
        named[f"cls.predictions.transform.dense.{part}"] = state[f"transform.{part}"]
        named[f"cls.predictions.transform.LayerNorm.{part}"] = state[f"transform_layer_norm.{part}"]
    if not config.tie_word_embeddings:
        named["cls.predictions.decoder.weight"] = state["untied.weight"]
        named["cls.predictions.decoder.bias"] = state["bias"]  # transformers 5 ties the two only with the matrices
    positions = config.max_position_embeddings
    return _encoder_config(config, "bert", "BertForMaskedLM", positions, types=2, pad=special["pad"]), named


def roberta(config: Any, state: State, special: dict[str, int | None]) -> tuple[dict[str, Any], State]:
    """Return ``RobertaForMaskedLM``'s configuration and weights: positions are counted from the padding id on.

    Without one they are counted from -1, which no token has.
    """
    pad = -1 if special["pad"] is None else special["pad"]
    positions = state["position_embedding.weight"]
    shifted = torch.cat([positions.new_zeros(pad + 1, positions.shape[1]), positions])
    named = _encoder(config, state, "roberta") | {
        "roberta.embeddings.position_embeddings.weight": shifted,
        "roberta.embeddings.token_type_embeddings.weight": state["type_embedding"][None],
        "lm_head.bias": state["bias"],
    }
    for part in ("weight", "bias"):
        named[f"lm_head.dense.{part}"] = state[f"transform.{part}"]
        named[f"lm_head.layer_norm.{part}"] = state[f"transform_layer_norm.{part}"]
    if not config.tie_word_embeddings:
        named["lm_head.decoder.weight"] = state["untied.weight"]
        named["lm_head.decoder.bias"] = state["bias"]  # transformers 5 ties the two only with the matrices
    return _encoder_config(config, "roberta", "RobertaForMaskedLM", len(shifted), types=1, pad=pad), named


def _encoder(config: Any, state: State, prefix: str) -> State:
    named = {f"{prefix}.embeddings.word_embeddings.weight": state["word_embedding.weight"]}
    names = {
        "attention.output": "attention.output.dense",
        "attention_layer_norm": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "feed_forward_layer_norm": "output.LayerNorm",
    }
    for part in ("weight", "bias"):
        named[f"{prefix}.embeddings.LayerNorm.{part}"] = state[f"embedding_layer_norm.{part}"]
        for layer in range(config.num_hidden_layers):
            ours, theirs = f"layers.{layer}", f"{prefix}.encoder.layer.{layer}"
            fused = state[f"{ours}.attention.query_key_value.{part}"].chunk(3)
            for name, value in zip(("query", "key", "value"), fused, strict=True):
                named[f"{theirs}.attention.self.{name}.{part}"] = value
            for our, their in names.items():
                named[f"{theirs}.{their}.{part}"] = state[f"{ours}.{our}.{part}"]
    return named


def _encoder_config(
    config: Any, model_type: str, architecture: str, positions: int, *, types: int, pad: int | None
) -> dict[str, Any]:
    return {
        "model_type": model_type,
        "architectures": [architecture],
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "hidden_act": "gelu",
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": config.layer_norm_eps,
        "hidden_dropout_prob": config.hidden_dropout_prob,
        "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
        "initializer_range": config.initializer_range,
        "pad_token_id": pad,
        "tie_word_embeddings": config.tie_word_embeddings,
    }


PLAIN: dict[str, Callable[[Any, State, dict[str, int | None]], tuple[dict[str, Any], State]]] = {
    "gpt2": gpt2,
    "llama": llama,
    "bert": bert,
    "roberta": roberta,
}
