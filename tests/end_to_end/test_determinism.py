"""One manifest and the same inputs give the same bytes, however and wherever the build runs."""

from __future__ import annotations

import json
import shutil

import pytest

WAYS = [(1, 1), (2, 100), (4, 100_000), (1, 100_000), (4, 1)]


@pytest.mark.parametrize(("workers", "batch"), WAYS)
def test_workers_and_batches_do_not_change_a_byte(place, built, cli, look, workers, batch):
    """Threads, their number and the size of batches are how, not what: every file is byte-equal, the lock too."""
    cli("build", "m.yaml", "--workers", workers, "--batch-size", batch, cwd=place)
    assert look.digests(place / "build/sample") == look.digests(built.corpus)


@pytest.mark.slow
def test_processes_do_not_change_a_byte(place, cli, look, plugin, write_manifest):
    """A plug-in in spawned processes obeys the same law, between other steps and before a deduplicator."""
    steps = [
        {"use": "normalize.unicode"},
        {"use": "slow_steps:Shout"},
        {"use": "dedup.exact", "fold": True},
        {"use": "normalize.transcript_markup"},
        {"use": "slow_steps:Vowels", "min_share": 0.2},
        {"use": "dedup.minhash", "threshold": 0.6},
    ]
    write_manifest(place / "m.yaml", steps=steps)
    found = []
    for workers, batch in ((1, 100_000), (2, 100), (4, 4096)):
        out = f"w{workers}"
        args = ("--workers", workers, "--batch-size", batch, "--out", out, "--cache", f"cache-{out}")
        cli("build", "m.yaml", *args, cwd=place, env=plugin.env)
        found.append(look.digests(place / out))
    assert found[0] == found[1] == found[2]
    lock = json.loads((place / "w1/corpus.lock").read_text(encoding="utf-8"))
    by_name = {step["name"]: step for step in lock["steps"]}
    assert by_name["Shout"]["added"] == by_name["Shout"]["documents_in"] == 3000
    assert by_name["Vowels"]["documents_dropped"] > 0


@pytest.mark.slow
def test_a_file_of_many_chunks_is_the_same_with_any_workers(tmp_path, cli, look, make, write_manifest):
    """Slices of a large file come back in any order and must be put together in one; parts are cut across them."""
    writer = make.writer(9)
    texts = [writer.document(40) for _ in range(400)]
    lines = []
    for number in range(6600):
        text = texts[number * 7 % 400].split(". ")
        lines.append(f"Document {number}.\n\n" + ".\n\n".join(text[number % 5 :]))
    make.jsonl(tmp_path / "big.jsonl", lines)
    assert (tmp_path / "big.jsonl").stat().st_size > 3 * (4 << 20)
    write_manifest(
        tmp_path / "m.yaml",
        sources=[{"name": "big", "use": "source.jsonl", "path": "big.jsonl"}],
        steps=[{"use": "dedup.exact", "level": "paragraph"}, {"use": "filter.word_count", "min_words": 5}],
        select=[{"use": "select.word_budget", "words": 20_000, "cut": "sentence"}],
    )
    for workers, batch in ((1, 100_000), (4, 333)):
        args = ("--workers", workers, "--batch-size", batch, "--out", f"w{workers}", "--cache", f"c{workers}")
        cli("build", "m.yaml", *args, cwd=tmp_path)
    assert look.digests(tmp_path / "w1") == look.digests(tmp_path / "w4")


def test_moved_inputs_give_the_same_bytes(built, sample, cli, look, tmp_path):
    """A manifest with relative paths names content, not a machine: another folder and another cwd change nothing."""
    moved = tmp_path / "elsewhere" / "deeper"
    moved.mkdir(parents=True)
    shutil.copytree(sample, moved / "data")
    shutil.copy(built.folder / "m.yaml", moved / "m.yaml")
    cli("build", "elsewhere/deeper/m.yaml", "--out", "out", cwd=tmp_path)
    assert look.digests(tmp_path / "out") == look.digests(built.corpus)


def test_a_hub_folder_that_was_moved_gives_the_same_bytes(tmp_path, sample, cli, look, write_manifest):
    """A local dataset folder is an input like any other: no path of the machine gets into the corpus."""
    source = {"name": "hub", "use": "source.huggingface", "path": "./data", "text_field": "body"}
    for folder in ("one", "other/deep"):
        (tmp_path / folder / "data").mkdir(parents=True)
        shutil.copy(sample / "notes.parquet", tmp_path / folder / "data/train.parquet")
        write_manifest(
            tmp_path / folder / "m.yaml", sources=[source], select=[{"use": "select.word_budget", "words": 5000}]
        )
    cli("build", "m.yaml", "--out", "out", cwd=tmp_path / "one")
    cli("build", tmp_path / "other/deep/m.yaml", "--out", "out2", cwd=tmp_path)
    assert look.digests(tmp_path / "one/out") == look.digests(tmp_path / "out2")
    for file in (tmp_path / "out2").rglob("*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes(), f"{file.name} holds a local path"


def test_no_file_of_a_corpus_names_the_machine(built):
    """A corpus is published: nothing in it says where it was built, or by whom."""
    for file in built.corpus.rglob("*"):
        assert not file.is_file() or str(built.folder).encode() not in file.read_bytes()


def test_seed_changes_the_choice_and_nothing_else(place, built, cli, write_manifest):
    """The seed decides which documents fill the budget; what is kept by filters does not depend on it."""
    write_manifest(place / "m.yaml", seed=4)
    cli("build", "m.yaml", cwd=place)
    lock = json.loads((place / "build/sample/corpus.lock").read_text(encoding="utf-8"))
    assert lock["digest"] != built.lock["digest"]
    for ours, other in zip(lock["steps"][:6], built.lock["steps"][:6], strict=True):
        assert ours == other
