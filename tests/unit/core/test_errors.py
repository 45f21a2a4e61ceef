import pickle

import pytest

from curation.core import errors
from curation.core.errors import CurateError, ManifestError, Problem, did_you_mean

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CurateError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_where_what_and_what_to_do(kind):
    """The command line prints the error as it is: all three parts must be in it."""
    assert str(kind("is missing", where="a.txt:3", hint="add it")) == "a.txt:3: is missing\n  add it"
    assert str(kind("is missing")) == "is missing"


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_the_way_back_from_a_worker(kind):
    """An error in a process would else reach the user as a pickling failure."""
    error = pickle.loads(pickle.dumps(kind("m", where="w", hint="h")))  # noqa: S301  (our own)
    assert (type(error), error.message, error.where, error.hint) == (kind, "m", "w", "h")


def test_a_manifest_error_lists_its_problems():
    """Every problem is shown at once, so that a manifest is mended in one go."""
    problems = [Problem("a", "one", "do this"), Problem("b[0]", "two")]
    error = ManifestError("2 problems", where="m.yaml", problems=problems)
    assert str(error) == "m.yaml: 2 problems\n  - a: one\n    do this\n  - b[0]: two"
    assert error.problems == tuple(problems)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("filtre", "did you mean 'filter'?"), ("sourec", "did you mean 'source'?"), ("zzz", "")],
)
def test_did_you_mean(name, expected):
    """A typing error is answered with the name that was meant, and nothing with a guess."""
    assert did_you_mean(name, ["filter", "source", "dedup"]) == expected


def test_did_you_mean_names_several():
    """Where two names are as close, both are offered."""
    assert did_you_mean("word_ratio", ["words_ratio", "word_ratios"]) == "did you mean 'words_ratio' or 'word_ratios'?"
