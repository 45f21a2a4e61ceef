"""Age of acquisition by regression: how far off are ages that are told from the surprisal of words in child speech?

babylm/evaluation-pipeline-2023 (``lm_eval/tasks/aoa_pred.py``, after Portelance et al. 2023): least squares of the age
on lexical category, concreteness, log-frequency, what frequency leaves of the mean surprisal, and the products of
category with the three; each word's age is told from all others, and the mean of the absolute deviations is in months.

The surprisal is another one than in 2023. There a causal model's answer was read one place late, at the word itself,
and a masked model saw the word that it was asked for, so that no figure of 2023 is comparable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.errors import DataError
from evaluation.events import TaskStarted
from evaluation.kinds.partial import Floats
from evaluation.kinds.single_file import facts_of, number, read_csv
from evaluation.queries import Query, Scores
from evaluation.result import Group, TaskResult
from evaluation.scorers.lexicon import folded
from evaluation.scorers.scorer import score
from evaluation.task import Outcome, Work

CATEGORIES = ("nouns", "function_words", "predicates")
#: Where the files are: as the pipeline of 2023 has them, and beside the data of other years.
FOLDERS = ("aoa_data", "aoa_2023")
_COLUMNS = ("word_clean", "lexical_category", "concreteness", "frequency", "aoa")
_SPARE = 20


@dataclass(frozen=True)
class Listed:
    """A word of the list, with what is known of it."""

    word: str
    category: str
    concreteness: float
    frequency: float
    age: float


@dataclass(frozen=True, kw_only=True)
class AgeRegression:
    """A task of words with ages and the sentences that they are in.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        words: name of the list.
        sentences: name of the file of sentences, with the words that each holds.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    words: str
    sentences: str
    metric: str = field(default="mad_months", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score, tell ages."""
        path, sentences = (
            work.data.find(*(f"{folder}/{name}" for folder in FOLDERS)) for name in (self.words, self.sentences)
        )
        held = read_sentences(sentences)
        if work.limit is not None:
            held = _first(held, work.limit)
        listed = read_list(path)
        work.listen(TaskStarted(self.name, len(held), "sentences"))
        queries = [Query(text) for text, _ in held]
        wanted = {one.word for one in listed}
        means = mean_surprisals(held, work.score(self.name, queries), wanted)
        found = told(listed, means)
        floors = {
            name: float(told(listed, mean_surprisals(held, score(scorer, queries), wanted)).off.mean())
            for name, scorer in work.floors.items()
        }
        groups = {
            name: Group(value=float(found.off[these].mean()), honest=float(found.off[these].mean()), items=n, ties=0.0)
            for name in CATEGORIES
            if (n := int((these := found.categories == name).sum()))
        }
        facts = facts_of(FOLDERS[0], path, len(listed), len(found.off), None)
        mad = float(found.off.mean())
        result = TaskResult(
            task=self.name,
            title=self.title,
            status="scored",
            metric=self.metric,
            value=mad,
            honest=mad,
            stderr=float(found.off.std(ddof=1)) / len(found.off) ** 0.5,
            items=len(found.off),
            chance=float(found.off_mean.mean()),
            floors=floors,
            groups=groups,
            data=facts.model_copy(update={"cut": f"limited to {work.limit} a word"} if work.limit is not None else {}),
            warnings=("months, the lower the better; figures of 2023 read surprisal one place late",),
            details={
                "without_surprisal": float(found.off_without.mean()),
                "words_without_sentences": sorted(wanted - set(means)),
            },
        )
        rows = [
            {"task": self.name, "group": str(kind), "uid": word, "scores": [-means[word]], "target": age}
            for word, kind, age in zip(found.words, found.categories, found.ages, strict=True)
        ]
        return Outcome(result, rows)


@dataclass(frozen=True)
class Told:
    """Words, and by how many months each one's told age is off, ``[words]``."""

    words: list[str]
    categories: np.ndarray[Any, Any]
    ages: list[float]
    off: Floats
    off_without: Floats
    """Without surprisal."""
    off_mean: Floats
    """Where the age is the mean of the others'."""


def told(listed: Sequence[Listed], means: Mapping[str, float]) -> Told:
    """Tell each word's age from the others'.

    Raises:
        DataError: too few words have a surprisal.
    """
    known = [one for one in listed if one.word in means]
    if len(known) < _SPARE:
        hint = "the sentences must hold the words of the list"
        raise DataError(f"{len(known)} words have a surprisal, {_SPARE} are needed", where="word list", hint=hint)
    ages = np.array([one.age for one in known])
    kinds = np.array([one.category for one in known])
    frequency = np.array([one.frequency for one in known])
    rarity = -np.log(frequency / frequency.sum())
    surprisal = np.array([means[one.word] for one in known])
    line = np.stack([np.ones(len(known)), rarity], axis=1)
    left = surprisal - line @ np.linalg.lstsq(line, surprisal, rcond=None)[0]
    concreteness = np.array([one.concreteness for one in known])
    return Told(
        [one.word for one in known],
        kinds,
        ages.tolist(),
        left_out(_table(kinds, [concreteness, left, rarity]), ages),
        left_out(_table(kinds, [concreteness, rarity]), ages),
        left_out(np.ones((len(known), 1)), ages),
    )


def left_out(table: Floats, ages: Floats) -> Floats:
    """Return by how much each age is off the one told by least squares over all others, ``[n]``.

    The residual of the fit over all, over one less the row's leverage, is what leaving the row out gives.
    """
    orthogonal, values, _ = np.linalg.svd(table, full_matrices=False)
    kept = orthogonal[:, values > values.max() * 1e-10]
    missed = ages - kept @ (kept.T @ ages)
    off: Floats = np.abs(missed / np.maximum(1 - (kept**2).sum(axis=1), 1e-12))
    return off


def _table(kinds: np.ndarray[Any, Any], columns: Sequence[Floats]) -> Floats:
    scaled = [(column - column.mean()) / (column.std() or 1.0) for column in columns]
    dummies = [(kinds == name).astype(float) for name in CATEGORIES[1:]]
    products = [dummy * column for dummy in dummies for column in scaled]
    return np.stack([np.ones(len(kinds)), *dummies, *scaled, *products], axis=1)


def mean_surprisals(held: Sequence[tuple[str, list[str]]], scores: Scores, wanted: set[str]) -> dict[str, float]:
    """Return the mean surprisal in nats of each word over the places where its sentences have it."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    logprobs = scores.logprobs[0].astype(np.float64)
    for number_, (text, words) in enumerate(held):
        these = scores.of(number_)
        spans = scores.spans[these]
        for word, start, end in folded(text):
            if word not in words or word not in wanted:
                continue
            inside = (spans[:, 0] < end) & (spans[:, 1] > start)
            if inside.any():
                sums[word] = sums.get(word, 0.0) - float(logprobs[these][inside].sum())
                counts[word] = counts.get(word, 0) + 1
    return {word: total / counts[word] for word, total in sums.items()}


def read_list(path: Path) -> list[Listed]:
    """Return the words of the list.

    Raises:
        DataError: the file is not what this task reads.
    """
    found = []
    for at, row in enumerate(read_csv(path, _COLUMNS, quote="|")):
        where = f"{path}, row {at}"
        if row["lexical_category"] not in CATEGORIES:
            hint = f"there are {', '.join(CATEGORIES)}"
            raise DataError(f"{row['lexical_category']!r} is no lexical category", where=where, hint=hint)
        values = [number(row, name, where) for name in ("concreteness", "frequency", "aoa")]
        found.append(Listed(row["word_clean"], row["lexical_category"], *values))
    return found


def read_sentences(path: Path) -> list[tuple[str, list[str]]]:
    """Return sentences with the listed words of each.

    Raises:
        DataError: the file is not what this task reads.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return [(str(entry["sent"]), [str(word) for word in entry["words"]]) for entry in loaded]
    except (OSError, ValueError, TypeError, KeyError) as error:
        hint = "a list of objects with 'sent' and 'words': get the file again"
        raise DataError(f"cannot be read: {error}", where=str(path), hint=hint) from error


def _first(held: Sequence[tuple[str, list[str]]], limit: int) -> list[tuple[str, list[str]]]:
    """Return the sentences that show one of their words for no more than the ``limit``-th time."""
    counts: dict[str, int] = {}
    kept = []
    for text, words in held:
        if any(counts.get(word, 0) < limit for word in words):
            kept.append((text, words))
            for word in words:
                counts[word] = counts.get(word, 0) + 1
    return kept
