"""Real text from beside the checkout: an exact budget, and near duplicates against their labels."""

# ruff: noqa: E501  (the sources are a table, a row a line)
from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason=f"no real data in {SHARED.parent.name}/{SHARED.name} (CURATE_SHARED_DATA)"
    ),
]


@pytest.mark.slow
def test_real_sources_to_an_exact_budget(cli, tmp_path, write_manifest):
    """Wiki, fairy tales and picture books, deduplicated and filtered by Gopher's rules, come out at exactly the budget."""
    sources = [
        {"name": "wiki", "use": "source.text", "path": "${CURATE_SHARED_DATA}/text/open/babylm_form/simple_wiki.train.zst", "documents": "header", "quota": "60%"},
        {"name": "tales", "use": "source.jsonl", "path": "${CURATE_SHARED_DATA}/text/open/fairytaleqa_stories.jsonl.zst", "id_field": "id"},
        {"name": "books", "use": "source.jsonl", "path": "${CURATE_SHARED_DATA}/text/open/pratham_books_en.jsonl.zst", "quota": 40_000},
    ]  # fmt: skip
    steps = [
        {"use": "normalize.unicode"},
        {"use": "normalize.whitespace"},
        {"use": "filter.gopher", "word_count": {"min_words": 20}},
        {"use": "dedup.exact"},
        {"use": "dedup.minhash"},
    ]
    write_manifest(
        tmp_path / "m.yaml",
        name="real",
        sources=sources,
        steps=steps,
        select=[{"use": "select.word_budget", "words": 400_000, "nested": [100_000]}, {"use": "select.order"}],
        output={"text": True},
    )
    cli("build", "m.yaml", cwd=tmp_path, env={"CURATE_SHARED_DATA": SHARED})
    corpus = tmp_path / "build/real"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    command = ["sh", "-c", 'cat "$1"/text/*.train | wc -w', "sh", corpus]
    counted = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(counted.stdout) == 400_000
    rows = pq.read_table(corpus / "data").to_pylist()
    assert sum(len(row["text"].split()) for row in rows) == 400_000
    words = defaultdict(int)
    for row in rows:
        words[row["source"]] += row["words"]
    assert (words["wiki"], words["books"]) == (240_000, 40_000)
    lock = json.loads((corpus / "corpus.lock").read_text(encoding="utf-8"))
    assert lock["subsets"]["100000"]["words"] == 100_000
    dropped = {step["name"]: step["documents_dropped"] for step in lock["steps"]}
    assert dropped["stop_word_count"] > 0
    assert str(SHARED) not in (corpus / "corpus.lock").read_text(encoding="utf-8")


def _shingles(text: str, size: int) -> frozenset[tuple[str, ...]]:
    words = text.split()
    return frozenset(tuple(words[place : place + size]) for place in range(len(words) - size + 1))


def _jaccard(one: frozenset, two: frozenset) -> float:
    return len(one & two) / len(one | two) if one and two else 0.0


class _Groups:
    """Union-find, written here again, so that the test does not ask the code that it tests."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, one: str) -> str:
        while (up := self._parent.get(one, one)) != one:
            one = up
        return one

    def join(self, one: str, two: str) -> None:
        self._parent[self.root(one)] = self.root(two)


@pytest.mark.parametrize("ngram", [3, 5])
def test_near_duplicates_against_their_labels(cli, tmp_path, write_manifest, ngram):
    """Every pair that is joined is a near duplicate by an exact count, and hardly any that should be is missed."""
    packed = (SHARED / "eval/near_duplicates_labelled.jsonl.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode()
    pairs = [json.loads(line) for line in text.split("\n") if line]
    texts = {f"{pair['id']}{side}": pair[f"text_{side}"] for pair in pairs for side in "ab"}
    lines = (json.dumps({"id": name, "text": one}) for name, one in texts.items())
    (tmp_path / "a.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    write_manifest(
        tmp_path / "m.yaml",
        name="pairs",
        sources=[{"name": "a", "use": "source.jsonl", "path": "a.jsonl", "id_field": "id"}],
        steps=[{"use": "dedup.minhash", "threshold": 0.8, "ngram": ngram}],
        select=None,
    )
    cli("build", "m.yaml", cwd=tmp_path)
    rows = pq.read_table(tmp_path / "build/pairs/ledger.parquet").to_pylist()
    keys = {row["id"]: row["key"] for row in rows}
    head = {row["key"]: keys[row["kept_instead"]] if row["kept_instead"] else row["key"] for row in rows}
    assert len(head) == len(texts)

    sets = {name: _shingles(one, ngram) for name, one in texts.items()}
    holders = defaultdict(list)
    for name, found in sets.items():
        for shingle in found:
            holders[shingle].append(name)
    candidates = {(a, b) for names in holders.values() for a in names for b in names if a < b}
    near = {(a, b) for a, b in candidates if _jaccard(sets[a], sets[b]) >= 0.8}
    assert len(near) > 200

    missed = [pair for pair in near if head[pair[0]] != head[pair[1]]]
    assert len(missed) / len(near) <= 0.01
    exact = _Groups()
    for a, b in near:
        exact.join(a, b)
    # Every document that went is joined to the one that stayed by pairs that an exact count confirms.
    wrong = [name for name, kept in head.items() if exact.root(name) != exact.root(kept)]
    assert wrong == []
    assert sum(name != kept for name, kept in head.items()) > 100

    labelled = [pair for pair in pairs if pair["jaccard_w3"] >= 0.8]
    assert len(labelled) > 100
    if ngram == 3:
        joined = [head[f"{pair['id']}a"] == head[f"{pair['id']}b"] for pair in labelled]
        ours = [_jaccard(sets[f"{pair['id']}a"], sets[f"{pair['id']}b"]) >= 0.8 for pair in labelled]
        # Labels fold case and punctuation, our words do not: recall is asked for pairs that both call near.
        both = [hit for hit, mine in zip(joined, ours, strict=True) if mine]
        assert sum(both) / len(both) >= 0.99
    strangers = [pair for pair in pairs if pair["kind"] in {"unrelated", "neighbour_passage"}]
    assert all(head[f"{pair['id']}a"] != head[f"{pair['id']}b"] for pair in strangers)
