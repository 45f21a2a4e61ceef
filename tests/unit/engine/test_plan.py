"""From steps to stages."""

import pytest

from curation.engine.plan import Placed, stages
from curation.steps.dedup.exact import Exact
from curation.steps.dedup.minhash import Minhash
from curation.steps.filter.lines_min_words import LinesMinWords
from curation.steps.filter.word_count import WordCount
from curation.steps.normalize.transcript_markup import TranscriptMarkup
from curation.steps.normalize.whitespace import Whitespace

STEPS = {
    "words": WordCount(), "space": Whitespace(), "lines": LinesMinWords(), "exact": Exact(), "near": Minhash(),
    "cut": Exact(level="line"), "markup": TranscriptMarkup(),
}  # fmt: skip


def placed(text, **more):
    names = text.split()
    steps = {**STEPS, **more}
    return [Placed(number, name, name, steps[name]) for number, name in enumerate(names)]


def shape(plan):
    """Return each stage as 'cutter | steps | deferred | decisions'."""
    return [
        " | ".join(
            [
                stage.cutter.name if stage.cutter else "",
                *(" ".join(one.name for one in some) for some in (stage.steps, stage.deferred, stage.decisions)),
            ]
        )
        for stage in plan
    ]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("", [" |  |  | "]),
        ("space", [" | space |  | "]),
        ("space words", [" | space | words | "]),
        ("words space", [" | words space |  | "]),
        ("words words", [" |  | words words | "]),
        ("words lines words", [" | words lines | words | "]),
        ("space words exact", [" | space | words | exact"]),
        ("space exact near", [" | space |  | exact near"]),
        ("exact space", [" |  |  | exact", " | space |  | "]),
        ("exact words near", [" |  |  | exact", " |  | words | near"]),
        ("cut", [" |  |  | cut", "cut |  |  | "]),
        ("cut words", [" |  |  | cut", "cut |  | words | "]),
        ("cut near", [" |  |  | cut", "cut |  |  | near"]),
        ("exact cut", [" |  |  | exact cut", "cut |  |  | "]),
        ("cut cut", [" |  |  | cut", "cut |  |  | cut", "cut |  |  | "]),
        ("space cut words exact space", [" | space |  | cut", "cut |  | words | exact", " | space |  | "]),
    ],
)
def test_steps_are_fused_and_split(steps, expected):
    """A stage is one pass over the text: it ends only where a step must see everything, and filters at its end wait."""
    assert shape(stages(placed(steps))) == expected


def test_stages_are_numbered_and_every_step_runs_once():
    """The ledger charges each step with what it did: none may run twice."""
    plan = stages(placed("words space cut words lines exact near space"))
    assert [stage.number for stage in plan] == list(range(len(plan)))
    order = [one.index for stage in plan for one in (*stage.steps, *stage.deferred, *stage.decisions)]
    assert order == list(range(8))


def test_a_bound_of_a_deferred_filter_costs_no_new_pass():
    """A new threshold at the end of a stage is decided from the measures that are kept."""
    plans = [stages(placed("space words", words=WordCount(min_words=n))) for n in (1, 2)]
    assert plans[0][0].fingerprint() == plans[1][0].fingerprint()


def test_a_bound_inside_a_stage_costs_one():
    """There the texts that go on depend on it."""
    plans = [stages(placed("words space", words=WordCount(min_words=n))) for n in (1, 2)]
    assert plans[0][0].fingerprint() != plans[1][0].fingerprint()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (placed("space", space=Whitespace(keep_tabs=False)), placed("space")),
        (placed("space words"), placed("words space")),
        (placed("cut", cut=Exact(level="paragraph")), placed("cut")),
        (placed("near", near=Minhash(ngram=4)), placed("near")),
    ],
)
def test_anything_else_changes_the_fingerprint(one, two):
    """A cached slice that was made otherwise must not be taken."""
    assert [stage.fingerprint() for stage in stages(one)] != [stage.fingerprint() for stage in stages(two)]


def test_a_new_version_of_a_step_changes_the_fingerprint(monkeypatch):
    """That is what versions are for."""
    before = stages(placed("space"))[0].fingerprint()
    monkeypatch.setattr(Whitespace, "version", Whitespace.version + 1)
    assert stages(placed("space"))[0].fingerprint() != before


def test_plain_python_runs_in_processes():
    """A stage with one step that holds the GIL would keep all threads waiting."""
    assert [stage.in_processes for stage in stages(placed("space exact markup"))] == [False, True]


def test_titles_say_what_happens():
    """They are what the display shows."""
    assert [stage.title for stage in stages(placed("space words cut"))] == ["read space words", "cut by cut"]
    assert stages(placed("exact exact space"))[1].title == "space"
