import json

from curation.audit.diff import difference, in_words, settings_difference
from tests.unit.helpers import build_texts

TEXTS = ["a b c", "d e", "f g h i", "j"]


def pair(folder):
    one = build_texts(folder / "one", TEXTS, [{"use": "filter.word_count", "min_words": 2}])
    two = build_texts(
        folder / "two", TEXTS, [{"use": "filter.word_count", "min_words": 3}, {"use": "dedup.exact"}],
        [{"use": "select.word_budget", "words": 6}],
    )  # fmt: skip
    return one, two


def test_settings_and_documents_that_differ(tmp_path):
    """The difference of two corpora is the label of an ablation."""
    one, two = pair(tmp_path)
    found = difference(one, two)
    assert found["same"] is False
    assert sorted(found["settings"]) == sorted(
        [
            "+ steps.exact (dedup.exact)",
            "+ steps.word_budget (select.word_budget)",
            "steps.word_count.min_words: 2 -> 3",
        ]
    )
    assert found["only_in_a"] == {"documents": 1, "words": 2}
    assert found["only_in_b"] == {"documents": 0, "words": 0}
    assert found["in_both"] == {"documents": 2, "words": 6, "documents_cut_differently": 1}
    assert found["words_by_source"] == {"docs": [9, 6]}
    assert json.loads(json.dumps(found)) == found
    text = in_words(found)
    assert "steps.word_count.min_words: 2 -> 3" in text
    assert "only in a: 1 documents, 2 words" in text
    assert "(75.0% of all), 1 cut differently" in text


def test_a_corpus_does_not_differ_from_itself(tmp_path):
    """Nothing must be made up."""
    one, _ = pair(tmp_path)
    found = difference(one, one)
    assert (found["same"], found["settings"], found["only_in_a"]["documents"]) == (True, [], 0)
    assert "the corpora are identical" in in_words(found)
    assert "no difference" in in_words(found)


def test_the_order_of_steps_is_a_difference(tmp_path):
    """The same steps in another order are another pipeline."""
    one, two = (
        build_texts(tmp_path / str(place), TEXTS, steps)
        for place, steps in enumerate(
            (
                [{"use": "dedup.exact"}, {"use": "normalize.unicode"}],
                [{"use": "normalize.unicode"}, {"use": "dedup.exact"}],
            )
        )
    )
    assert settings_difference(one.lock, two.lock) == ["steps: in another order"]


def test_other_files_are_a_difference(tmp_path):
    """The settings may be the same and the data not."""
    one = build_texts(tmp_path / "one", ["a"])
    two = build_texts(tmp_path / "two", ["b"])
    assert settings_difference(one.lock, two.lock) == ["sources.docs: other files"]
