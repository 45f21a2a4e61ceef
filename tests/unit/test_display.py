"""The displays, on a console that is a string."""

import io
import json

import pytest
from rich.console import Console

from curation.core import events
from curation.display import Json, Live, Plain, Quiet
from tests.unit.helpers import build_texts

TEXTS = ["one two [bold]three[/]", "one two [bold]three[/]", "x", "four five six"]
STEPS = [
    {"use": "filter.word_count", "name": "words-2", "min_words": 2},
    {"use": "dedup.exact"},
    {"use": "dedup.minhash", "ngram": 1},
]


def shown(display, folder, **options):
    """Build twice, the second time from the cache, and return what was shown."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=display is Live, width=100, color_system=None, legacy_windows=False)
    with display(console) as listen:
        build_texts(folder, TEXTS, STEPS, listen=listen, **options)
        listen(events.Warned("[odd] warning [/]"))
    return out.getvalue()


def test_plain_tells_stages_and_the_end(tmp_path):
    """A log must say what was lost, where, and what came out."""
    text = shown(Plain, tmp_path)
    assert "read words-2: 3 documents, 9 words left" in text
    assert "dropped words-2 1" in text
    assert "exact: 2 documents, 6 words left" in text
    assert "warning: [odd] warning [/]" in text
    assert "small: 6 words in 2 documents, of 10 words read (built in " in text
    assert "already built, nothing to do" in shown(Plain, tmp_path)


def test_json_is_one_object_a_line(tmp_path):
    """Programs read it."""
    rows = [json.loads(line) for line in shown(Json, tmp_path).splitlines()]
    assert [rows[-2]["event"], rows[-1]] == ["BuildDone", {"event": "Warned", "message": "[odd] warning [/]"}]
    assert rows[-2]["words"] == 6


def test_quiet_only_warns(tmp_path):
    """Nothing but what is wrong."""
    assert shown(Quiet, tmp_path) == "warning: [odd] warning [/]\n"


def test_live_draws_and_leaves_a_summary(tmp_path):
    """Bars go, the summary stays, and markup in names is not obeyed."""
    text = shown(Live, tmp_path)
    assert "6 words in 2 documents, of 10 words read" in text
    assert "read words-2: 3 documents" in text
    assert "[odd] warning [/]" in text


@pytest.mark.parametrize("display", [Plain, Live, Json, Quiet])
def test_every_event_can_be_shown(display):
    """Events with empty, long and odd content must not break a build that runs for hours."""
    name = "[x] " + "very long title " * 20
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=60)
    with display(console) as listen:
        for event in (
            events.BuildStarted(name, [name], 0, 0),
            events.Progress("hashing inputs", 0, 0, "bytes"),
            events.StageStarted(0, name, 0),
            events.SliceDone(0, 0, 0, 0, cached=True),
            events.SliceDone(0, 5, 10, 100, cached=False),
            events.Progress(name, 5, 3, "bands"),
            events.Progress(name, 6, 0, "bands"),
            events.StageDone(0, name, 0, 0, 0.0, {f"step{i}": i for i in range(12)}, "[note]"),
            events.Warned(name),
            events.BuildDone(name, "out", 0, 0, 0, 0, "d" * 64, [], 0.0, reused=False, cache="c", cache_bytes=0),
        ):
            listen(event)
    assert "very long title" in out.getvalue()


KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]


def test_there_are_events_to_show():
    """The test above names every kind: a new one must be added to it."""
    assert {kind.__name__ for kind in KINDS} == {
        "Event", "BuildStarted", "StageStarted", "SliceDone", "StageDone", "Progress", "Warned", "BuildDone",
    }  # fmt: skip
