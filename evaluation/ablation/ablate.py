"""An ablation, top to bottom: build the corpora, train arms and seeds side by side, stop losers, compare, write.

A killed ablation goes on where it was: corpora, runs and evaluations each resume, and finished runs are read back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from curation.core.artifact import only_one, sweep
from evaluation.ablation.arms import make_arms
from evaluation.ablation.check import check
from evaluation.ablation.database import Database
from evaluation.ablation.events import AblationDone, AblationStarted, ArmStopped
from evaluation.ablation.findings import Findings, findings
from evaluation.ablation.heldout import heldout_files
from evaluation.ablation.jobs import Given, asked_of, job_of, settings_of
from evaluation.ablation.limits import Limits
from evaluation.ablation.options import Options
from evaluation.ablation.pool import Pool
from evaluation.ablation.report import write_report
from evaluation.ablation.runs import RunScores
from evaluation.ablation.settings import MEASURED, Ablation, higher_is_better
from evaluation.stats.racing import RaceDecision, RacingRule, race


def ablate(ablation: Ablation, options: Options) -> Findings:
    """Run an ablation and write ``ablation.html`` and ``ablation.json``.

    Raises:
        CurateError: the file names what is not there, the base's corpus cannot be built or breaks the rules, or that
            holds for all arms.
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
    check(ablation, options)
    settings = settings_of(ablation, options.file)
    heldout = heldout_files(ablation, options.file, options.out / "heldout")
    made = make_arms(ablation, options.file, options.out, options.cache, heldout, options.listen)
    given = Given(made.draws, heldout, made.lengths, asked_of(ablation, options, made.corpora["base"]))
    stopped: dict[str, ArmStopped] = {}
    decisions: list[tuple[float, tuple[RaceDecision, ...]]] = []
    rungs: list[float | None] = [*(ablation.racing.rungs if ablation.racing else ()), None]
    done: dict[tuple[str, int], RunScores] = {}
    for rung in rungs:
        jobs = [
            job_of(ablation, options, given, arm, seed, rung)
            for seed in seeds  # seed by seed: a run that is cut short has whole comparisons
            for arm in made.corpora
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
                stopped[decision.arm] = ArmStopped(decision.arm, rung, decision.leader, decision.why)
                options.listen(stopped[decision.arm])
    found = findings(
        ablation,
        options.file,
        made,
        done,
        stopped=stopped,
        decisions=decisions,
        seconds=time.monotonic() - begun,
    )
    write_report(options.out, found)  # before all that can fail
    if options.database is not None:
        with Database(options.database) as database:
            database.add(ablation, settings, made.draws, done)
            database.add_item_errors(
                ablation,
                settings["base"],
                [
                    (c.arm, of.metric, c.item_se)
                    for of in found.metrics
                    for c in of.comparisons
                    if c.item_se is not None
                ],
            )
    options.listen(AblationDone(str(options.out), found.sentence, time.monotonic() - begun))
    return found


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
