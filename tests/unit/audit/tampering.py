"""A small corpus to tamper with, and the ways in which people would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.audit.audit import audit
from curation.audit.verdict import Verdict
from curation.corpus import LOCK, Corpus, file_digests
from curation.rules.profile import Profile, load_profile
from tests.unit.helpers import build_raw, write_jsonl

TALES = [f"once upon a time there was a fox number {number} who ran away" for number in range(40)]
TALK = [f"*MOT: look at the {number} ducks\nyes , {number} of them" for number in range(30)]
BUDGET = 500
PARSER = {
    "name": "en_core_web_sm",
    "purpose": "parser",
    "version": "3.8.0",
    "trained_on": "OntoNotes 5",
    "words": 100,
    "where": "outside",
}


def small(folder: Path, *, words: int | None = BUDGET, **more: Any) -> Corpus:
    """Build a corpus of two sources, a rule-made part, a subset and a text export."""
    write_jsonl(folder / "tales.jsonl", TALES, key=[f"tale {number}" for number in range(len(TALES))])
    write_jsonl(folder / "talk.jsonl", [*TALK, TALK[0]])
    select = [{"use": "select.word_budget", "words": words, "nested": [100]}] if words else []
    raw = {
        "track": "babylm-2024-strict",
        "sources": [
            {"name": "tales", "use": "source.jsonl", "path": "tales.jsonl", "id_field": "key", "quota": "60%"},
            {"name": "talk", "use": "source.jsonl", "path": "talk.jsonl"},
        ],
        "steps": [
            {"use": "normalize.whitespace"},
            {"use": "filter.word_count", "min_words": 3},
            {"use": "tests.unit.plugins:Echo", "copies": 1},
            {"use": "dedup.exact"},
        ],
        "select": [*select, {"use": "select.order"}],
        "output": {"text": True},
        **more,
    }
    return build_raw(folder, raw)


def profile_of(words: int | None, name: str = "babylm-2024-strict", **more: Any) -> Profile:
    """Return a profile with another budget."""
    profile = load_profile(name)
    return profile.model_copy(update={"budget": profile.budget.model_copy(update={"value": words}), **more})


def seal(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Write the lock again, as a forger would who knows that it holds the digest of every file."""
    path = folder / LOCK
    lock = json.loads(path.read_text())
    path.unlink()
    if change is not None:
        change(lock)
    lock["files"] = file_digests(folder)
    path.write_text(json.dumps(lock))


def edit_rows(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Rewrite a Parquet file by hand."""
    table = pq.read_table(path)
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def data_file(corpus: Corpus) -> Path:
    return corpus.files()[0]


def look(corpus: Corpus, rules: Profile | None = None, **more: Any) -> Verdict:
    """Audit a corpus as it stands on disk now."""
    return audit(Corpus.open(corpus.folder), rules, bases=[corpus.folder.parent], **more)


def broken(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.of("broken")}
