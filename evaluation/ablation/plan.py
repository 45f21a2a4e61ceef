"""What an ablation can detect and what it costs, said before a minute is spent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from evaluation.ablation.database import Database
from evaluation.ablation.pool import places
from evaluation.ablation.settings import BITS, Ablation
from evaluation.stats.measured import CLEAN_ARMS, Spread, measured_spread, nearest_domain, rung_spread
from evaluation.stats.plan import MetricPlan, plan_metric, spread_of_runs

#: CPU seconds of a run, (whatever its length, a million words seen), by recipe: 57 CPU-s a run of 230,000 words in
#: known-bad.yaml, 161 to 170 of 920,000 in curation-1m.yaml, two at once. Others are known once they were run here.
SECONDS = {"llama-proxy": (20.0, 160.0)}
#: Peak memory of a run, torch included.
MEMORY_MIB = {"llama-proxy": 900.0}
#: What one would like to find where the file does not say: a hundredth of a bit, a point, a tenth of a nat.
INTEREST = {"bits": 0.01, "accuracy": 1.0, "log_odds": 0.1}


@dataclass(frozen=True)
class Plan:
    """The plan of an ablation.

    Attributes:
        metrics: power and detectable difference by metric, the primary first.
        unknown: metrics of which no spread is known: run a few seeds, and the database will know.
        runs: how many.
        cpu_hours: of training and evaluation; None where this recipe was never run here.
        hours: with as many runs side by side as there are GPUs, or cores.
        memory_mib: of all runs side by side; None where this recipe was never run here.
    """

    metrics: tuple[MetricPlan, ...]
    unknown: tuple[str, ...]
    runs: int
    cpu_hours: float | None
    hours: float | None
    memory_mib: float | None


def plan(ablation: Ablation, database: Path | None, jobs: int = 0) -> Plan:
    """Return what the ablation can tell.

    Args:
        ablation: the file.
        database: of earlier runs: their spread over seeds is better than the measured defaults.
        jobs: runs side by side; 0 is one a GPU, or one a core where there is none.
    """
    names = [ablation.primary, *ablation.text_metrics, *ablation.task_metrics]
    metrics, unknown = [], []
    for name in dict.fromkeys(names):
        spread, item_se = spread_for(name, ablation, database)
        if spread is None:
            unknown.append(name)
            continue
        kind = "bits" if name.startswith(BITS) else name.rpartition(".")[2]
        interest = ablation.of_interest if name == ablation.primary else None
        metrics.append(
            plan_metric(
                spread,
                len(ablation.seed_list),
                interest or INTEREST.get(kind, 1.0),
                item_se=item_se or 0.0,
                comparisons=len(ablation.arms) if name == ablation.primary else 1,
                alpha=ablation.alpha,
            )
        )
    runs = len(ablation.all_arms) * len(ablation.seed_list)
    side = min(jobs or places(), runs)
    seconds = _seconds(ablation, database)
    cpu = None if seconds is None else seconds * runs / 3600
    memory = _memory(ablation, database)
    return Plan(
        tuple(metrics),
        tuple(unknown),
        runs,
        cpu,
        None if cpu is None else cpu / side,
        None if memory is None else memory * side,
    )


def spread_for(metric: str, ablation: Ablation, database: Path | None) -> tuple[Spread | None, float | None]:
    """Return the spread over seeds and the error over items of a difference; an error of None is not known.

    They are those of our own runs of this recipe and size, else of the ladder's own ablations, else of the first
    measurements.
    """
    arms, item_se = {}, None
    measured = rung_spread(metric, ablation.recipe, ablation.amount) if ablation.match == "words" else None
    if database is not None and database.is_file():
        with Database(database, make=False) as known:
            arms = known.spreads(metric, ablation.recipe, ablation.amount)
            item_se = known.item_error(metric, ablation.recipe, ablation.amount)
    if measured is not None and item_se is None:
        item_se = measured[1]
    if arms and database is not None:
        return spread_of_runs(metric, arms, f"{len(arms)} arms in {database.name}"), item_se
    if measured is not None:
        return measured[0], item_se
    if metric.startswith(BITS):
        found = measured_spread(f"bits_per_byte_{nearest_domain(metric)}", CLEAN_ARMS)
    else:
        default = {"log_odds": "zorro_log_odds", "accuracy": "zorro_accuracy"}.get(metric.rpartition(".")[2])
        if default is None:
            return None, None
        found = measured_spread(default)
    return dataclasses.replace(found, metric=metric, source=f"{found.metric}, {found.source}"), item_se


def _memory(ablation: Ablation, database: Path | None) -> float | None:
    """Return the MiB of a run: the largest of our own ones, else what was measured of the recipe."""
    if database is not None and database.is_file():
        with Database(database, make=False) as known:
            peaks = [row["peak_mib"] for row in known.runs(recipe=ablation.recipe) if row["peak_mib"]]
        if peaks:
            return float(max(peaks))
    return MEMORY_MIB.get(ablation.recipe)


def _seconds(ablation: Ablation, database: Path | None) -> float | None:
    """Return the CPU seconds of a run: of our own ones, else by the recipe's speed."""
    if ablation.match != "words":
        return None
    if database is not None and database.is_file():
        with Database(database, make=False) as known:
            rows = [row for row in known.runs(recipe=ablation.recipe) if row["status"] == "done" and row["words_seen"]]
        if rows:
            return float(sum(r["cpu_seconds"] / r["words_seen"] for r in rows) / len(rows) * ablation.amount)
    known_cost = SECONDS.get(ablation.recipe)
    return None if known_cost is None else known_cost[0] + known_cost[1] * ablation.amount / 1e6
