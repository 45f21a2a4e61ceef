"""A corpus of some thousand words and a recipe of some thousand parameters: what the tests of training run on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from curation.corpus import Corpus
from tests.unit.helpers import build_texts
from training.config import Recipe

RECIPE: dict[str, Any] = {
    "name": "tiny",
    "fidelity": "For tests.",
    "model": {
        "use": "gpt_bert",
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
    },
    "tokenizer": {"preset": "gpt_bert", "vocab_size": 400},
    "data": {"layout": {"use": "packed"}, "heldout": {"share": 0.05, "every": 0.5}},
    "objective": {"use": "hybrid", "causal_share": 0.25},
    "optimizer": {"use": "lamb", "lr": 0.01, "ema": 0.9},
    "schedule": {"use": "cosine", "length": {0.0: 16, 0.6: 32}, "rows": {"start": 4, "stop": 8}, "warmup": 0.1},
    "duration": {"steps": 20},
}
NO_DROPOUT = {"model.hidden_dropout_prob": 0, "model.attention_probs_dropout_prob": 0}
CAUSAL = {"objective": {"use": "causal"}, "data.layout": {"use": "stream"}}


def raw_recipe(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the recipe as a mapping, with values changed by their path."""
    raw = {key: dict(value) if isinstance(value, dict) else value for key, value in RECIPE.items()}
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        part = raw
        for key in parents:
            part[key] = dict(part.get(key, {}))
            part = part[key]
        part[last] = value
    return raw


def tiny_recipe(changes: dict[str, Any] | None = None) -> Recipe:
    """Return the recipe."""
    return Recipe.model_validate(raw_recipe(changes))


def texts(documents: int = 300, seed: int = 1) -> list[str]:
    """Return documents of 3 to 60 made-up words that tend to follow each other."""
    rng = random.Random(seed)  # noqa: S311  (text, no secret)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(1, 6))) for _ in range(200)]
    after = {word: rng.choices(words, k=4) for word in words}
    found = []
    for _ in range(documents):
        word, text = rng.choice(words), []
        for _ in range(rng.randint(3, 60)):
            text.append(word)
            word = rng.choice(after[word])
        found.append(" ".join(text))
    return found


def tiny_corpus(folder: Path, documents: list[str] | None = None) -> Corpus:
    """Build the corpus in a folder of its own."""
    return build_texts(folder, texts() if documents is None else documents)
