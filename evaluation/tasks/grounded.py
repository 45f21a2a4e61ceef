"""Grounded: minimal pairs in the words of the corpus under test, from templates; nothing to download.

Vocabulary, frequency and length are never the reason: every word occurs in the corpus, and each critical word is the
good one as often as the bad one (``evaluation/grounded``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import fingerprint
from evaluation.accuracy import SAME, macro
from evaluation.errors import Unsupported
from evaluation.events import TaskStarted
from evaluation.grounded.frequencies import of_path
from evaluation.grounded.generate import VERSION, generate
from evaluation.kinds.choice import measure
from evaluation.queries import Query
from evaluation.result import DataFacts
from evaluation.task import Item, Outcome, Work

#: Pairs a phenomenon, and on the fast set.
ITEMS = {"full": 200, "fast": 50}


@dataclass(frozen=True)
class Grounded:
    """The task; its data are made from ``work.corpus``."""

    name: str = "grounded"
    title: str = "Grounded"
    years: tuple[int, ...] = ()
    citation: str = "curate's own; phenomena after BLiMP (Warstadt et al. 2020) and Zorro (Huebner et al. 2021)"
    metric: str = "accuracy"

    def run(self, work: Work) -> Outcome:
        """Generate, score, measure."""
        if work.corpus is None:
            raise Unsupported(
                "the pairs are made of the words of the corpus that the model learnt from, and no corpus is known",
                where=self.name,
                hint="give --corpus DIR: a corpus folder, or a text file",
            )
        counted = of_path(work.corpus)
        wanted = ITEMS[work.which] if work.limit is None else max(2, work.limit - work.limit % 2)
        made = generate(counted.counts, items=wanted, seed=work.seed, style=counted.style)
        items = [
            Item(pair.uid, pair.phenomenon, (Query(pair.good), Query(pair.bad)), answers=(pair.good, pair.bad))
            for pair in made.pairs
        ]
        work.listen(TaskStarted(self.name, len(items)))
        digest = fingerprint(VERSION, [(pair.good, pair.bad) for pair in made.pairs])
        outcome = measure(self, items, DataFacts(files={"generated": digest}, items=len(items)), work)
        families: dict[str, list[str]] = {}
        for pair in made.pairs:
            names = families.setdefault(pair.family, [])
            if pair.phenomenon not in names:
                names.append(pair.phenomenon)
        missing = tuple(f"{gap.phenomenon} is not asked: {gap.reason}" for gap in made.missing_phenomena)
        mirrored = _mirrored(outcome.rows)
        result = outcome.result.model_copy(
            update={
                "warnings": (*outcome.result.warnings, *missing),
                "stderr": mirrored["pairs_stderr"],
                "details": {
                    **outcome.result.details,
                    "mirrored": mirrored,
                    "families": families,
                    "left_out": [[gap.phenomenon, gap.frame, gap.reason] for gap in made.missing if gap.frame],
                    "seed": work.seed,
                    "version": VERSION,
                },
            }
        )
        return Outcome(result, outcome.rows)


def _mirrored(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Return accuracy over mirrored twos: right if the margins of a pair and of its mirror add up to more than 0.

    Whatever a model likes about one form alone cancels out: what is left is whether the context turned its preference.
    Pairs of a two depend on each other, so the error of the plain accuracy is taken over twos as well.
    """
    margins: dict[tuple[str, str], list[float]] = {}
    earned: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        key = str(row["group"]), str(row["uid"])[:-1]
        good, bad = row["scores"]
        margins.setdefault(key, []).append(good - bad)
        earned.setdefault(key, []).append(row["credit"])
    groups = [group for group, _ in margins]
    both = macro(right_twos([sum(of_two) for of_two in margins.values()]), groups)
    single = macro(np.array([sum(of_two) / len(of_two) for of_two in earned.values()]), groups)
    return {
        "accuracy": 100 * both.value,
        "stderr": None if both.stderr is None else 100 * both.stderr,
        "pairs_stderr": None if single.stderr is None else 100 * single.stderr,
    }


def right_twos(margins: Sequence[float]) -> NDArray[np.float64]:
    """Return the credit of each mirrored two, from the sum of its two margins in nats: 1, 0, or 0.5 for a tie."""
    sums = np.asarray(margins, dtype=np.float64)
    return np.where(np.abs(sums) <= SAME, 0.5, (sums > 0).astype(float))


TASK = Grounded()
