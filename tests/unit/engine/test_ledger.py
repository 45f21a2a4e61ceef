"""The ledger's words for why a document went."""

import pytest

from tests.unit.helpers import build_texts, ledger_of


@pytest.mark.parametrize("more", [{}, {"min_length": 3}, {"min_length": 3.0}], ids=str)
def test_a_reason_does_not_depend_on_how_the_bound_was_given(tmp_path, more):
    """A default that is written out asks for the same corpus: its ledger must be the same, byte for byte."""
    plain = build_texts(tmp_path / "plain", ["a b"], [{"use": "filter.mean_word_length"}])
    said = build_texts(tmp_path / "said", ["a b"], [{"use": "filter.mean_word_length", **more}])
    assert [row["reason"] for row in ledger_of(said)] == [row["reason"] for row in ledger_of(plain)]
    assert said.lock["files"]["ledger.parquet"] == plain.lock["files"]["ledger.parquet"]
