import pytest

from curation.core import catalog
from curation.core.errors import UnknownName
from curation.steps.filter.word_count import WordCount
from curation.steps.kinds import Component, Filter, Source
from tests.unit.plugins import WithoutX


def test_a_name_is_the_class_in_its_file():
    """There is no registry: the place of the file is the name."""
    assert catalog.find("filter.word_count", Component) is WordCount


def test_names_are_sorted_and_hold_steps_and_presets():
    """`curate list` shows this."""
    found = catalog.names()
    assert list(found) == sorted(found)
    assert {"filter.word_count", "filter.gopher", "source.text", "select.order"} <= set(found)
    assert [name for name in found if "._" in name] == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("filter.word_cuont", "did you mean 'filter.word_count'"),
        ("word_count", "'filter.word_count'"),
        ("filter._phrases", "curate list"),
        ("filter.__init__", "curate list"),
        ("", "curate list"),
        ("../etc/passwd", "curate list"),
        ("filter.gopher", "filter.gopher"),
    ],
)
def test_unknown_names_are_answered_with_what_was_meant(name, hint):
    """A name that does not exist must never become an import of something else."""
    with pytest.raises(UnknownName, match="there is no") as caught:
        catalog.find(name, Component)
    assert hint in caught.value.hint or "did you mean" in caught.value.hint


def test_a_class_outside_the_package_is_found():
    """A user's step needs no fork."""
    assert catalog.find("tests.unit.plugins:WithoutX", Filter) is WithoutX


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package.steps:Mine", "cannot import 'no_such_package.steps'"),
        ("tests.unit.plugins:WithoutY", "has no class 'WithoutY'"),
        ("tests.unit.plugins:NOT_A_CLASS", "has no class 'NOT_A_CLASS'"),
        ("tests.unit.plugins:NotAStep", "is not a step"),
        ("tests..plugins:X", "cannot import"),
    ],
)
def test_classes_that_cannot_be_used_say_why(name, message):
    """The author of a plug-in must see which part of the name is wrong."""
    with pytest.raises(UnknownName, match=message):
        catalog.find(name, Component)


def test_a_class_with_a_similar_name_is_offered():
    """The same courtesy outside the package as inside."""
    with pytest.raises(UnknownName) as caught:
        catalog.find("tests.unit.plugins:WithoutZ", Component)
    assert "'WithoutX'" in caught.value.hint


def test_the_kind_that_is_asked_for_is_checked():
    """A filter is no source."""
    with pytest.raises(UnknownName, match="is not a step"):
        catalog.find("tests.unit.plugins:WithoutX", Source)


def test_presets_are_told_from_steps():
    """A preset is text, not a class."""
    assert [catalog.is_preset(name) for name in ("filter.gopher", "filter.word_count", "filter.nothing")] == [
        True,
        False,
        False,
    ]
    assert catalog.preset_text("filter.gopher").startswith("# ")
