"""Arms in the order of a metric, over all finished runs of the database.

An arm under other settings (recipe, changes, what is matched, draws, held-out text) is another row.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from evaluation.ablation.errors import AblationError
from evaluation.ablation.settings import higher_is_better


def newest(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one run a seed of each arm and setting: one that was done again replaces the one before.

    Args:
        runs: newest first.
    """
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for run in runs:
        key = (run["ablation"], run["arm"], run["recipe"], _corpus(run), run["setting"], run["seed"])
        if key not in seen:
            seen.add(key)
            kept.append(run)
    return kept


def _corpus(run: dict[str, Any]) -> str:
    """Return the corpus that an arm is known by: its first draw, where each seed has its own."""
    return str(run["first_corpus"] or run["corpus"])


def standings(runs: Sequence[dict[str, Any]], metric: str = "") -> tuple[str, list[dict[str, Any]]]:
    """Return the metric and the arms of each setting, best first: mean over seeds, its standard error, number of runs.

    Args:
        runs: of the database.
        metric: none takes the one that most runs have.

    Raises:
        AblationError: no run has the metric.
    """
    whole = newest([run for run in runs if run["status"] == "done"])
    counts = Counter(name for run in whole for name in run["metrics"])
    chosen = metric or (counts.most_common(1)[0][0] if counts else "")
    if chosen not in counts:
        known = ", ".join(sorted(counts)) or "none yet"
        raise AblationError(f"no finished run has {chosen!r}", where="--metric", hint=f"there are: {known}")
    arms: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for run in whole:
        if chosen in run["metrics"]:
            key = (run["ablation"], run["arm"], run["recipe"], _corpus(run), run["setting"])
            arms.setdefault(key, []).append(run)
    rows = []
    for (ablation, arm, recipe, corpus, setting), members in arms.items():
        values = [run["metrics"][chosen] for run in members]
        rows.append(
            {
                "ablation": ablation,
                "arm": arm,
                "recipe": recipe,
                "corpus": corpus,
                "setting": setting,
                "words_seen": statistics.fmean(run["words_seen"] or 0.0 for run in members),
                "mean": statistics.fmean(values),
                "stderr": statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None,
                "runs": len(values),
            }
        )
    return chosen, sorted(rows, key=lambda row: row["mean"], reverse=higher_is_better(chosen))
