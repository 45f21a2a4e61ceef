"""Suites from YAML: ours, one's own, inherited ones, and what is wrong with others."""

from __future__ import annotations

import pytest

from evaluation.errors import SuiteError
from evaluation.suite import load_suite


def written(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_a_suite_of_ones_own_inherits_and_changes(tmp_path):
    suite = load_suite(written(tmp_path, "extends: babylm-2025\ntitle: mine\ntasks: [blimp]\naverages: {}\n"))
    assert (suite.name, suite.title, suite.tasks) == ("mine", "mine", ("blimp",))
    assert suite.rules.ties == "gold"


def test_only_keeps_the_order_and_may_add():
    suite = load_suite("babylm-2025").only(("ewok", "blimp", "zorro"))
    assert suite.tasks == ("blimp", "ewok", "zorro")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: x\nsource: y\n", "tasks: Field required"),
        ("- a\n", "mapping"),
        ("title: [\n", "no YAML"),
        ("title: x\nsource: y\ntasks: [blimp]\nrules: {ties: soft}\n", "rules.ties"),
        ("title: x\nsource: y\ntasks: [blimp]\ncolour: red\n", "colour: Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(SuiteError, match=message):
        load_suite(written(tmp_path, text))


def test_a_suite_may_not_extend_itself(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: {path}\ntitle: x\n")
    with pytest.raises(SuiteError, match="extends itself"):
        load_suite(str(path))


def test_a_file_that_is_not_there():
    with pytest.raises(SuiteError, match="cannot be read"):
        load_suite("nowhere/x.yaml")
