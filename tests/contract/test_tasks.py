"""Every task and suite: named as its file, with a source, and known to the others."""

from __future__ import annotations

import pytest

from evaluation.catalog import load_task, task_names
from evaluation.errors import SuiteError
from evaluation.suite import load_suite, suite_names
from evaluation.task import Task


@pytest.mark.parametrize("name", task_names())
def test_a_task_is_named_as_its_file_and_cites_its_source(name):
    task = load_task(name)
    assert isinstance(task, Task)
    assert task.name == name
    assert task.title
    assert len(task.citation) > 20
    assert set(task.years) <= {2023, 2024, 2025, 2026}
    assert task.metric


@pytest.mark.parametrize("name", suite_names())
def test_a_suite_names_tasks_that_exist_and_averages_of_them(name):
    suite = load_suite(name)
    assert suite.name == name
    known = set(task_names())
    assert set(suite.tasks) <= known
    for key, average in suite.averages.items():
        assert set(average.of) <= set(suite.tasks) | (set(suite.averages) - {key})
    for entry in suite.published:
        assert set(entry.scores) <= set(suite.tasks) | set(suite.averages)
        assert entry.source
    year = name.split("-")[1] if name.startswith("babylm-") else ""
    if year and not name.endswith("-fast"):
        asked = {task for task in known if int(year) in load_task(task).years}
        assert set(suite.tasks) == asked, "a year's suite asks all that year's tasks, and no others"


def test_a_typo_gets_a_hint():
    with pytest.raises(SuiteError, match=r"did you mean 'blimp'"):
        load_task("blmp")
    with pytest.raises(SuiteError, match=r"did you mean 'babylm-2025'"):
        load_suite("babylm-205")


def test_a_task_from_outside_is_found_by_its_module():
    assert load_task("evaluation.tasks.blimp:TASK").name == "blimp"
    with pytest.raises(SuiteError, match="is no task"):
        load_task("evaluation.tasks.blimp:Choice")
    with pytest.raises(SuiteError, match="no module"):
        load_task("nobody_has_this.module:TASK")
