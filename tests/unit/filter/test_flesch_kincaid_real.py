"""The readability filter on graded excerpts: against published grades, teachers' ratings and the audit's report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from curation.kernels.syllables import reading_counts
from curation.steps.filter.flesch_kincaid import FleschKincaid
from tests.unit.filter.conftest import make_docs
from tests.unit.filter.test_flesch_kincaid import by_report

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
CLEAR = SHARED / "text" / "research" / "clear_readability.parquet"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not CLEAR.is_file(), reason=f"no graded excerpts in {SHARED.parent.name}/{SHARED.name} (CURATE_SHARED_DATA)"
    ),
]


@pytest.fixture(scope="module")
def clear() -> dict[str, Any]:
    """Return the columns of the CLEAR corpus that are compared with."""
    columns = ["Excerpt", "Flesch-Kincaid-Grade-Level", "BT_easiness", "Sentence Count"]
    table: dict[str, Any] = pq.read_table(CLEAR, columns=columns).to_pydict()
    return table


def test_grades_follow_the_published_ones(clear: dict[str, Any]) -> None:
    """Rules for syllables and sentences do what the corpus' authors' tool does: r = 0.977 over 3,746 excerpts."""
    ours = FleschKincaid().measures(make_docs(clear["Excerpt"]))
    published = np.array(clear["Flesch-Kincaid-Grade-Level"])

    assert len(ours) > 3000
    assert np.corrcoef(ours, published)[0, 1] > 0.975
    assert abs(np.median(ours - published)) < 0.2
    assert np.abs(ours - published).mean() < 0.5


def test_grades_follow_ease_of_reading_as_well_as_the_published_ones(clear: dict[str, Any]) -> None:
    """Teachers' ratings: r = -0.505, published grades -0.504."""
    ours = FleschKincaid().measures(make_docs(clear["Excerpt"]))
    ease = np.array(clear["BT_easiness"])
    published = np.corrcoef(np.array(clear["Flesch-Kincaid-Grade-Level"]), ease)[0, 1]

    assert np.corrcoef(ours, ease)[0, 1] == pytest.approx(published, abs=0.005)
    assert np.corrcoef(ours, ease)[0, 1] < -0.5


def test_sentences_are_those_of_the_published_counts(clear: dict[str, Any]) -> None:
    """The part of the grade that depends most on rules: r = 0.991."""
    sentences = reading_counts(make_docs(clear["Excerpt"]))[:, 2]
    assert np.corrcoef(sentences, clear["Sentence Count"])[0, 1] > 0.99


def test_counts_equal_those_of_the_report(clear: dict[str, Any]) -> None:
    """No difference on real text either."""
    some = clear["Excerpt"][::4]
    assert reading_counts(make_docs(some)).tolist() == [by_report(text) for text in some]
