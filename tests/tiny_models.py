"""Hugging Face models of some thousand weights, the same on every machine, and sentences that were made up for them.

Tokenizers are written down rather than trained, and weights drawn from numpy's frozen legacy generator: scores of these
models can be kept in files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch

#: Minimal pairs, the good one first.
PAIRS = [
    ("The baker near the windows smiles.", "The baker near the windows smile."),
    ("Two geese were sleeping in the barn.", "Two geese was sleeping in the barn."),
    ("Nobody has ever seen that lighthouse.", "Somebody has ever seen that lighthouse."),
    ("This painter admires herself.", "This painter admires itself."),
    ("Which letters did Omar post?", "Which letters did Omar post them?"),
    ("The old clock stopped, and so did the radio.", "The old clock stopped, and so do the radio."),
    ("Élodie's café isn't open on Sundays.", "Élodie's café aren't open on Sundays."),
    ("She bought six lemons.", "She bought six lemon."),
    ("a cat sat", "a cats sat"),
    ("Yes.", "No."),
    ("The baker near the windows smiles.", "The baker near the window smiles."),
    (
        "The gardener who waters the roses that grow behind the school every single morning whistles quietly.",
        "The gardener who waters the roses that grow behind the school every single morning whistle quietly.",
    ),
]
#: What stands before, and continuations of it.
CONTINUATIONS = [
    ("The red cup is in the box. Omar moves the red cup to the shelf. The box holds ", ["nothing", "the red cup", "a"]),
    ("Six lemons lie on the table. She eats two. On the table lie ", ["four lemons", "six lemons", "two lemons"]),
    ("The lamp is off. He presses the switch. The lamp is ", ["on", "off", "a lemon"]),
]
SPECIALS = ("<unk>", "<s>", "</s>", "<pad>", "<mask>")


def texts() -> list[str]:
    """All texts that the models were made up for."""
    return [text for pair in PAIRS for text in pair] + [a + b for a, rest in CONTINUATIONS for b in rest]


def byte_tokenizer(template: str = "<s> $A") -> Any:
    """A byte-level BPE whose merges build the first four letters of each word from the left."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    split = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    words = sorted({word for text in texts() for word, _ in split.pre_tokenize_str(text)})
    merges = list(dict.fromkeys((word[:n], word[n]) for word in words for n in range(1, min(len(word), 5))))
    vocabulary = list(dict.fromkeys([*SPECIALS, *alphabet, *(a + b for a, b in merges)]))
    numbers = {token: number for number, token in enumerate(vocabulary)}
    built = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=numbers, merges=merges, unk_token=SPECIALS[0]))
    built.pre_tokenizer = split
    built.decoder = tokenizers.decoders.ByteLevel()
    return _finished(built, template)


def piece_tokenizer(template: str = "<s> $A </s>") -> Any:
    """A WordPiece of three-letter beginnings; it does not know what begins with a capital and an accent."""
    split = tokenizers.pre_tokenizers.BertPreTokenizer()
    words = sorted({word for text in texts() for word, _ in split.pre_tokenize_str(text) if word.isascii()})
    pieces = [piece for word in words for piece in (word[:3], "##" + word[3:]) if piece != "##"]
    numbers = {token: number for number, token in enumerate(dict.fromkeys([*SPECIALS, *pieces]))}
    built = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab=numbers, unk_token=SPECIALS[0]))
    built.pre_tokenizer = split
    built.decoder = tokenizers.decoders.WordPiece()
    return _finished(built, template)


def _finished(built: Any, template: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    if template:
        ids = [(token, built.token_to_id(token)) for token in ("<s>", "</s>") if token in template]
        built.post_processor = tokenizers.processors.TemplateProcessing(single=template, special_tokens=ids)
    built.add_special_tokens([tokenizers.AddedToken(token, special=True) for token in SPECIALS])
    named = dict(zip(("unk", "bos", "eos", "pad", "mask"), SPECIALS, strict=True)) | {"cls": "<s>", "sep": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=built, **{f"{name}_token": token for name, token in named.items()})


def redraw(model: Any, seed: int = 0, scale: float = 0.25) -> Any:
    """Set every weight of a model from a seed, in the order of their names; tied weights once."""
    draw = np.random.RandomState(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            values = torch.from_numpy(draw.standard_normal(tuple(weight.shape)).astype(np.float32)) * scale
            norm = "norm" in name.lower() or ".ln_" in name or "layernorm" in name.lower()
            weight.copy_(1 + values if norm and name.endswith("weight") else values)
    return model.eval()


def make(kind: str, folder: Path, **changes: Any) -> Path:
    """Write a model with its tokenizer: ``gpt2``, ``gpt2_end``, ``llama``, ``opt``, ``bert``, ``roberta``, ``bart``."""
    import transformers as hf

    template = {"gpt2_end": "<s> $A </s>", "gpt2_bare": ""}.get(kind, "<s> $A")
    bytes_ = kind.startswith(("gpt2", "llama", "opt", "bart"))
    tokenizer = byte_tokenizer("<s> $A </s>" if kind == "bart" else template) if bytes_ else piece_tokenizer()
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    size = {"vocab_size": len(tokenizer), **ids}
    sizes = {**size, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    torch.manual_seed(0)
    match kind.partition("_")[0]:
        case "gpt2":
            settings = {**size, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64} | changes
            model = hf.GPT2LMHeadModel(hf.GPT2Config(**settings))
        case "llama":
            settings = {**sizes, "max_position_embeddings": 64, "num_key_value_heads": 2} | changes
            model = hf.LlamaForCausalLM(hf.LlamaConfig(**settings))
        case "opt":
            settings = {**size, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 48}
            settings |= {"max_position_embeddings": 64, "word_embed_proj_dim": 32} | changes
            model = hf.OPTForCausalLM(hf.OPTConfig(**settings))
        case "bert":
            model = hf.BertForMaskedLM(hf.BertConfig(**sizes | {"max_position_embeddings": 64} | changes))
        case "roberta":
            model = hf.RobertaForMaskedLM(hf.RobertaConfig(**sizes | {"max_position_embeddings": 68} | changes))
        case "bart":
            settings = {**size, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "max_position_embeddings": 64}
            settings |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
            settings |= {"encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "decoder_start_token_id": 2} | changes
            model = hf.BartForConditionalGeneration(hf.BartConfig(**settings))
        case _:
            raise ValueError(kind)
    redraw(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
