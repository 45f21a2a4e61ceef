"""What a stage does to a batch."""

import numpy as np
import pytest

from curation.core.errors import CurateError, StepError
from curation.core.schema import ALIVE
from curation.engine.plan import Placed, stages
from curation.engine.stage import decide, run_batch
from curation.steps.filter.word_count import WordCount
from curation.steps.normalize.unicode import Unicode
from curation.steps.normalize.whitespace import Whitespace
from tests.unit import plugins
from tests.unit.helpers import batch_of, docs_of

TEXTS = ["a  b\r\n", "one", " x y z ", "\u200b"]


def stage_of(*steps):
    return stages([Placed(number, f"s{number}", f"s{number}", step) for number, step in enumerate(steps)])[0]


def test_the_input_is_not_changed():
    """The batch may be a view of a slice on disk that another stage reads."""
    batch = batch_of(TEXTS)
    before = batch.serialize().to_pybytes()
    stage = stage_of(Unicode(), WordCount(min_words=2), Whitespace(), WordCount(min_words=3))
    result = run_batch(stage, batch)
    assert batch.serialize().to_pybytes() == before
    assert result.column("text").to_pylist() != TEXTS


def test_deferred_filters_only_measure():
    """They decide when all slices are done, so that a threshold can be changed for nothing."""
    result = run_batch(stage_of(Whitespace(), WordCount(min_words=2, max_words=2)), batch_of(TEXTS[:3]))
    assert result.column("step").to_pylist() == [ALIVE] * 3
    assert result.column("measure:1").to_pylist() == [2.0, 1.0, 3.0]


def test_decide_charges_the_first_filter_that_fails():
    """A document is dropped once."""
    stage = stage_of(WordCount(min_words=2), WordCount(min_words=3))
    step, value = np.full(3, ALIVE, np.int16), np.full(3, np.nan)
    decide(stage, step, value, {0: np.array([1.0, 2.0, 5.0]), 1: np.array([1.0, 2.0, np.nan])})
    assert step.tolist() == [0, 1, ALIVE]
    np.testing.assert_array_equal(value, [1.0, 2.0, np.nan])


def test_removed_documents_lose_their_text_and_keep_their_row():
    """Only their row is still needed: for the ledger."""
    result = run_batch(stage_of(WordCount(min_words=2), Whitespace()), batch_of(TEXTS[:3]))
    assert result.column("text").to_pylist() == ["a b", "", "x y z"]
    assert result.column("step").to_pylist() == [ALIVE, 0, ALIVE]
    assert result.column("value").to_pylist() == [None, 1.0, None]
    assert result.column("words").to_pylist() == [2, 1, 3]


def test_a_failure_names_the_step():
    """Almost always a bug in a plug-in: its author must find it."""
    with pytest.raises(StepError, match="s1: failed with ZeroDivisionError: on purpose"):
        run_batch(stage_of(Whitespace(), plugins.Breaks()), batch_of(TEXTS))


def test_a_measure_of_the_wrong_shape_names_the_step():
    """Else it would fail much later, or not at all."""
    with pytest.raises(StepError, match=r"s0: .*WrongShape.measure gave shape \(5,\) for 4 documents"):
        run_batch(stage_of(plugins.WrongShape()), batch_of(TEXTS))


def test_errors_that_are_ours_pass_through():
    """A step may say itself what is wrong with a document."""

    class Refuses(plugins.Breaks):
        def measure(self, docs):
            raise CurateError("no")

    with pytest.raises(CurateError, match=r"^no$"):
        run_batch(stage_of(Refuses(), Whitespace()), batch_of(TEXTS))


def test_what_was_computed_from_a_text_is_kept_while_the_text_is():
    """Twenty filters share one scan; a rewriter that changes no text must not throw it away."""
    docs = docs_of(["all clean here", "nothing to do"])
    docs.cached("probe", lambda: "before")
    assert Unicode().apply(docs, 0).cached("probe", lambda: "after") == "before"
    changed = Whitespace().apply(docs_of(["a  b"]), 0)
    assert changed.cached("probe", lambda: "after") == "after"
