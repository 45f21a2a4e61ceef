"""An ablation, top to bottom: build the corpora, train arms and seeds side by side, stop losers, compare, write.

A killed ablation goes on where it was: corpora, runs and evaluations each resume, and finished runs are read back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.core.artifact import only_one, sweep
from curation.core.events import Event, Warned
from curation.core.fingerprint import fingerprint
from evaluation.ablation.audits import audit_arms
from evaluation.ablation.corpora import ArmCorpus, build_corpora
from evaluation.ablation.database import Database
from evaluation.ablation.events import AblationDone, AblationStarted, ArmStopped
from evaluation.ablation.findings import Findings, findings
from evaluation.ablation.heldout import compare_lengths, heldout_files
from evaluation.ablation.limits import Limits
from evaluation.ablation.matching import durations
from evaluation.ablation.places import beside, recipe_at
from evaluation.ablation.pool import Pool
from evaluation.ablation.report import write_report
from evaluation.ablation.runs import Job, RunScores
from evaluation.ablation.settings import MEASURED, Ablation, higher_is_better
from evaluation.catalog import load_task
from evaluation.stats.racing import RaceDecision, RacingRule, race


@dataclass(frozen=True)
class Options:
    """Where an ablation reads and writes.

    Attributes:
        file: the ablation file.
        out: folder of the report, the corpora and the runs.
        cache: of builds, tokenizers and tokens.
        database: SQLite file of all runs, or None.
        jobs: runs side by side; 0 is one a GPU, or one a core where there is none.
        threads: of each run.
        max_hours: stop cleanly after this long, and report on what is done.
        max_gigabytes: start no other run when ``out`` holds this much, and report on what is done.
        listen: is told what happens.
    """

    file: Path
    out: Path
    cache: Path
    database: Path | None = None
    jobs: int = 0
    threads: int = 1
    max_hours: float | None = None
    max_gigabytes: float | None = None
    listen: Callable[[Event], None] = lambda _: None


def ablate(ablation: Ablation, options: Options) -> Findings:
    """Run an ablation and write ``ablation.html`` and ``ablation.json``.

    Raises:
        AblationError: a corpus cannot be built, a held-out text is missing, or an arm breaks the rules.
        OutputError: the folder cannot be written.
        KeyboardInterrupt: it was asked to stop; the same command goes on.
    """
    with only_one(options.out / ".ablation.lock", "the ablation"):
        sweep(options.out)
        return _ablate(ablation, options)


def _ablate(ablation: Ablation, options: Options) -> Findings:
    begun = time.monotonic()
    limits = Limits(options.out, options.max_hours, options.max_gigabytes, options.listen)
    pool = Pool(options.jobs, options.threads, limits, options.listen)
    arms, seeds = ablation.all_arms, ablation.seed_list
    options.listen(AblationStarted(ablation.name, ablation.question, tuple(arms), len(seeds), len(arms) * len(seeds)))
    _check(ablation, options)
    heldout = heldout_files(ablation, options.file, options.out / "heldout")
    corpora = build_corpora(ablation, options.file, options.out, options.cache, options.listen)
    compare_lengths(heldout, corpora, options.listen)
    audits = audit_arms(ablation.rules, corpora, heldout, options.out / "heldout", options.listen)
    lengths = durations(ablation, options.file, corpora, heldout, options.cache)
    stopped: dict[str, ArmStopped] = {}
    decisions: list[tuple[float, tuple[RaceDecision, ...]]] = []
    rungs: list[float | None] = [*(ablation.racing.rungs if ablation.racing else ()), None]
    done: dict[tuple[str, int], RunScores] = {}
    for rung in rungs:
        jobs = [
            job_of(ablation, options, corpora, heldout, lengths, arm, seed, rung)
            for seed in seeds  # seed by seed: a run that is cut short has whole comparisons
            for arm in arms
            if arm not in stopped
        ]
        asked = len(jobs)
        for scores in pool.run(jobs, ablation.primary):
            done[scores.arm, scores.seed] = scores
            asked -= 1
        if rung is None or asked:  # a race needs all its runs; some were not started, or paused
            break
        judged = _race(ablation, done, rung, stopped)
        if judged:
            decisions.append((rung, judged))
        for decision in judged:
            if decision.stops:
                stopped[decision.arm] = ArmStopped(decision.arm, rung, decision.why)
                options.listen(stopped[decision.arm])
    found = findings(
        ablation,
        options.file,
        corpora,
        done,
        audits=audits,
        stopped=stopped,
        decisions=decisions,
        seconds=time.monotonic() - begun,
    )
    write_report(options.out, found)  # before all that can fail
    if options.database is not None:
        with Database(options.database) as database:
            database.add(ablation, corpora, done)
            database.add_item_errors(
                ablation,
                [
                    (c.arm, of.metric, c.item_se)
                    for of in found.metrics
                    for c in of.comparisons
                    if c.item_se is not None
                ],
            )
    options.listen(AblationDone(str(options.out), found.sentence, time.monotonic() - begun))
    return found


def _check(ablation: Ablation, options: Options) -> None:
    """Say now what would be said after hours: a task that does not exist, a file that is no database."""
    if len(ablation.heldout) == 1:
        options.listen(Warned("one held-out text: an arm may only be more like it; two domains tell that apart"))
    for task in ablation.tasks:
        load_task(task)
    if options.database is not None:
        with Database(options.database):
            pass


def job_of(
    ablation: Ablation,
    options: Options,
    corpora: Mapping[str, ArmCorpus],
    heldout: Mapping[str, Path],
    lengths: Mapping[str, str],
    arm: str,
    seed: int,
    rung: float | None,
) -> Job:
    """Return the work of one run."""
    changes = (
        *ablation.changes,
        *ablation.all_arms[arm].recipe,
        f"data.heldout.every={1 / MEASURED}",
        "data.heldout.share=0",  # what is held out is the same for all arms, and outside their corpora
        lengths[arm],
    )
    tasks = () if rung is not None else ablation.tasks
    from training.config import load_recipe  # noqa: PLC0415  (reads files)

    recipe = recipe_at(options.file, ablation.recipe)
    data = None if ablation.data is None else str(beside(options.file, ablation.data))
    wanted = fingerprint(
        corpora[arm].digest,
        corpora["base"].digest,
        load_recipe(recipe, [*changes, f"run.seed={seed}"]).fingerprint(),
        seed,
        data,
        {name: fingerprint(path.read_text(encoding="utf-8")) for name, path in heldout.items()},
        ablation.tasks,
        ablation.limit,
    )
    return Job(
        arm=arm,
        seed=seed,
        corpus=str(corpora[arm].folder),
        words_from=str(corpora["base"].folder),
        folder=str(options.out / "runs" / arm / f"seed-{seed}"),
        recipe=recipe,
        changes=changes,
        heldout={name: str(path) for name, path in heldout.items()},
        tasks=tasks,
        limit=ablation.limit,
        data=data,
        cache=str(options.cache),
        until=rung,
        wanted=wanted,
    )


def _race(
    ablation: Ablation, done: Mapping[tuple[str, int], RunScores], rung: float, stopped: Mapping[str, ArmStopped]
) -> tuple[RaceDecision, ...]:
    """Judge the arms at a rung by the primary metric at that share of the run."""
    racing = ablation.racing
    if racing is None:
        return ()
    at_rung: dict[str, list[float]] = {}
    for (arm, _), scores in sorted(done.items()):
        value = _at(scores, ablation.primary, rung)
        if arm not in stopped and value is not None:
            at_rung.setdefault(arm, []).append(value)
    if "base" not in at_rung:
        return ()  # all its runs failed: nothing can be judged
    rule = RacingRule(len(racing.rungs), higher_is_better(ablation.primary), racing.keep, ablation.alpha, racing.margin)
    return race(at_rung, "base", rule)


def _at(scores: RunScores, metric: str, rung: float) -> float | None:
    """Return a metric at a share of the run: the curve is measured at each fifth."""
    known = [point[metric] for point in scores.curve if metric in point]
    if not known:
        return None
    return float(known[min(round(rung * MEASURED), len(known)) - 1])
