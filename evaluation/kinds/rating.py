"""Nonce words: do the model's preferences among forms go with people's? Spearman's rank correlation over items.

As babylm/evaluation-pipeline-2025 does it (``sentence_zero_shot/compute_results.py``): the softmax of the options'
scores gives the first option a probability, which is correlated with the share of people who chose it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluation.accuracy import judge
from evaluation.data import read_jsonl
from evaluation.events import TaskStarted
from evaluation.kinds import choice
from evaluation.queries import Query
from evaluation.result import TaskResult
from evaluation.scorers.scorer import score
from evaluation.task import Item, Outcome, Work


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A task of items whose options people rated.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        files: folder of JSON lines below the data, by set.
        group: what the prediction files number the items by.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    files: Mapping[str, str]
    group: str
    metric: str = field(default="spearman", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score, correlate."""
        reader = choice.Choice(
            name=self.name,
            title=self.title,
            years=self.years,
            citation=self.citation,
            files=self.files,
            fields=("sentences", "ratio"),
            item=lambda row, _: self._item(row),
            rows=read_jsonl,
        )
        items, facts = reader.items(work)
        work.listen(TaskStarted(self.name, len(items)))
        queries = [query for item in items for query in item.options]
        scores = work.score(self.name, queries)
        people = np.array([item.target for item in items], float)
        by_rule = spearman(first_shares(choice.table(items, scores.totals(work.reduction()))), people)
        sums = choice.table(items, scores.totals("sum"))
        honest, stderr = spearman(first_shares(sums), people), fisher_error(len(items))
        liked = judge(sums, choice.golds(items))
        unknown = choice.unknown_items(items, scores)
        floors = {
            name: 100 * found
            for name, scorer in work.floors.items()
            if (found := spearman(first_shares(choice.table(items, score(scorer, queries).totals())), people))
            is not None
        }
        constant = (
            () if honest is not None else ("the model gives every item the same share: no correlation is defined",)
        )
        result = TaskResult(
            task=self.name,
            title=self.title,
            status="scored",
            metric=self.metric,
            value=None if by_rule is None else 100 * by_rule,
            honest=None if honest is None else 100 * honest,
            stderr=None if stderr is None else 100 * stderr * (1 - (honest or 0.0) ** 2),
            items=len(items),
            chance=0.0,
            floors=floors,
            ties=float(liked.tied.mean()) if len(items) else None,
            unknown_items=int(unknown.sum()),
            data=facts,
            warnings=constant,
        )
        totals = scores.totals(work.reduction())
        return Outcome(result, choice.rows(self.name, items, scores, totals, liked, unknown, liked.chosen))

    def _item(self, row: Mapping[str, object]) -> Item:
        texts = tuple(str(row["sentences"]).split("\t"))
        options = tuple(Query(text) for text in texts)
        return Item(self.group, self.group, options, answers=texts, target=float(str(row["ratio"])))


def first_shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first option's softmax share of each item, float64 ``[items]``."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = shifted[:, 0] / shifted.sum(axis=1)
    return shares


def spearman(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    """Return Spearman's rho; None where one side is constant."""
    if len(ours) < 2 or np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return None
    from scipy.stats import spearmanr  # noqa: PLC0415  (half a second)

    return float(spearmanr(ours, theirs).statistic)


def fisher_error(items: int) -> float | None:
    """Return the standard error of Fisher's z of a rank correlation, ``1.03 / sqrt(n - 3)`` (Fieller et al. 1957)."""
    return 1.03 / (items - 3) ** 0.5 if items > 3 else None
