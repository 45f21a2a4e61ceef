"""A corpus of thirty documents written by hand: every number of its build is kept, and looked at when it changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parent / "corpus"
_COLUMNS = (
    "source",
    "file",
    "position",
    "key",
    "words_read",
    "words",
    "taken",
    "step",
    "reason",
    "value",
    "kept_instead",
)


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    """Return the folder of the corpus, built by the command line."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copytree(HERE, folder / "in")
    command = [Path(sys.executable).parent / "curate", "build", "in/m.yaml", "--out", "out", "-q", "-j", "2"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def _lock(folder):
    return json.loads((folder / "corpus.lock").read_text(encoding="utf-8"))


def _row(row, names):
    """Return a row of the ledger as text: ids by their order, which does not change with what an id is."""
    shown = []
    for name in (*_COLUMNS, *(name for name in row if name.startswith("change."))):
        value = row[name]
        if name == "kept_instead" and value is not None:
            value = names[value]
        shown.append("-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value))
    return "  ".join(shown)


def test_digest(golden, snapshot):
    """The digest names the corpus for good: it changes only when a step or the hash gets a new version."""
    assert _lock(golden)["digest"] == snapshot


def test_lock(golden, snapshot):
    """All that decided the corpus, without what the libraries of this machine add to it."""
    lock = _lock(golden)
    lock.pop("tools")
    # Parquet bytes depend on the version of pyarrow; text files do not.
    lock["files"] = {name: file for name, file in lock["files"].items() if name.startswith("text/")}
    assert json.dumps(lock, indent=1, ensure_ascii=False) == snapshot


def test_audit(golden, snapshot):
    """The recount, word by word."""
    assert (golden / "audit.json").read_text(encoding="utf-8") == snapshot


def test_ledger(golden, snapshot):
    """Where each of the documents ended, and why."""
    rows = pq.read_table(golden / "ledger.parquet").to_pylist()
    names = {row["id"]: f"{row['source']}:{row['position']}" for row in rows}
    columns = [*_COLUMNS, *(name for name in rows[0] if name.startswith("change."))]
    assert "\n".join(["  ".join(columns), *(_row(row, names) for row in rows)]) == snapshot


def test_texts(golden, snapshot):
    """The corpus itself, as a reader sees it."""
    files = sorted((golden / "data").glob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    shown = [f"[{row['source']}, {row['words']} words, {row['meta']}]\n{row['text']}" for row in rows]
    assert "\n\n".join(shown) == snapshot


def test_card(golden, snapshot):
    """The dataset card, which people read first."""
    card = (golden / "README.md").read_text(encoding="utf-8")
    assert card.replace(_lock(golden)["tools"]["curate"], "VERSION") == snapshot


def test_the_golden_corpus_meets_most_ends(golden):
    """A golden test is worth what it covers: documents end in the corpus and at every kind of step."""
    steps = {row["step"] for row in pq.read_table(golden / "ledger.parquet").to_pylist()}
    assert {None, "unreadable", "word_count", "hash_word_ratio", "exact", "minhash", "word_budget"} <= steps
    lock = _lock(golden)
    changed = {step["name"] for step in lock["steps"] if step["kind"] not in {"filter", "selector"} and step["dropped"]}
    assert {"transcript_markup", "paragraphs"} <= changed
    assert lock["words"] == 400
