"""Rows of a classification task: read, joined to one text or a pair, and tokenised as the official code does.

babylm/evaluation-pipeline-2025 ``finetune/dataset.py``: the tokenizer joins a pair by its own template, and a row
that is too long is cut at the right end of whichever text is longer, token by token (``truncation=True``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import seed_for
from evaluation.data import read_jsonl
from evaluation.errors import DataError


@dataclass(frozen=True)
class Form:
    """How a task's rows become texts and labels.

    Attributes:
        first: columns of the first text.
        second: columns of the second text; none has one text only.
        template: how the first text's columns are joined, with ``{}`` for each; none joins them by a space.
        labels: how many classes; labels are 0 to this less one.
        group: column whose rows belong together (the answers to one paragraph): never on both sides of a split, and
            drawn as one for the standard error. None has none.
        scored_where: of a column that may be there, the value of the rows that are scored.
    """

    first: tuple[str, ...]
    second: tuple[str, ...] = ()
    template: str | None = None
    labels: int = 2
    group: str | None = None
    scored_where: tuple[str, str] | None = None

    def texts(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the one or two texts of a row."""
        parts = [row[column] for column in self.first]
        first = self.template.format(*parts) if self.template else " ".join(parts)
        return (first, " ".join(row[column] for column in self.second)) if self.second else (first,)


@dataclass(frozen=True)
class Examples:
    """Labelled texts. All are as long as ``labels``.

    Attributes:
        texts: one or two a row.
        labels: int64 ``[rows]``.
        groups: int64 ``[rows]``, equal where rows belong together.
    """

    texts: Sequence[tuple[str, ...]]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> Examples:
        """Return some rows."""
        return Examples([self.texts[row] for row in rows], self.labels[rows], self.groups[rows])


@dataclass(frozen=True)
class Tokens:
    """Token ids of rows, each at most as long as was allowed.

    Attributes:
        ids: of each row.
        labels: int64 ``[rows]``.
        cut: rows that were longer than allowed.
    """

    ids: Sequence[list[int]]
    labels: NDArray[np.int64]
    cut: int = 0

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row, int64 ``[rows]``."""
        return np.fromiter((len(row) for row in self.ids), np.int64, len(self.ids))


def read(path: Path, form: Form, *, scored: bool = False) -> Examples:
    """Read a file of JSON lines.

    Args:
        path: the file.
        form: what its rows look like.
        scored: whether these rows are scored, where a task scores only some.

    Raises:
        DataError: it cannot be read, is empty, or a row is not what the task reads: with file and line.
    """
    columns = (*form.first, *form.second, *((form.group,) if form.group else ()), "label")
    texts: list[tuple[str, ...]] = []
    labels: list[int] = []
    names: list[str] = []
    for number, row in enumerate(read_jsonl(path, columns), 1):
        if scored and form.scored_where and row.get(form.scored_where[0], form.scored_where[1]) != form.scored_where[1]:
            continue
        label = row["label"]
        where = f"{path}:{number}"
        if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < form.labels:
            hint = "the hidden labels of a test set cannot be scored" if label in {-1, None} else ""
            raise DataError(f"label {label!r} is not one of 0 to {form.labels - 1}", where=where, hint=hint)
        for column in (*form.first, *form.second):
            if not isinstance(row[column], str):
                raise DataError(f"{column} is not a text: {row[column]!r}", where=where)
        texts.append(form.texts(row))
        labels.append(label)
        names.append(str(row[form.group]) if form.group else str(number))
    if not texts:
        raise DataError("holds no rows for this task", where=str(path), hint="get the file again")
    return Examples(texts, np.array(labels, np.int64), np.unique(names, return_inverse=True)[1].astype(np.int64))


def tokenise(examples: Examples, tokenizer: Any, max_length: int) -> Tokens:
    """Return token ids of at most ``max_length`` a row, cut as the official code cuts."""
    texts = [text[0] if len(text) == 1 else text for text in examples.texts]
    plain = {"add_special_tokens": True, "return_attention_mask": False, "return_token_type_ids": False}
    # `verbose=False`: transformers warns of long rows, which are counted here.
    ids = tokenizer(texts, verbose=False, **plain)["input_ids"]
    long = [number for number, row in enumerate(ids) if len(row) > max_length]
    if long:
        again = tokenizer([texts[number] for number in long], truncation=True, max_length=max_length, **plain)
        for number, row in zip(long, again["input_ids"], strict=True):
            ids[number] = row
    return Tokens([list(row) for row in ids], examples.labels, len(long))


def split(examples: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """Part rows in two: most to train on, and ``share`` of each class to pick the epoch on; groups stay whole.

    Raises:
        DataError: there are too few rows to part.
    """
    draw = np.random.default_rng(seed_for(seed, "held"))
    held = np.zeros(len(examples), bool)
    order = draw.permutation(int(examples.groups.max()) + 1)
    rank = order[examples.groups]
    for label in np.unique(examples.labels):
        rows = np.flatnonzero(examples.labels == label)
        wanted = max(1, round(share * len(rows)))
        left = wanted - int(held[rows].sum())
        for row in rows[np.argsort(rank[rows], kind="stable")]:
            if left <= 0:
                break
            if not held[row]:
                members = examples.groups == examples.groups[row]
                held |= members
                left -= int((members & (examples.labels == label)).sum())
    if held.all() or not held.any():
        hint = "give more rows, or pick the epoch on the scored set as the official protocol does"
        raise DataError(f"{len(examples)} training rows cannot be parted to keep some of each class", hint=hint)
    return examples.take(np.flatnonzero(~held)), examples.take(np.flatnonzero(held))
