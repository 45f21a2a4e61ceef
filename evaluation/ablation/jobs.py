"""The work of a run: what is trained on what, and the fingerprints that tell whether an earlier start has done it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.core.fingerprint import fingerprint
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.options import Options
from evaluation.ablation.places import beside, recipe_at
from evaluation.ablation.runs import Job
from evaluation.ablation.settings import MEASURED, Ablation
from evaluation.catalog import load_task
from evaluation.data import Data, sha256
from evaluation.evaluate import RESULTS_OF
from evaluation.tasks.grounded import Grounded
from training.config import Recipe, load_recipe
from training.run import Run


def data_of(ablation: Ablation, file: Path) -> Path | None:
    """Return the folder of evaluation data that the file names, if it names one."""
    return None if ablation.data is None else beside(file, ablation.data)


def teachers_of(recipe: Recipe) -> list[Run]:
    """Return the runs of a recipe's teachers.

    Raises:
        ResumeError: a folder holds no run.
    """
    return [Run.open(folder) for folder in getattr(recipe.objective, "teachers", ())]


def settings_of(ablation: Ablation, file: Path) -> dict[str, str]:
    """Return of each arm a digest of what two of its runs must share to be runs of one thing, but for seed and corpus.

    Recipes and held-out texts count by what is in them: a file that is changed makes another setting.
    """
    heldout = {}
    for domain, text in ablation.heldout.items():
        path = beside(file, text.path)
        heldout[domain] = [sha256(path) if path.is_file() else text.path, text.documents]
    found = {}
    for name, arm in ablation.all_arms.items():
        recipe = load_recipe(recipe_at(file, ablation.recipe), [*ablation.changes, *arm.recipe]).fingerprint()
        equal = (recipe, ablation.match, ablation.amount, ablation.redraws)
        found[name] = fingerprint(*equal, heldout, ablation.heldout_words, ablation.limit)
    return found


def asked_of(ablation: Ablation, options: Options, base: ArmCorpus) -> str:
    """Return a fingerprint of what decides the scores of tasks, given a model."""
    alone = all(isinstance(load_task(name), Grounded) for name in ablation.tasks)  # they read the corpus only
    state = [] if alone else Data(data_of(ablation, options.file)).state()
    return fingerprint(RESULTS_OF, base.digest, state, ablation.tasks, ablation.limit)


@dataclass(frozen=True)
class Given:
    """What the runs of an ablation are given.

    Attributes:
        draws: (arm, seed) to the corpus of that draw, of the arms that take part.
        heldout: domain to text.
        lengths: of the same ones, as a change of the recipe.
        asked: fingerprint of what decides the scores of tasks, given a model.
    """

    draws: Mapping[tuple[str, int], ArmCorpus]
    heldout: Mapping[str, Path]
    lengths: Mapping[tuple[str, int], str]
    asked: str


def job_of(ablation: Ablation, options: Options, given: Given, arm: str, seed: int, rung: float | None) -> Job:
    """Return the work of one run, up to a rung or, without one, to its end."""
    drawn = arm, ablation.draw_of(seed)
    changes = (
        *ablation.changes,
        *ablation.all_arms[arm].recipe,
        f"data.heldout.every={1 / MEASURED}",
        "data.heldout.share=0",  # what is held out is the same for all arms, and outside their corpora
        given.lengths[drawn],
    )
    recipe = recipe_at(options.file, ablation.recipe)
    loaded = load_recipe(recipe, [*changes, f"run.seed={seed}"])
    data = data_of(ablation, options.file)
    wanted = fingerprint(
        given.draws[drawn].digest,
        loaded.fingerprint(),
        [teacher.record["identity"] for teacher in teachers_of(loaded)],
        {name: fingerprint(path.read_text(encoding="utf-8")) for name, path in given.heldout.items()},
    )
    return Job(
        arm=arm,
        seed=seed,
        corpus=str(given.draws[drawn].folder),
        words_from=str(given.draws["base", ablation.draws[0]].folder),
        folder=str(options.out / "runs" / arm / f"seed-{seed}"),
        recipe=recipe,
        changes=changes,
        heldout={name: str(path) for name, path in given.heldout.items()},
        tasks=() if rung is not None else ablation.tasks,
        limit=ablation.limit,
        data=None if data is None else str(data),
        cache=str(options.cache),
        until=rung,
        wanted=wanted,
        asked=given.asked,
    )
