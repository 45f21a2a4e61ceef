"""`curate evaluate` through the command line on a tiny run: backends, floors, missing data, going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.tiny_training import texts, tiny_corpus, tiny_recipe

CURATE = [sys.executable, "-P", "-c", "from curation.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A trained run, its corpus, and evaluation data of invented pairs."""
    from training.train import Options, train

    root = tmp_path_factory.mktemp("evaluate")
    corpus = tiny_corpus(root / "made")
    train(tiny_recipe(), Options(corpus=corpus.folder, out=root / "run", cache=root / "cache"))
    words = [text for text in texts(200, seed=4) if len(text.split()) > 4]
    for number, name in enumerate(("agreement", "islands")):
        folder = root / "data/full_eval/blimp_filtered"
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for text in words[40 * number : 40 * number + 40]:
            bad = " ".join(reversed(text.split()))
            rows.append({"sentence_good": text, "sentence_bad": bad, "field": "syntax", "UID": name})
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "corpus").symlink_to(corpus.folder)
    return root


def command(place, *arguments):
    return [*CURATE, "evaluate", str(place / "run"), "--data", str(place / "data"), *map(str, arguments)]


def run(place, *arguments):
    return subprocess.run(
        command(place, *arguments), capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=300
    )


def results(folder, backend="causal"):
    return json.loads((folder / "main" / backend / "results.json").read_text())


@pytest.mark.slow
def test_both_ways_of_a_hybrid_model(place):
    out = place / "both"
    done = run(place, "--suite", "babylm-2025", "--tasks", "blimp,ewok", "--backend", "causal,mntp", "--out", out)
    assert done.returncode == 0, done.stderr
    for backend in ("causal", "mntp"):
        told = results(out, backend)
        blimp, ewok = told["tasks"]
        assert blimp["status"] == "scored"
        assert blimp["items"] == 80
        assert 0 <= blimp["honest"] <= 100
        assert set(blimp["floors"]) == {"frequency", "length"}
        assert blimp["floors"]["length"] == 50.0, "reversed sentences have as many characters"
        assert "80 of 59,875" in blimp["data"]["cut"]
        assert (ewok["status"], ewok["value"]) == ("missing", None)
        assert told["subject"]["corpus"] == json.loads((place / "run/run.json").read_text())["corpus"]["digest"]
        assert pq.read_table(out / "main" / backend / "items.parquet").num_rows == 80
    assert results(out, "causal")["tasks"][0]["honest"] != results(out, "mntp")["tasks"][0]["honest"]
    assert "ewok" in done.stdout
    assert "missing" in done.stdout


@pytest.mark.slow
def test_killed_and_started_again_it_gives_the_same_numbers(place):
    whole, cut = place / "whole", place / "cut"
    arguments = ("--suite", "babylm-2025", "--tasks", "blimp", "--backend", "mntp")
    assert run(place, *arguments, "--out", whole).returncode == 0
    process = subprocess.Popen(
        command(place, *arguments, "--out", cut), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    journal = cut / "main" / "mntp" / "work" / "blimp.journal"
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and not (journal.exists() and journal.stat().st_size > 500):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(place, *arguments, "--out", cut).returncode == 0
    assert results(cut, "mntp")["tasks"][0]["groups"] == results(whole, "mntp")["tasks"][0]["groups"]
    again = run(place, *arguments, "--out", cut)
    assert "done before" in again.stdout


@pytest.mark.slow
def test_an_ngram_model_and_the_frequencies_of_a_corpus_are_subjects_too(place):
    from evaluation.ngram.arpa import write
    from evaluation.ngram.train import of_texts

    write(of_texts(texts(), order=3), place / "three.arpa")
    for target, backend in ((place / "three.arpa", "ngram"), (f"frequency:{place / 'corpus'}", "frequency")):
        out = place / f"out-{backend}"
        done = subprocess.run(
            [
                *(*CURATE, "evaluate", str(target), "--suite", "babylm-2025", "--tasks", "blimp,rte"),
                *("--data", str(place / "data"), "--out", str(out)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT,
        )
        assert done.returncode == 0, done.stderr
        assert results(out, backend)["tasks"][0]["status"] == "scored"
        assert results(out, backend)["tasks"][1]["status"] in {"missing", "unsupported"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--suite", "babylm-2052"), "no suite is called 'babylm-2052'"),
        (("--tasks", "blmp"), "did you mean 'blimp'"),
        (("--backend", "mlm", "--tasks", "blimp"), "backend"),
        (("--checkpoints", "all"), "has no milestones"),
        (("--temperatures", "0"), "--temperatures"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_two(place, arguments, said):
    done = run(place, *arguments)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hub_id_without_a_network_fails_in_seconds():
    begun = time.monotonic()
    done = subprocess.run(
        [*CURATE, "evaluate", "nobody/nothing", "--tasks", "blimp"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 2
    assert "nobody/nothing" in done.stderr
    assert time.monotonic() - begun < 60
