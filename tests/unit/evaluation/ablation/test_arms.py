"""Arms before training: one that has no corpus, or breaks the rules, does not stop the others."""

from __future__ import annotations

import json

import pytest

from curation.core.errors import CorpusError
from curation.core.events import Warned
from evaluation.ablation.arms import make_arms
from evaluation.ablation.errors import AblationError
from evaluation.ablation.events import CorpusReady
from evaluation.ablation.settings import Ablation, Arm
from tests.tiny_training import texts, tiny_corpus


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arms")
    small, large = tiny_corpus(folder / "small"), tiny_corpus(folder / "large", texts(400))
    assert small.words < large.words
    return small, large


def made(folder, base, arms, rules=None):
    values = {
        "name": "toy",
        "question": "Does it help?",
        "base": Arm(corpus=str(base)),
        "arms": {name: Arm(corpus=str(path)) for name, path in arms.items()},
        "heldout": {"speech": "s.txt"},
        "primary": "bits_per_byte.speech",
        "rules": rules,
    }
    (folder / "s.txt").write_text("\n\n".join(texts(20, seed=5)))
    told: list[object] = []
    ablation = Ablation.model_validate(values)
    heldout = {"speech": folder / "s.txt"}
    found = make_arms(ablation, folder / "toy.yaml", folder / "out", folder / "cache", heldout, told.append)
    return found, [event.message for event in told if isinstance(event, Warned)]


def test_an_arm_without_a_corpus_takes_no_part(corpora, tmp_path):
    small, large = corpora
    found, warned = made(tmp_path, small.folder, {"none": tmp_path / "nothing", "large": large.folder})
    assert list(found.corpora) == list(found.audits) == ["base", "large"]
    assert list(found.refused) == ["none"]
    assert "nothing" in found.refused["none"]
    assert any(message.startswith("none takes no part: ") for message in warned)


def test_an_arm_over_budget_takes_no_part_and_a_base_over_budget_is_an_error(corpora, tmp_path):
    small, large = corpora
    budget = {"value": small.words, "says": "At most so many words.", "source": "cfp-2024 section 4"}
    rules = tmp_path / "tight.yaml"
    rules.write_text(json.dumps({"extends": "babylm-2024-strict", "name": "tight", "title": "Tight", "budget": budget}))
    found, _ = made(tmp_path, small.folder, {"same": small.folder, "large": large.folder}, str(rules))
    assert list(found.corpora) == ["base", "same"]
    assert "breaks the rules of" in found.refused["large"]
    with pytest.raises(AblationError, match="base: breaks the rules"):
        made(tmp_path, large.folder, {"small": small.folder}, str(rules))


def test_each_seed_has_a_corpus_of_its_own_and_arms_share_the_draw(tmp_path):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts(300))
    (tmp_path / "docs.jsonl").write_text(lines)
    base = {
        "name": "base",
        "seed": 7,
        "track": "free",
        "sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl", "licence": "none", "domain": "toy"}],
        "select": [{"use": "select.word_budget", "words": 2000}, {"use": "select.order", "by": "shuffle"}],
    }
    (tmp_path / "base.yaml").write_text(json.dumps(base))
    values = {
        "name": "toy",
        "question": "Does it help?",
        "base": Arm(manifest="base.yaml"),
        "arms": {
            "other": Arm(patch={"seed": 8}),
            "recipe": Arm(recipe=("run.spike=3",)),
            "Same": Arm(patch={"seed": 7}),
        },
        "heldout": {"speech": "s.txt"},
        "primary": "bits_per_byte.speech",
        "seeds": (3, 5),
    }
    (tmp_path / "s.txt").write_text("\n\n".join(texts(20, seed=5)))
    ablation = Ablation.model_validate(values)
    heldout = {"speech": tmp_path / "s.txt"}
    told: list[object] = []
    found = make_arms(ablation, tmp_path / "toy.yaml", tmp_path / "out", tmp_path / "cache", heldout, told.append)
    digests = {key: corpus.digest for key, corpus in found.draws.items()}
    assert sorted(digests) == sorted((name, seed) for name in ablation.all_arms for seed in (3, 5))
    assert len({digests[name, seed] for name in ("base", "other") for seed in (3, 5)}) == 4
    for name in ("recipe", "Same"):
        assert [digests[name, seed] for seed in (3, 5)] == [digests["base", seed] for seed in (3, 5)]
    assert found.corpora["base"].lock["seed"] == 7, "the first draw is the manifest's own"
    assert {corpus.words for corpus in found.draws.values()} == {2000}
    ready = {event.arm: (event.draws, event.same_as_base) for event in told if isinstance(event, CorpusReady)}
    assert ready == {"base": (2, False), "other": (2, False), "recipe": (2, True), "Same": (2, True)}
    assert not [event for event in told if isinstance(event, Warned) and "draws" in event.message]
    assert found.lengths == dict.fromkeys(found.draws, "duration={words: 230000}")


def test_without_a_base_or_without_an_arm_there_is_nothing_to_compare(corpora, tmp_path):
    small, _ = corpora
    with pytest.raises(CorpusError):
        made(tmp_path, tmp_path / "nothing", {"small": small.folder})
    with pytest.raises(AblationError, match="no arm is left to compare with the base:\nnone: "):
        made(tmp_path, small.folder, {"none": tmp_path / "nothing"})
