"""Hugging Face weights into the trainer's models: the way back of ``training/export/plain.py``.

A model is taken only if its configuration says nothing that the trainer's model does not do.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from training.learner import build_model
from training.models import settings

State = dict[str, Tensor]


def lean_model(model: Any) -> Any | None:
    """Return the trainer's model with the weights of a Hugging Face model, or None if there is none of its kind."""
    config = model.config
    if config.model_type == "curate":
        return copy.deepcopy(model.model)
    convert = {"gpt2": _gpt2, "llama": _llama, "bert": _bert, "roberta": _roberta}.get(config.model_type)
    if convert is None or getattr(config, "add_cross_attention", False):
        return None
    try:
        sizes, state = convert(config, model.state_dict())
    except KeyError:  # no language head, or adapters in its place
        return None
    if sizes is None:
        return None
    with torch.random.fork_rng(devices=[]):
        built = build_model(sizes, 0)
    built.load_state_dict(state)
    return built.eval().requires_grad_(requires_grad=False)


def _gpt2(config: Any, theirs: State) -> tuple[Any, State]:
    if (
        config.activation_function not in {"gelu_new", "gelu_pytorch_tanh"}
        or not config.scale_attn_weights
        or config.scale_attn_by_inverse_layer_idx
    ):
        return None, {}
    sizes = settings.Gpt2(
        vocab_size=config.vocab_size,
        hidden_size=config.n_embd,
        intermediate_size=config.n_inner or 4 * config.n_embd,
        num_hidden_layers=config.n_layer,
        num_attention_heads=config.n_head,
        max_position_embeddings=config.n_positions,
        tie_word_embeddings=config.tie_word_embeddings,
        layer_norm_eps=config.layer_norm_epsilon,
    )
    state = {
        "word_embedding.weight": theirs["transformer.wte.weight"],
        "position_embedding.weight": theirs["transformer.wpe.weight"],
    }
    names = {
        "attention_layer_norm": "ln_1",
        "attention.query_key_value": "attn.c_attn",
        "attention.output": "attn.c_proj",
        "feed_forward_layer_norm": "ln_2",
        "up": "mlp.c_fc",
        "down": "mlp.c_proj",
    }
    for part in ("weight", "bias"):
        state[f"final_layer_norm.{part}"] = theirs[f"transformer.ln_f.{part}"]
        for layer in range(config.n_layer):
            for our, their in names.items():
                value = theirs[f"transformer.h.{layer}.{their}.{part}"]
                state[f"layers.{layer}.{our}.{part}"] = value.T if value.dim() == 2 else value
    return sizes, _untied(state, config, theirs["lm_head.weight"])


def _llama(config: Any, theirs: State) -> tuple[Any, State]:
    rope = getattr(config, "rope_parameters", None) or {}
    scaled = getattr(config, "rope_scaling", None) or rope
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if (
        config.hidden_act not in {"silu", "swish"}
        or config.attention_bias
        or config.mlp_bias
        or scaled.get("rope_type", "default") != "default"
        or size * config.num_attention_heads != config.hidden_size
    ):
        return None, {}
    sizes = settings.Llama(
        vocab_size=config.vocab_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads,
        num_key_value_heads=config.num_key_value_heads,
        max_position_embeddings=config.max_position_embeddings,
        tie_word_embeddings=config.tie_word_embeddings,
        rms_norm_eps=config.rms_norm_eps,
        rope_theta=rope.get("rope_theta") or config.rope_theta,
    )
    state = {
        "word_embedding.weight": theirs["model.embed_tokens.weight"],
        "final_norm.weight": theirs["model.norm.weight"],
    }
    for layer in range(config.num_hidden_layers):
        our, their = f"layers.{layer}", f"model.layers.{layer}"
        state |= {
            f"{our}.query_key_value.weight": torch.cat([theirs[f"{their}.self_attn.{n}_proj.weight"] for n in "qkv"]),
            f"{our}.output.weight": theirs[f"{their}.self_attn.o_proj.weight"],
            f"{our}.gate_up.weight": torch.cat([theirs[f"{their}.mlp.{n}_proj.weight"] for n in ("gate", "up")]),
            f"{our}.down.weight": theirs[f"{their}.mlp.down_proj.weight"],
            f"{our}.attention_norm.weight": theirs[f"{their}.input_layernorm.weight"],
            f"{our}.feed_forward_norm.weight": theirs[f"{their}.post_attention_layernorm.weight"],
        }
    return sizes, _untied(state, config, theirs["lm_head.weight"])


def _bert(config: Any, theirs: State) -> tuple[Any, State]:
    head = {
        "transform": "cls.predictions.transform.dense",
        "transform_layer_norm": "cls.predictions.transform.LayerNorm",
    }
    sizes, state = _encoder(config, theirs, "bert", head, settings.Bert, first=0)
    state["bias"] = theirs["cls.predictions.bias"]
    return sizes, _untied(state, config, theirs["cls.predictions.decoder.weight"])


def _roberta(config: Any, theirs: State) -> tuple[Any, State]:
    head = {"transform": "lm_head.dense", "transform_layer_norm": "lm_head.layer_norm"}
    sizes, state = _encoder(config, theirs, "roberta", head, settings.Roberta, first=config.pad_token_id + 1)
    state["bias"] = theirs["lm_head.bias"]
    return sizes, _untied(state, config, theirs["lm_head.decoder.weight"])


def _encoder(
    config: Any, theirs: State, prefix: str, head: dict[str, str], kind: Any, *, first: int
) -> tuple[Any, State]:
    positions = theirs[f"{prefix}.embeddings.position_embeddings.weight"][first:]
    usual = config.hidden_act == "gelu" and getattr(config, "position_embedding_type", "absolute") == "absolute"
    if not usual or getattr(config, "is_decoder", False):
        return None, dict.fromkeys(("bias",), positions)
    sizes = kind(
        vocab_size=config.vocab_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads,
        max_position_embeddings=len(positions),
        tie_word_embeddings=config.tie_word_embeddings,
        layer_norm_eps=config.layer_norm_eps,
    )
    state = {
        "word_embedding.weight": theirs[f"{prefix}.embeddings.word_embeddings.weight"],
        "position_embedding.weight": positions,
        "type_embedding": theirs[f"{prefix}.embeddings.token_type_embeddings.weight"][0],
    }
    names = {
        "attention.output": "attention.output.dense",
        "attention_layer_norm": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "feed_forward_layer_norm": "output.LayerNorm",
    }
    for part in ("weight", "bias"):
        state[f"embedding_layer_norm.{part}"] = theirs[f"{prefix}.embeddings.LayerNorm.{part}"]
        state |= {f"{our}.{part}": theirs[f"{their}.{part}"] for our, their in head.items()}
        for layer in range(config.num_hidden_layers):
            their_layer = f"{prefix}.encoder.layer.{layer}"
            split = [theirs[f"{their_layer}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            state[f"layers.{layer}.attention.query_key_value.{part}"] = torch.cat(split)
            for our, their in names.items():
                state[f"layers.{layer}.{our}.{part}"] = theirs[f"{their_layer}.{their}.{part}"]
    return sizes, state


def _untied(state: State, config: Any, weight: Tensor) -> State:
    return state if config.tie_word_embeddings else state | {"untied.weight": weight}
