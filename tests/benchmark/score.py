"""Scores what a tool did with each document against the exact truth."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

# What a ledger's `step` says in the end about a document.
RULES, DEDUP, BUDGET, SELECTED = "rules", "dedup", "budget", "selected"


@dataclass
class Score:
    """Figures of one tool on one corpus."""

    recall: float
    precision: float
    removed: int
    redundant: int
    emptied: int  # duplicate components of which no document was left
    rule_differences: int
    missing: int  # documents that the ledger does not tell of


def score(truth_path: Path, steps: dict[str, str]) -> Score:
    """Dedup recall and precision, over documents that the rules keep.

    Recall: of each component of size s, s - 1 documents are redundant; the share of them
    that was removed. Precision: the share of removed documents that have a partner of
    Jaccard >= 0.8. Documents that a tool's rules removed are not counted as removed.
    """
    truth = pq.read_table(truth_path, columns=["key", "rule", "component"]).to_pylist()
    size: Counter[int] = Counter()
    gone: Counter[int] = Counter()
    removed = matched = differences = missing = 0
    for row in truth:
        step = steps.get(row["key"])
        missing += step is None
        differences += (step == RULES) != (row["rule"] is not None)
        component = row["component"]
        if component >= 0:
            size[component] += 1
        if step == DEDUP:
            removed += 1
            if component >= 0:
                matched += 1
                gone[component] += 1
    redundant = sum(size.values()) - len(size)
    caught = sum(min(count, size[c] - 1) for c, count in gone.items())
    return Score(
        recall=caught / redundant if redundant else 1.0,
        precision=matched / removed if removed else 1.0,
        removed=removed,
        redundant=redundant,
        emptied=sum(count == size[c] for c, count in gone.items()),
        rule_differences=differences,
        missing=missing,
    )


def corpus_words(paths: list[Path]) -> int:
    """The words of a corpus written as Parquet with a `text` column."""
    return sum(
        len(text.split())
        for path in paths
        for batch in pq.ParquetFile(path).iter_batches(columns=["text"])
        for text in batch.column(0).to_pylist()
    )
