"""Tasks and suites by name: a name is a file's name, and outside code is ``package.module:OBJECT``."""

from __future__ import annotations

import importlib
from importlib import resources
from typing import Any

from curation.core.errors import did_you_mean
from evaluation.errors import SuiteError
from evaluation.task import Task


def task_names() -> list[str]:
    """Return the tasks that come with curate, sorted."""
    files = resources.files("evaluation.tasks").iterdir()
    return sorted(file.name[:-3] for file in files if file.name.endswith(".py") and not file.name.startswith("_"))


def load_task(name: str) -> Task:
    """Return a task: of ours by name, or of an installed package as ``package.module:OBJECT``.

    Raises:
        SuiteError: there is none, or it is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon and name not in task_names():
        hint = did_you_mean(name, task_names()) or f"tasks: {', '.join(task_names())}"
        raise SuiteError(f"no task is called {name!r}", where="tasks", hint=hint)
    try:
        found: Any = getattr(
            importlib.import_module(module if colon else f"evaluation.tasks.{name}"), attribute or "TASK", None
        )
    except ModuleNotFoundError as error:
        if error.name is not None and module.startswith(error.name):
            hint = "is the package installed in this environment?"
            raise SuiteError(f"no module is called {module!r}", where="tasks", hint=hint) from error
        raise
    if not isinstance(found, Task):
        raise SuiteError(f"{name!r} is no task", where="tasks", hint="see evaluation/task.py for what a task has")
    return found
