"""N-gram language models as scorers: our own models and ARPA files, and KenLM's binary files through its own module."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.errors import MissingExtra
from evaluation.errors import SubjectError
from evaluation.ngram import arpa
from evaluation.ngram.model import BORDER, LN10, NgramModel
from evaluation.ngram.words import Reader, Rule, Words
from evaluation.queries import Plan, Query
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.spans import ValuePlan, of_spans

#: Queries looked up at once.
_QUERIES = 8192


@dataclass(frozen=True)
class NgramPlan(Plan):
    """A plan with the ids behind it.

    Attributes:
        ids: int32 ``[all words]``, each query's opened by the begin mark or a border.
        rows: int64 ``[queries + 1]``, where each query's ids begin.
        places: int64 ``[tokens]``, which entry of ``ids`` each scored token is.
    """

    ids: NDArray[np.int32]
    rows: NDArray[np.int64]
    places: NDArray[np.int64]


class NgramScorer(Scorer):
    """Scores with a back-off model. The end of a sentence counts as a token behind the text's last character."""

    backend = "ngram"

    def __init__(
        self, model: NgramModel, reader: Reader | None = None, *, begin: bool = True, end: bool = True
    ) -> None:
        """Take a model.

        Args:
            model: gives the numbers.
            reader: finds the words of a text as they are in the model; by default by the rule that a model of ours was
                trained with, and by white space for others.
            begin: texts are conditioned on the begin mark.
            end: the end mark is scored, as KenLM does by default; a model that has none scores none.

        Raises:
            SubjectError: the model is over the tokens of shards, and no reader is given.
        """
        if reader is None and "tokenizer" in model.facts:
            raise SubjectError(
                "the n-gram model is over tokens, and words are to be read",
                where=self.backend,
                hint="give the tokenizer that the model was trained with",
            )
        self._model = model
        self._read: Reader = reader or Words(model.facts.get("rule", "exact"))
        self._begin = begin
        self._end = end and model.end is not None

    @classmethod
    def of_arpa(cls, path: Path, *, rule: Rule = "exact", begin: bool = True, end: bool = True) -> NgramScorer:
        """Return the scorer of an ``.arpa`` or ``.arpa.gz`` file.

        Raises:
            SubjectError: it is not one.
        """
        return cls(arpa.read(path), Words(rule), begin=begin, end=end)

    @property
    def identity(self) -> dict[str, Any]:
        """Digest of the model, and the options."""
        options = {"reader": self._read.name, "begin": self._begin, "end": self._end}
        return {"scorer": self.backend, "model": self._model.digest, **options}

    def plan(self, queries: Sequence[Query]) -> NgramPlan:
        """Look words up, and say which are scored."""
        model, known = self._model, self._model.ids
        opening = model.begin if self._begin else BORDER
        unknown = model.unknown if model.unknown is not None else BORDER
        marks = {model.begin, model.end, unknown}
        ids: list[int] = []
        rows, offsets = [0], [0]
        places: list[int] = []
        found: list[tuple[int, int]] = []
        strange: list[bool] = []
        for query in queries:
            ids.append(opening)
            words = [(known.get(word, unknown), start, end) for word, start, end in self._read(query.text)]
            words = [(unknown if number in marks else number, start, end) for number, start, end in words]
            if any(number == BORDER for number, _, _ in words):
                raise SubjectError(f"the n-gram model lacks a token of {query.text[:80]!r}", where=self.backend)
            if self._end:
                assert model.end is not None
                words.append((model.end, len(query.text), len(query.text) + 1))
            for number, start, end in words:
                if end > query.start:
                    places.append(len(ids))
                    found.append((start, min(end, len(query.text))))
                    strange.append(number == unknown)
                ids.append(number)
            rows.append(len(ids))
            offsets.append(len(places))
        return NgramPlan(
            queries,
            np.asarray(offsets, np.int64),
            np.asarray(found, np.int32).reshape(-1, 2),
            np.asarray(strange, bool),
            np.asarray(ids, np.int32),
            np.asarray(rows, np.int64),
            np.asarray(places, np.int64),
        )

    def run(self, plan: NgramPlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield some thousand queries at a time, in nats."""
        for first in range(0, len(plan.queries), _QUERIES):
            last = min(first + _QUERIES, len(plan.queries))
            numbers = np.arange(plan.offsets[first], plan.offsets[last])
            if not todo[numbers].any():
                continue
            start = plan.rows[first]
            values, _ = self._model.log10(plan.ids[start : plan.rows[last]])
            found = values[plan.places[numbers] - start].astype(np.float64) * LN10
            yield numbers, found.astype(np.float32)[None]


class KenlmScorer(Scorer):
    """Scores with the ``kenlm`` module: for its binary files, which no other program reads."""

    backend = "ngram"

    def __init__(self, path: Path, *, rule: Rule = "exact", begin: bool = True, end: bool = True) -> None:
        """Load a model.

        Raises:
            MissingExtra: the module is not installed.
            SubjectError: the file cannot be loaded.
        """
        try:
            import kenlm  # noqa: PLC0415  (optional, and compiled on installing)
        except ImportError as error:
            raise MissingExtra(
                "KenLM's binary files need its module",
                where=str(path),
                hint="pip install kenlm (it needs a C++ compiler), or give the model as .arpa",
            ) from error
        try:
            self._model = kenlm.Model(str(path))
            with path.open("rb") as file:
                self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise SubjectError(f"kenlm cannot load it: {error}", where=str(path)) from error
        self._read = Words(rule)
        self._begin, self._end = begin, end

    @property
    def identity(self) -> dict[str, Any]:
        """Digest of the file, and the options."""
        options = {"reader": self._read.name, "begin": self._begin, "end": self._end}
        return {"scorer": "kenlm", "model": self._digest, **options}

    def plan(self, queries: Sequence[Query]) -> ValuePlan:
        """Ask the module, word by word."""
        return of_spans(queries, (self._words(query.text) for query in queries))

    def _words(self, text: str) -> list[tuple[int, int, float, bool]]:
        words = self._read(text)
        scores = self._model.full_scores(" ".join(word for word, _, _ in words), bos=self._begin, eos=self._end)
        places = [(start, end) for _, start, end in words]
        if self._end:
            places.append((len(text), len(text) + 1))
        return [(start, end, value * LN10, oov) for (start, end), (value, _, oov) in zip(places, scores, strict=True)]

    def run(self, plan: ValuePlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield all at once."""
        yield np.arange(plan.tokens), plan.values[None]
