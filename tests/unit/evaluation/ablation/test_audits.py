"""Audits of arms: held-out text in a corpus is found and told, a broken rule or corpus is refused with its arm."""

from __future__ import annotations

import json

import pytest

from curation.core.events import Warned
from evaluation.ablation.audits import Auditor
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.errors import AblationError
from tests.tiny_training import texts, tiny_corpus

LONG = [text for text in texts(300) if len(text.split()) >= 12]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """Two arms of one corpus, whose track is no rule profile."""
    corpus = tiny_corpus(tmp_path_factory.mktemp("audits"))
    made = ArmCorpus("base", corpus.folder, corpus.digest, corpus.words, 300, dict(corpus.lock))
    return {"base": made, "arm": made}


def audited(corpora, folder, text, rules=None):
    told: list[object] = []
    (folder / "held.txt").write_text(text)
    auditor = Auditor(rules, {"held": folder / "held.txt"}, folder / "lines", told.append)
    found = {name: auditor.audit(name, corpus) for name, corpus in corpora.items()}
    return found, [event.message for event in told if isinstance(event, Warned)]


def test_held_out_lines_that_a_corpus_holds_are_counted_and_told(corpora, tmp_path):
    own, other = LONG[:3], [text for text in texts(60, seed=9) if len(text.split()) >= 12][:7]
    lines = [*own, *other, "too short to prove a thing", "*MOT:\tfive words behind a . . . . . ."]
    found, warned = audited(corpora, tmp_path, "\n".join(lines))
    assert found["base"]["overlap"]["held"]["lines"] == 10
    assert found["base"]["overlap"]["held"]["seen"] == 3
    assert 0.9 < found["base"]["overlap"]["held"]["share"] < 1
    assert found["arm"] == found["base"]
    assert found["base"]["exit"] is None
    assert warned == [
        "base: its corpus holds 3 of 10 lines of the held-out text held: its bits per byte there are no test"
    ]


def test_text_without_a_long_line_is_said_not_to_be_looked_for(corpora, tmp_path):
    found, warned = audited(corpora, tmp_path, "one two three\nfour five\n")
    assert found["base"]["overlap"] == {}
    assert warned == ["the held-out text held has no line of 8 words: it is not looked for in the corpora"]


def test_an_arm_over_budget_is_refused(corpora, tmp_path):
    budget = {"value": 100, "says": "At most a hundred words.", "source": "cfp-2024 section 4"}
    rules = tmp_path / "tight.yaml"
    rules.write_text(json.dumps({"extends": "babylm-2024-strict", "name": "tight", "title": "Tight", "budget": budget}))
    with pytest.raises(AblationError, match="breaks the rules of") as raised:
        audited(corpora, tmp_path, LONG[0], rules=str(rules))
    assert raised.value.where == "base"
    assert "curate audit" in (raised.value.hint or "")


def test_a_corpus_that_was_changed_is_refused_without_rules_too(corpora, tmp_path):
    lock = json.loads((corpora["base"].folder / "corpus.lock").read_text())
    (corpora["base"].folder / "corpus.lock").write_text(json.dumps({**lock, "words": lock["words"] + 1}))
    try:
        with pytest.raises(AblationError, match="not what its lock says"):
            audited(corpora, tmp_path, LONG[0])
    finally:
        (corpora["base"].folder / "corpus.lock").write_text(json.dumps(lock))


def test_rules_that_do_not_exist_are_said(corpora, tmp_path):
    with pytest.raises(AblationError, match="cannot be audited") as raised:
        audited(corpora, tmp_path, LONG[0], rules="no-such-rules")
    assert "no-such-rules" in str(raised.value)
