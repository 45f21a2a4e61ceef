"""Small stand-ins for a model, a tokenizer and a task's rows."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from evaluation.finetune.encoder import Encoder
from evaluation.finetune.examples import Examples
from evaluation.finetune.settings import FineTuneSettings
from evaluation.finetune.tune import Rows

WORDS = ["<s>", "good", "bad", "dog", "cat", "runs", "sits", "the", "a", "here"]


class Words:
    """A tokenizer of known words, with a start token before each text; cuts as transformers does."""

    pad_token_id: int | None = None

    def __call__(self, texts, *, truncation=False, max_length=None, verbose=True, **options):
        rows = []
        for text in texts:
            parts = [self._ids(part) for part in ((text,) if isinstance(text, str) else text)]
            while truncation and sum(map(len, parts)) > max_length:
                max(parts, key=len).pop()
            rows.append([token for part in parts for token in part])
        return {"input_ids": rows}

    @staticmethod
    def _ids(text):
        return [0, *(WORDS.index(word) for word in text.split())]


class Averages(nn.Module):
    """An encoder whose every state is the mean of the embeddings of the text, dropout included."""

    def __init__(self, size: int = 16, seed: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), size)
        self.linear = nn.Linear(size, size)
        self.dropout = nn.Dropout(0.1)
        draw = torch.Generator().manual_seed(seed)
        for weight in self.parameters():
            nn.init.normal_(weight, std=0.3, generator=draw)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        states = self.dropout(self.embedding(input_ids)) * mask
        mean = states.sum(1, keepdim=True) / mask.sum(1, keepdim=True)
        return SimpleNamespace(last_hidden_state=self.linear(mean.expand_as(states)))


class StepwiseAverages(Averages):
    """The same, but a token sees only what is before it."""

    def forward(self, input_ids, attention_mask):
        states = self.dropout(self.embedding(input_ids)).cumsum(1)
        counts = torch.arange(1, states.shape[1] + 1)[None, :, None]
        return SimpleNamespace(last_hidden_state=self.linear(states / counts))


def encoder(*, causal: bool = False, max_length: int | None = None) -> Encoder:
    return Encoder((StepwiseAverages if causal else Averages)(), Words(), 16, max_length, causal)


def examples(rows: int, seed: int = 0) -> Examples:
    """Texts of one to five words; the label is whether "good" is in them."""
    draw = np.random.default_rng(seed)
    texts, labels = [], []
    for row in range(rows):
        words = [WORDS[number] for number in draw.integers(3, len(WORDS), draw.integers(0, 5))]
        texts.append((" ".join([*words, WORDS[1 + row % 2]]),))
        labels.append(1 - row % 2)
    return Examples(texts, np.array(labels), np.arange(rows))


def rows(train: int = 64, scored: int = 30) -> Rows:
    return Rows(examples(train, 1), examples(scored, 2))


QUICK = FineTuneSettings(learning_rate=0.02, batch_size=8, epochs=4, max_length=16, save_seconds=0.0)


def write_jsonl(path: Path, found: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in found))
    return path
