"""What a person is told: lines for logs, a bar on a terminal, JSON for programs."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from curation.core.events import Warned
from curation.display import display_for
from evaluation.ablation import display, events
from evaluation.ablation.display import Live, Plain
from training.display import in_time

TOLD = (
    events.AblationStarted("toy", "Does [it] help?", ("base", "less"), 3, 6),
    events.CorpusReady("base", 1000, "abcdef" * 10, 1, False),
    events.RunsAdvanced((("base", 1, 0.25), ("less", 1, 0.5)), 2, 6, 180.0),
    events.RunDone("base", 1, "bits_per_byte.a", 2.5, 3, 6, 12.0, 90.0),
    events.RunDone("less", 1, "bits_per_byte.a", None, 4, 6, 12.0, 0.0, failed="no disk"),
    Warned("less, seed 1 failed: no disk"),
    events.AblationDone("out", "less hurts", 10.0),
)


def shown(made, file):
    with made as show:
        for event in TOLD:
            show(event)
    return file.getvalue()


def console(terminal=False):
    file = io.StringIO()
    return Console(file=file, force_terminal=terminal, width=100, color_system=None, _environ={}), file


def test_lines_say_each_run_and_what_is_under_way_once_a_minute(monkeypatch):
    out, file = console()
    text = shown(Plain(out), file)
    assert "Does [it] help?\n2 arms, 3 seeds: 6 runs" in text
    assert "[3/6] base, seed 1: bits_per_byte.a 2.5000, 12 CPU-s, 2 min left" in text
    assert "[4/6] less, seed 1: failed, 12 CPU-s\n" in text
    assert "warning: less, seed 1 failed: no disk" in text
    assert "25%" not in text, "nothing is said of runs under way within a minute of the last line"
    monkeypatch.setattr(display, "SAY_EVERY", -1.0)
    out, file = console()
    assert "base 1: 25%, less 1: 50%, 3 min left" in shown(Plain(out), file)


def test_the_bar_shows_all_runs_and_leaves_lines():
    out, file = console(terminal=True)
    text = shown(Live(out), file)
    assert "2/6 runs" in text
    assert "base 1: 25%, less 1: 50%, 3 min left" in text
    assert "less hurts\nout/ablation.html" in text


def test_json_and_quiet():
    out, file = console()
    lines = [
        json.loads(line)
        for line in shown(display_for(out, out, Plain, Live, as_json=True, quiet=False), file).splitlines()
    ]
    assert [line["event"] for line in lines] == [type(event).__name__ for event in TOLD]
    out, file = console()
    quiet = shown(display_for(out, out, Plain, Live, as_json=False, quiet=True), file)
    assert " ".join(quiet.split()) == "warning: less, seed 1 failed: no disk"


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "30 s"), (89, "89 s"), (90, "2 min"), (3000, "50 min"), (7200, "2.0 h")]
)
def test_times_have_a_unit_that_suits_them(seconds, text):
    assert in_time(seconds) == text
