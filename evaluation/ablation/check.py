"""What can be said before a minute is spent: a change that does not fit, data that are not there, a broken manifest."""

from __future__ import annotations

from pathlib import Path

from curation.core.events import Warned
from evaluation.ablation.corpora import check_manifests, place_of
from evaluation.ablation.database import Database
from evaluation.ablation.errors import AblationError
from evaluation.ablation.jobs import data_of, teachers_of
from evaluation.ablation.options import Options
from evaluation.ablation.places import recipe_at
from evaluation.ablation.settings import Ablation
from evaluation.catalog import load_task, task_names
from evaluation.data import VARIABLE, Data
from evaluation.errors import DataError
from evaluation.tasks.grounded import Grounded
from training.config import load_recipe


def check(ablation: Ablation, options: Options) -> None:
    """Look at all that an ablation rests on.

    Raises:
        CurateError: as ``check_settings``; a manifest is not valid, or the database is none.
    """
    if len(ablation.heldout) == 1:
        options.listen(Warned("one held-out text: an arm may only be more like it; two domains tell that apart"))
    check_settings(ablation, options.file)
    if options.database is not None:
        with Database(options.database):
            pass
    check_manifests(ablation, options.file, options.out)


def check_settings(ablation: Ablation, file: Path) -> None:
    """Look at the recipes of all arms, and whether there are data for the tasks.

    Raises:
        CurateError: a recipe is not there or a change of it does not fit, a teacher is none or is not done, or there is
            no folder of evaluation data.
    """
    for name, arm in ablation.all_arms.items():
        taught = teachers_of(load_recipe(recipe_at(file, ablation.recipe), [*ablation.changes, *arm.recipe]))
        for teacher in taught:
            if not teacher.done:
                raise AblationError(
                    "the teacher's training is not done", where=str(teacher.folder), hint="go on with it"
                )
        if taught and ablation.redraws:
            hint = "write `redraw: false`: all seeds of an arm have one corpus"
            told = "a teacher reads the tokens of one corpus, and each seed has another"
            raise AblationError(told, where=place_of(name), hint=hint)
    root = Data(data_of(ablation, file)).root
    needy = [name for name in ablation.tasks if name in task_names() and not isinstance(load_task(name), Grounded)]
    if needy and not root.is_dir():
        told = f"no such folder of evaluation data, which {', '.join(needy)} need"
        raise DataError(told, where=str(root), hint=f"give `data:` in the ablation file, or set {VARIABLE}")
