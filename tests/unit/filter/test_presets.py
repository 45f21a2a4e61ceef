"""The presets: every entry is a step with valid settings, and the published numbers are the ones in use."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from curation.core import catalog
from curation.core.schema import Documents
from curation.steps.filter.without_blocked_words import WithoutBlockedWords
from curation.steps.kinds import BatchStep, Filter, Rewriter, Step

PRESETS = ["filter.gopher_quality", "filter.gopher_repetition", "filter.gopher", "filter.c4", "filter.fineweb"]
GOPHER_QUALITY = {
    "word_count": (50, 100_000),
    "mean_word_length": (3, 10),
    "hash_word_ratio": (None, 0.1),
    "ellipsis_word_ratio": (None, 0.1),
    "bullet_line_ratio": (None, 0.9),
    "ellipsis_line_ratio": (None, 0.3),
    "alpha_word_ratio": (0.8, None),
    "stop_word_count": (2, None),
}
GOPHER_REPETITION = {
    "duplicate_line_ratio": (None, 0.3),
    "duplicate_line_char_ratio": (None, 0.2),
    "duplicate_paragraph_ratio": (None, 0.3),
    "duplicate_paragraph_char_ratio": (None, 0.2),
    "top_2gram": (None, 0.2),
    "top_3gram": (None, 0.18),
    "top_4gram": (None, 0.16),
    "duplicate_5gram": (None, 0.15),
    "duplicate_6gram": (None, 0.14),
    "duplicate_7gram": (None, 0.13),
    "duplicate_8gram": (None, 0.12),
    "duplicate_9gram": (None, 0.11),
    "duplicate_10gram": (None, 0.1),
}
FINEWEB = {
    "line_end_punctuation_ratio": (0.12, None),
    "short_line_ratio": (None, 0.67),
    "duplicate_line_char_ratio": (None, 0.01),
    "newline_word_ratio": (None, 0.3),
}


def steps_of(preset: str) -> dict[str, BatchStep]:
    """Return the steps of a preset by name, their settings validated."""
    steps: dict[str, BatchStep] = {}
    for entry in yaml.safe_load(catalog.preset_text(preset)):
        settings: dict[str, Any] = {key: value for key, value in entry.items() if key not in {"name", "use"}}
        name = entry.get("name", entry["use"].split(".")[-1])
        assert name not in steps
        found: Any = catalog.find(entry["use"], Step)
        steps[name] = found.model_validate(settings)
    return steps


def bounds_of(preset: str) -> dict[str, tuple[float | None, float | None]]:
    """Return the lowest and highest measure that each filter of a preset keeps, None where there is no limit."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, step in steps_of(preset).items():
        assert isinstance(step, Filter)
        low, high = step.bounds()
        found[name] = (None if low == float("-inf") else low, None if high == float("inf") else high)
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_load(preset: str) -> None:
    """A preset is in the catalogue, starts with its summary, and every entry validates."""
    assert catalog.is_preset(preset)
    assert catalog.preset_text(preset).startswith("# ")
    assert steps_of(preset)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("filter.gopher_quality", GOPHER_QUALITY),
        ("filter.gopher_repetition", GOPHER_REPETITION),
        ("filter.gopher", {**GOPHER_QUALITY, **GOPHER_REPETITION}),
        ("filter.fineweb", FINEWEB),
    ],
)
def test_published_numbers(preset: str, expected: dict[str, tuple[float | None, float | None]]) -> None:
    """The thresholds are those of the papers, in this order."""
    assert list(expected.items()) == list(bounds_of(preset).items())


def test_ngram_names_say_the_length() -> None:
    """``top_2gram`` looks at runs of 2 words, and so on."""
    lengths = {name: getattr(step, "n", None) for name, step in steps_of("filter.gopher_repetition").items()}

    assert {name: int("".join(filter(str.isdigit, name))) for name in lengths if name.endswith("gram")} == {
        name: n for name, n in lengths.items() if n is not None
    }


def outcome(step: BatchStep, batch: Documents) -> list[Any]:
    """Return the measures of a filter or the texts of a rewriter."""
    if isinstance(step, Rewriter):
        return list(step.rewrite(batch).to_pylist())
    assert isinstance(step, Filter)
    return [repr(value) for value in step.measures(batch)]


def test_slices_of_a_batch(docs: Any) -> None:
    """A slice of a batch, an empty one too, is measured as a batch of its own would be."""
    texts = [
        "the [1] and…\n- a JavaScript {line}.\n\n- a\n- a",
        "",
        " \n",
        "lorem ipsum dolor sit amet " * 9,
        "Use cookies!\nBad\nbad words.",
        "éé\u3000\n\néé",
    ]
    whole = docs(texts).batch
    steps = [*steps_of("filter.gopher").values(), *steps_of("filter.c4").values(), *steps_of("filter.fineweb").values()]
    for step in [*steps, WithoutBlockedWords(words=["bad"])]:
        for start, stop in ((0, 0), (1, 3), (2, 6), (5, 6), (6, 6)):
            actual = outcome(step, Documents(whole.slice(start, stop - start)))

            assert outcome(step, docs(texts[start:stop])) == actual, step


def test_c4_on_a_page(docs: Any) -> None:
    """C4's rules together leave the sentences of a page, and only of a page that has five."""
    page = docs(
        [
            (
                "Home | About\nThe sky is blue.[1]\nTwo words.\nWe use cookies on this site.\n"
                'Please enable JavaScript now.\nHe said, "It is not."\nAnd so on it goes...\n'
                "A third line here!\nIs this the fourth?\nThis is the fifth."
            ),
            "The sky is blue.\nThe sea is too.\nLorem ipsum dolor sit.\nOne more line here.\nAnd one more here.",
            "The sky is blue.\nThe sea is too.\nOne more line here.\nAnd {one} more here.\nOne two three.",
            "The sky is blue.\nThe sea is too.\nOne more line here.\nAnd one more here.",
        ]
    )
    for index, step in enumerate(steps_of("filter.c4").values()):
        page = step.apply(page, index)

    assert [True, False, False, False] == page.alive.tolist()
    assert (
        'The sky is blue.\nHe said, "It is not."\nA third line here!\nIs this the fourth?\nThis is the fifth.'
        == page.texts()[0]
    )
