"""Ablation files: what is filled in, and what is refused with its place."""

from __future__ import annotations

import pytest

from evaluation.ablation.errors import AblationError
from evaluation.ablation.places import beside
from evaluation.ablation.settings import higher_is_better, load_ablation

GOOD = """
question: Does it help?
base: {manifest: base.yaml}
arms: {less: {patch: {select: {word_budget: {words: 10}}}}}
heldout: {speech: s.txt}
primary: bits_per_byte.speech
"""


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return load_ablation(path)


def test_the_ladder_fills_in_what_is_not_said(tmp_path):
    ablation = load(tmp_path, GOOD)
    assert (ablation.name, ablation.ladder, ablation.recipe, ablation.amount) == (
        "mine",
        "screen",
        "llama-proxy",
        230_000,
    )
    assert ablation.seed_list == (1, 2, 3, 4, 5)
    assert list(ablation.all_arms) == ["base", "less"]
    two = GOOD.replace("{speech: s.txt}", "{speech: s.txt, books: b.txt}").replace("byte.speech", "byte.mean")
    assert load(tmp_path, two).text_metrics == ("bits_per_byte.mean", "bits_per_byte.speech", "bits_per_byte.books")
    assert load(tmp_path, GOOD + "ladder: smoke\nseeds: [7, 9]\n").seed_list == (7, 9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "primary: bits_per_byte.books\n",
            r"not measured; there are bits_per_byte.speech, bits_per_byte_area.speech, grounded.mirrored, grounded.log",
        ),
        ("primary: bits_per_byte.mean\n", "not measured"),
        ("heldout: {speech: s.txt, mean: m.txt}\n", "`mean` is the mean over domains"),
        ("base: {patch: {}}\n", "base: needs a manifest or a corpus"),
        ("base: {corpus: here}\n", "a patch needs a base with a manifest"),
        ("arms: {base: {manifest: x.yaml}}\n", "is not `base`"),
        ("arms: {'../x': {manifest: x.yaml}}\n", "letters, digits"),
        ("arms: {}\n", "arms"),
        ("arms: {less: {manifest: x.yaml, corpus: y}}\n", "give one of"),
        ("arms: {less: {about: nothing}}\n", "arms.less: changes nothing"),
        ("arms: {less: {recipe: [run.seed=2]}, less: {patch: {seed: 2}}}\n", r"mine.yaml:\d: .* 'less' stands twice"),
        ("ladder: [screen]\n", "ladder: Input should be 'smoke'"),
        ("seeds: 0\n", "seeds: one or more"),
        ("amount: 0\n", "amount: Input should be greater than 0"),
        ("tasks: [grunded]\n", "no task is called 'grunded'\n.*grounded"),
        ("tasks: [cola]\nprimary: cola.log_odds\n", "'cola.log_odds' is not measured; .*cola.mcc$"),
        ("redraw: true\narms: {less: {corpus: here}}\n", "redraw: less has a corpus"),
        ("match: flops\n", "amount: Field required"),
        ("racing: {rungs: [0.5]}\n", "fifths"),
        ("racing: {rungs: [0.4, 0.2]}\n", "rungs go up"),
        ("primary: grounded.accuracy\nracing: {}\n", "measured during the run"),
        ("primary: bits_per_byte_area.speech\nracing: {}\n", "measured during the run"),
        ("colour: red\n", "colour: Extra inputs"),
        ("match: steps\n", "match"),
    ],
)
def test_what_cannot_be_run_is_said_with_its_place(tmp_path, change, message):
    changed = {line.split(":")[0] for line in change.splitlines()}
    lines = [line for line in GOOD.splitlines() if line.split(":")[0] not in changed]
    with pytest.raises(AblationError, match=f"(?m){message}"):
        load(tmp_path, "\n".join(lines) + "\n" + change)


def test_tasks_have_the_metrics_that_they_give(tmp_path):
    ablation = load(tmp_path, GOOD + "tasks: [grounded, blimp, cola, mrpc, aoa, aoa_2023, reading, wug_adj]\n")
    assert ablation.task_metrics == (
        "grounded.mirrored",
        "grounded.log_odds",
        "grounded.accuracy",
        "blimp.log_odds",
        "blimp.accuracy",
        "cola.mcc",
        "mrpc.f1",
        "aoa.pearson",
        "aoa_2023.mad_months",
        "reading.delta_r2",
        "wug_adj.spearman",
    )


def test_corpora_are_drawn_for_each_seed_wherever_all_have_manifests(tmp_path):
    each, one = load(tmp_path, GOOD), load(tmp_path, GOOD + "redraw: false\n")
    assert (each.draws, each.draw_of(3)) == ((1, 2, 3, 4, 5), 3)
    assert (one.draws, one.draw_of(3)) == ((1,), 1)
    given = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith("arms"))
    assert not load(tmp_path, given + "arms: {less: {corpus: here}}\n").redraws


def test_what_is_merged_may_be_replaced(tmp_path):
    arms = "arms:\n  one: {patch: {steps: &a {x: 1, y: 2}}}\n  two: {patch: {steps: {<<: *a, y: 3}}}\n"
    text = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith("arms")) + arms
    assert load(tmp_path, text).arms["two"].patch == {"steps": {"x": 1, "y": 3}}


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(AblationError, match="cannot be read"):
        load_ablation(tmp_path / "nowhere.yaml")
    with pytest.raises(AblationError, match="no valid YAML"):
        load(tmp_path, "a: [")
    with pytest.raises(AblationError, match="a mapping"):
        load(tmp_path, "- a\n")


def test_paths_are_beside_the_file_and_variables_have_defaults(tmp_path, monkeypatch):
    file = tmp_path / "a.yaml"
    monkeypatch.delenv("NOT_SET", raising=False)
    assert beside(file, "x/y.txt") == tmp_path / "x/y.txt"
    assert beside(file, "${NOT_SET:-z}/y.txt") == tmp_path / "z/y.txt"
    monkeypatch.setenv("NOT_SET", str(tmp_path / "set"))
    assert beside(file, "${NOT_SET:-z}/y.txt") == tmp_path / "set/y.txt"
    monkeypatch.delenv("NOT_SET")
    with pytest.raises(AblationError, match="NOT_SET is not set"):
        beside(file, "${NOT_SET}/y.txt")


def test_fewer_bits_are_better_and_more_of_all_else():
    assert not higher_is_better("bits_per_byte.speech")
    assert not higher_is_better("bits_per_byte_area.mean")
    assert not higher_is_better("aoa_2023.mad_months")
    assert higher_is_better("grounded.accuracy")
