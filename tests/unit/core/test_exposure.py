"""The meter cannot be passed, and survives a restart."""

import json

import pytest

from curation.core.exposure import MILLION, ExposureLimit, ExposureMeter, Part, mark_name, marks

PARTS = [Part("tales"), Part("tales", "model:tiny"), Part("talk")]


def test_the_marks_of_the_challenge():
    """Every 1M to 10M, every 10M to 100M, every 100M to 1000M; strict-small ends at 100M."""
    assert [mark // MILLION for mark in marks()] == [*range(1, 11), *range(20, 101, 10), *range(200, 1001, 100)]
    assert marks(100 * MILLION) == marks()[:19]
    assert marks(None) == ()
    assert mark_name(7 * MILLION) == "chck_7M"


def test_words_by_source_and_origin():
    """Repeats count: the same words seen twice are seen twice."""
    meter = ExposureMeter(PARTS)
    assert meter.see([600_000, 100_000, 200_000]) == []
    assert meter.see([600_000, 100_000, 1_500_000]) == ["chck_1M", "chck_2M", "chck_3M"]
    assert meter.words == 3_100_000
    assert meter.by_source() == {"tales": 1_400_000, "talk": 1_700_000}
    assert meter.by_origin() == {"human": 2_900_000, "model:tiny": 200_000}
    assert meter.left is None


def test_a_hard_stop():
    """Exactly the limit may be seen, and not one word more; a refused step is not counted."""
    meter = ExposureMeter(PARTS, limit=10)
    meter.see([4, 0, 5])
    assert (meter.left, meter.fits([1, 0, 0]), meter.fits([1, 1, 0])) == (1, True, False)
    with pytest.raises(ExposureLimit, match="would pass the limit of 10 words seen by 1"):
        meter.see([1, 1, 0])
    assert meter.words == 9
    meter.see([0, 0, 1])
    assert meter.left == 0


def test_epochs_are_words():
    """2026: ten passes over the text that was chosen, or the year's words, whichever is less."""
    assert ExposureMeter(PARTS, limit=1000, epochs=10, corpus_words=50).limit == 500
    assert ExposureMeter(PARTS, limit=100, epochs=10, corpus_words=50).limit == 100
    with pytest.raises(ValueError, match="corpus_words"):
        ExposureMeter(PARTS, epochs=10)


def test_a_restart_goes_on():
    """The state is what a checkpoint keeps; marks are not told twice."""
    meter = ExposureMeter(PARTS, limit=3_000_000)
    meter.see([999_999, 0, 0])
    again = ExposureMeter(PARTS, limit=3_000_000)
    again.restore(json.loads(json.dumps(meter.state())))
    assert again.see([1, 0, 0]) == ["chck_1M"]
    assert again.see([1, 0, 0]) == []
    with pytest.raises(ValueError, match="other sources"):
        ExposureMeter(PARTS[:2]).restore(meter.state())


@pytest.mark.parametrize("counts", [[1, 2], [1, -1, 0]])
def test_counts_that_are_none(counts):
    """A bug of the caller is said at once."""
    with pytest.raises(ValueError, match="counts"):
        ExposureMeter(PARTS).see(counts)
    with pytest.raises(ValueError, match="twice"):
        ExposureMeter([PARTS[0], PARTS[0]])
