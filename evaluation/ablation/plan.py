"""What an ablation can detect and what it costs, said before a minute is spent."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from curation.core.words import count_words
from curation.corpus import LOCK, Corpus
from evaluation.ablation.check import check_settings
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.database import Database
from evaluation.ablation.heldout import heldout_files
from evaluation.ablation.jobs import Given, job_of, settings_of
from evaluation.ablation.matching import durations
from evaluation.ablation.options import Options
from evaluation.ablation.places import beside
from evaluation.ablation.pool import places
from evaluation.ablation.runs import PARTS
from evaluation.ablation.settings import BITS, MEASURED, Ablation
from evaluation.stats.measured import CLEAN_ARMS, Spread, measured_spread, nearest_domain, rung_spread
from evaluation.stats.plan import MetricPlan, plan_metric, spread_of_runs

#: CPU seconds of a run, (whatever its length, a million words seen), by recipe: 57 CPU-s a run of 230,000 words in
#: known-bad.yaml, 161 to 170 of 920,000 in curation-1m.yaml, two at once, on the project's machine: the last resort.
SECONDS = {"llama-proxy": (20.0, 160.0)}
#: Peak memory of a run, torch included.
MEMORY_MIB = {"llama-proxy": 900.0}
#: Column of the database that says how much a run saw of what is matched.
SEEN = {"words": "words_seen", "tokens": "tokens_seen", "flops": "flops"}
#: CPU seconds of measuring held-out text, as a share of those of training on as many words.
HELDOUT_SHARE = 1 / 3
#: What one would like to find where the file does not say: a hundredth of a bit, a point, a tenth of a nat.
INTEREST = {"bits": 0.01, "accuracy": 1.0, "log_odds": 0.1}


@dataclass(frozen=True)
class Plan:
    """The plan of an ablation.

    Attributes:
        metrics: power and detectable difference by metric, the primary first.
        unknown: metrics of which no spread is known: run a few seeds, and the database will know.
        runs: how many.
        cpu_hours: of all runs; None where it is not known.
        hours: with as many runs side by side as there are GPUs, or cores.
        memory_mib: of all runs side by side; None where it is not known.
        cost_from: what time and memory rest on, and what to do where they are not of this machine.
    """

    metrics: tuple[MetricPlan, ...]
    unknown: tuple[str, ...]
    runs: int
    cpu_hours: float | None
    hours: float | None
    memory_mib: float | None
    cost_from: str


@dataclass(frozen=True)
class Cost:
    """What one run costs.

    Attributes:
        seconds: of CPU; None where it is not known.
        memory_mib: peak; None where it is not known.
        source: what this rests on, and what to do where it is not of this machine.
    """

    seconds: float | None
    memory_mib: float | None
    source: str


def plan(ablation: Ablation, options: Options) -> Plan:
    """Return what the ablation can tell, and its cost; writes only to the cache, and only where it has to measure.

    Args:
        ablation: the file.
        options: as the ablation would be run. Earlier runs of its database are better than the measured defaults.

    Raises:
        CurateError: a recipe, a change of it or a task is wrong, or base, recipe and held-out text do not fit.
    """
    check_settings(ablation, options.file)
    database = options.database if options.database is not None and options.database.is_file() else None
    names = [ablation.primary, *ablation.text_metrics, *ablation.area_metrics, *ablation.task_metrics]
    setting = settings_of(ablation, options.file)["base"]
    metrics, unknown = [], []
    for name in dict.fromkeys(names):
        spread, item_se = spread_for(name, ablation, setting, database)
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
    side = min(options.jobs or places(), runs)
    cost = _of_runs(ablation, setting, database) or _measured(ablation, options) or _assumed(ablation, options)
    cpu = None if cost.seconds is None else cost.seconds * runs / 3600
    return Plan(
        tuple(metrics),
        tuple(unknown),
        runs,
        cpu,
        None if cpu is None else cpu / side,
        None if cost.memory_mib is None else cost.memory_mib * side,
        cost.source,
    )


def spread_for(
    metric: str, ablation: Ablation, setting: str, database: Path | None
) -> tuple[Spread | None, float | None]:
    """Return the spread over seeds and the error over items of a difference; an error of None is not known.

    They are those of our own runs of the base's setting, else of the ladder's own ablations, else of the first
    measurements.
    """
    arms, item_se = {}, None
    measured = rung_spread(metric, ablation.recipe, ablation.amount) if ablation.match == "words" else None
    if database is not None:
        with Database(database, make=False) as known:
            arms = known.spreads(metric, setting)
            item_se = known.item_error(metric, setting)
    if measured is not None and item_se is None:
        item_se = measured[1]
    if arms and database is not None:
        many = "1 corpus" if len(arms) == 1 else f"{len(arms)} corpora"
        return spread_of_runs(metric, arms, f"{many} in {database.name}"), item_se
    one_draw = ", on one corpus an arm: draws add to it" if ablation.redraws else ""
    if measured is not None:
        told = "" if measured[2] else one_draw
        return dataclasses.replace(measured[0], source=f"{measured[0].source}{told}"), item_se
    if metric.startswith(f"{BITS}."):
        found = measured_spread(f"bits_per_byte_{nearest_domain(metric)}", CLEAN_ARMS)
    else:
        default = {"log_odds": "zorro_log_odds", "accuracy": "zorro_accuracy"}.get(metric.rpartition(".")[2])
        if default is None:
            return None, None
        found = measured_spread(default)
    return dataclasses.replace(found, metric=metric, source=f"{found.metric}, {found.source}{one_draw}"), item_se


def _of_runs(ablation: Ablation, setting: str, database: Path | None) -> Cost | None:
    """Return the cost of our own finished runs of this recipe, those of the base's setting if there are any.

    What grows with a run's length is scaled by what it saw of what is matched.
    """
    if database is None:
        return None
    seen = SEEN[ablation.match]
    with Database(database, make=False) as known:
        rows = [row for row in known.finished(ablation.recipe) if row[seen] and row["cpu_seconds"]]
    alike = [row for row in rows if row["setting"] == setting]
    if not rows:
        return None

    def seconds(row: dict[str, Any]) -> float:
        fixed = sum(row[part] or 0.0 for part in PARTS)  # they do not grow with a run's length
        return float(fixed + (row["cpu_seconds"] - fixed) * ablation.amount / row[seen])

    chosen = alike or rows
    peaks = [float(row["peak_mib"]) for row in chosen if row["peak_mib"]]
    others = "these settings" if alike else f"{ablation.recipe} under other settings, by {ablation.match} seen"
    return Cost(
        fmean(map(seconds, chosen)),
        max(peaks) if peaks else MEMORY_MIB.get(ablation.recipe),
        f"{len(chosen)} runs in {database.name} of {others}",
    )


def _measured(ablation: Ablation, options: Options) -> Cost | None:
    """Measure a few steps of the base's first run on its corpus, where that is built: a dry run, as a job would be."""
    folder = _base_folder(ablation, options)
    if not (folder / LOCK).is_file():
        return None
    from training.config import load_recipe  # noqa: PLC0415  (heavy)
    from training.estimate import estimate  # noqa: PLC0415
    from training.train import Options as Training  # noqa: PLC0415

    corpus = Corpus.open(folder)
    base = ArmCorpus("base", folder, corpus.digest, corpus.words, int(corpus.lock["documents"]), dict(corpus.lock))
    alone = ablation.model_copy(update={"arms": {}})  # the other arms' corpora may not be there yet
    with tempfile.TemporaryDirectory() as texts:
        heldout = heldout_files(ablation, options.file, Path(texts))
        draws = {("base", ablation.draws[0]): base}
        lengths = durations(alone, options.file, draws, heldout, options.cache)
        job = job_of(alone, options, Given(draws, heldout, lengths, ""), "base", ablation.seed_list[0], None)
        words = sum(count_words(path.read_text(encoding="utf-8")) for path in heldout.values())
        found = estimate(
            load_recipe(job.recipe, [*job.changes, f"run.seed={job.seed}"]),
            Training(corpus=folder, out=Path(job.folder), cache=options.cache, heldout=heldout),
        )
    measuring = MEASURED * HELDOUT_SHARE * words / found["words_per_second"]
    tasks = ", without the tasks" if ablation.tasks else ""
    source = f"measured now on {found['device']}, one run alone on the base's corpus{tasks}"
    return Cost(found["seconds"] + measuring, found["memory_mib"], source)


def _assumed(ablation: Ablation, options: Options) -> Cost:
    """Return what the project measured of the recipe on its own machine, if it did, and how to measure on this one."""
    memory = MEMORY_MIB.get(ablation.recipe)
    manifest = ablation.base.manifest
    if manifest is None:
        make = f"make {_base_folder(ablation, options)}"
    else:
        path = beside(options.file, manifest)
        make = f"`curate build {path if path.is_file() else manifest} --out {_base_folder(ablation, options)}`"
    hint = f"to measure on this machine, {make} and plan again"
    known = SECONDS.get(ablation.recipe) if ablation.match == "words" else None
    if known is None:
        return Cost(None, memory, hint)
    seconds = known[0] + known[1] * ablation.amount / 1e6
    return Cost(seconds, memory, f"{ablation.recipe} as it ships, on the project's machine; {hint}")


def _base_folder(ablation: Ablation, options: Options) -> Path:
    """Return where the base's corpus is, or will be built."""
    given = ablation.base.corpus
    return options.out / "corpora" / "base" if given is None else beside(options.file, given)
