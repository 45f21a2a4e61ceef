"""Small exports of every family, with what the trainer itself computes: the answers that transformers must give."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.config import Recipe
from training.export.folder import export
from training.models.settings import Bert, ElcBert, Gpt2, GptBert, Llama, LtgBert, Roberta
from training.tokenizer import backend
from training.tokenizer.settings import TokenizerSettings
from training.tokenizer.tokenizer import Tokenizer

FACTS: dict[str, Any] = {
    "corpus": {"name": "toy", "digest": "ab" * 32, "words": 1234, "audit": "words recounted: as the lock says"},
    "words_trained_on": 1200,
    "words_held_out": 34,
    "words_seen": 2400,
    "parameters": 99,
    "tokenizer": "300 tokens, trained on the same words",
    "flops": 1.5e9,
    "weights": "raw, of the last step",
}
TEXTS = (
    "",
    " ",
    "The dog ran.",
    " The dog ran.",
    "  two  spaces \t and tabs ",
    "line\nnext line \n\n  indented",
    "trailing newline\n",
    "\r\nwindows\r\n",
    "déjà vu, naïve Å Å e\u0301 ﬁne ½",
    "I don't — \u201cquote\u201d it\u2019s",
    "mixed CASE iPhone HTML5 1234567 3.14",
    "a <mask> b<mask>c <s>d</s> <pad> <unk> [MASK] x [CLS] y [SEP] [PAR]",
    "日本語 emoji 😀👩‍👧 \u200b zero\u00a0width",
    "don 't n't , . !",
)
OWN = {"ltg_bert", "elc_bert", "gpt_bert"}
_SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
_FAR = {"max_position_embeddings": 40}
_NEAR = {"max_position_embeddings": 24, "position_bucket_size": 8}
_BARE = {"preset": "gpt2", "specials": ("<s>", "</s>"), "pad": None}
#: Name of a case: model, objective, tokenizer.
CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "ltg_bert": (LtgBert(**_SMALL, **_NEAR), "masked", {"preset": "ltg_bert", "min_frequency": 1}),
    "elc_bert": (ElcBert(**_SMALL, **_NEAR, variant="weighted_output"), "masked", {"preset": "gpt_bert"}),
    "gpt_bert": (GptBert(**_SMALL, **_NEAR), "hybrid", {"preset": "gpt_bert"}),
    "gpt_bert_causal": (GptBert(**_SMALL, **_NEAR), "causal", {"preset": "unigram"}),
    "gpt2": (Gpt2(**_SMALL, **_FAR), "causal", {"preset": "gpt2"}),
    "gpt2_without_padding": (Gpt2(**_SMALL, **_FAR), "causal", _BARE),
    "llama": (
        Llama(**_SMALL, **_FAR, num_key_value_heads=2, tie_word_embeddings=False, rope_theta=500.0),
        "causal",
        {"preset": "babyllama"},
    ),
    "bert": (Bert(**_SMALL, **_FAR), "masked", {"preset": "bert"}),
    "bert_untied": (Bert(**_SMALL, **_FAR, tie_word_embeddings=False), "masked", {"preset": "gpt_bert"}),
    "roberta": (Roberta(**_SMALL, **_FAR), "masked", {"preset": "roberta"}),
    "roberta_untied": (Roberta(**_SMALL, **_FAR, tie_word_embeddings=False), "masked", {"preset": "gpt_bert"}),
    "roberta_without_padding": (
        Roberta(**_SMALL, **_FAR),
        "masked",
        {"preset": "roberta", "specials": ("<s>", "</s>", "<unk>", "<mask>"), "pad": None},
    ),
}
LENGTHS = (14, 9, 5)


def recipe(model: Any, objective: str, tokenizer: Any, **changes: Any) -> Recipe:
    """Return a recipe of that model."""
    data: dict[str, Any] = {
        "name": "toy",
        "fidelity": "A toy.",
        "model": model.model_dump(),
        "tokenizer": tokenizer.model_dump(),
        "objective": {"use": objective},
        "schedule": {"use": "constant"},
        "duration": {"steps": 1},
    }
    return Recipe.model_validate(data | changes)


def small_tokenizer(changes: dict[str, Any]) -> Tokenizer:
    """Return a tokenizer trained on a few lines."""
    settings = TokenizerSettings(**{"vocab_size": 400, **changes})

    def texts() -> Iterator[str]:
        for _ in range(3):
            yield from TEXTS[2:6]
            yield "the dog and the cat ran to the other dogs under the old tree because they don't like it\n" * 3

    return Tokenizer(backend.train(settings, texts), settings, {"external": False})


def model_for(settings: Any, *, seed: int = 0) -> Any:
    """Return the trainer's model with weights that are nowhere at their simple start."""
    torch.manual_seed(seed)
    model = importlib.import_module(f"training.models.{settings.use}").Model(settings).eval()
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    return model


def write_case(folder: Path, name: str) -> None:
    """Write ``model/`` and, beside it, what the trainer computes with it."""
    sizes, objective, wanted = CASES[name]
    tokenizer = small_tokenizer(wanted)
    settings = sizes.model_copy(update={"vocab_size": tokenizer.vocab_size})
    model = model_for(settings)
    folder.mkdir(parents=True)
    export(
        folder / "model", recipe(sizes, objective, tokenizer.settings), settings, model.state_dict(), tokenizer, FACTS
    )
    with torch.no_grad():
        tensors = _answers(settings, objective, tokenizer, model)
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "expected.safetensors")
    roles = {role: tokenizer.id_of(role) for role in ("begin", "end", "pad", "mask", "unknown")}
    tokens = {text: tokenizer.backend.encode(text).ids for text in TEXTS}
    expected = {
        "family": settings.use,
        "own": settings.use in OWN,
        "kinds": _kinds(objective),
        "ahead": settings.use in OWN and objective != "masked",
        "special": roles,
        "tokens": tokens,
        "pair": tokenizer.backend.encode("the dog", "the cat").ids,
        "decoded": {text: tokenizer.backend.decode(ids) for text, ids in tokens.items()},
    }
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


def _kinds(objective: str) -> list[str]:
    return {"hybrid": ["causal", "masked"], "masked": ["masked"]}.get(objective, ["causal"])


def _answers(settings: Any, objective: str, tokenizer: Tokenizer, model: Any) -> dict[str, Tensor]:
    rows, length = len(LENGTHS), LENGTHS[0]
    draw = torch.Generator().manual_seed(1)
    pad = tokenizer.id_of("pad") or 0
    ids = torch.randint(len(tokenizer.special_ids), settings.vocab_size, (rows, length), generator=draw)
    right = torch.arange(length) < torch.tensor(LENGTHS)[:, None]
    left = right.flip(1)
    left_ids = torch.full_like(ids, pad)
    left_ids[left] = ids[right]
    square = (torch.rand(rows, length, length, generator=draw) < 0.6) | torch.eye(length, dtype=torch.bool)
    out = {
        "ids": ids,
        "right_ids": ids.where(right, pad),
        "right_mask": right.long(),
        "left_ids": left_ids,
        "left_mask": left.long(),
        "square": square.long(),
        "labels.causal": ids.where(right, -100),
        "labels.masked": ids.where(torch.isin(torch.arange(length), torch.tensor([2, 4, 8])) & right, -100),
    }
    kinds = _kinds(objective)
    for kind in kinds:
        causal = kind == "causal"
        out[f"{kind}.plain"] = model.logits(model.hidden(ids, causal=causal))
        out[f"{kind}.right"] = model.logits(model.hidden(out["right_ids"], segments=right.int(), causal=causal))
        out[f"{kind}.left"] = model.logits(model.hidden(left_ids, segments=left.int(), causal=causal))
        if (
            settings.use == "roberta" and tokenizer.id_of("pad") is not None
        ):  # it counts positions from the first token that is no padding
            out[f"{kind}.left"][left] = out[f"{kind}.right"][right]
        if settings.use in OWN:
            seen = square & torch.ones_like(square).tril() if causal else square
            out[f"{kind}.square"] = model.logits(model.hidden(ids, seen=seen[:, None]))
        ahead = causal or (settings.use in OWN and objective != "masked")
        logits, labels = out[f"{kind}.right"], out[f"labels.{kind}"]
        answers = labels[:, 1:] if ahead else labels
        scores = logits[:, :-1] if ahead else logits
        out[f"{kind}.loss"] = torch.nn.functional.cross_entropy(scores.flatten(0, 1), answers.flatten())
    states: list[Tensor] = []
    out["hidden"] = model.hidden(ids, causal="masked" not in kinds, states=states)
    out["states"] = torch.stack(states)
    if "causal" in kinds:
        for row, count in enumerate((3, 7)):
            out[f"generated.{row}"] = _generated(model, ids[row, :count], tokenizer.id_of("end"))
    if settings.use in OWN:  # the weights that training starts from
        torch.manual_seed(7)
        fresh = importlib.import_module(f"training.models.{settings.use}").Model(settings)
        out |= {f"initial.{name}": value.detach() for name, value in fresh.state_dict().items()}
    return out


def _generated(model: Any, prompt: Tensor, end: int | None) -> Tensor:
    for _ in range(8):
        logits = model.logits(model.hidden(prompt[None], causal=True))[0, -1]
        logits[end] = -torch.inf
        prompt = torch.cat([prompt, logits.argmax()[None]])
    return prompt
