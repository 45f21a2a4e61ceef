"""Small corpora for tests: batches in memory, manifests as mappings, builds in a folder."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curation.build import Options, build
from curation.core.events import ignore
from curation.core.ledger import Flow, Rows, flows
from curation.core.schema import ALIVE, UNREADABLE, Documents
from curation.corpus import Corpus
from curation.manifest import load
from curation.steps.kinds import Chunk, File, Parsed, Source


class Memory(Source):
    """Holds its documents: for tests of steps, which need no file."""

    cites = "none"

    def files(self, base: Path) -> list[File]:
        return [memory_file()]

    def chunks(self, file: File) -> Iterator[Chunk]:
        yield from ()

    def parse(self, file: File, chunk: Chunk) -> Parsed:
        return Parsed(chunk.data, np.arange(1, len(chunk.data) + 1, dtype=np.int64))


def memory_file() -> File:
    return File("memory", None, 0, sha256="0" * 64)


def batch_of(texts: Sequence[str]) -> pa.RecordBatch:
    """Return texts as a batch of the document schema, as a source would."""
    # A source leaves out texts without words; here they stay, so that kernels and steps are tried on them too.
    chunk = Chunk(0, pa.array(["x"] * len(texts), pa.large_string()), 1, 0)
    batch = Memory().read_chunk("memory", 0, 0, memory_file(), chunk)
    words = np.array([len(text.split()) for text in texts], np.int32)
    return Documents(batch).replace(text=pa.array(texts, pa.large_string()), words=words, words_read=words).batch


def docs_of(texts: Sequence[str]) -> Documents:
    return Documents(batch_of(texts))


def buffers(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as bytes and offsets, as kernels take them."""
    return docs_of(texts).text


def strings(data: np.ndarray, offsets: np.ndarray) -> list[str]:
    """Return bytes and offsets as texts."""
    return [data[start:stop].tobytes().decode() for start, stop in pairwise(offsets)]


def write_jsonl(path: Path, texts: Sequence[str], **more: Sequence[Any]) -> Path:
    """Write texts, and further fields, as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"text": text, **{key: values[row] for key, values in more.items()}} for row, text in enumerate(texts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_manifest(folder: Path, raw: dict[str, Any], name: str = "m.yaml") -> Path:
    """Write a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def build_raw(folder: Path, raw: dict[str, Any], *, out: str = "out", **options: Any) -> Corpus:
    """Build a manifest given as a mapping, in a folder of its own."""
    options = {"workers": 1, "listen": ignore, **options}
    return build(load(write_manifest(folder, {"name": "small", **raw})), Options(out=folder / out, **options))


def build_texts(
    folder: Path,
    texts: Sequence[str],
    steps: Sequence[dict[str, Any]] = (),
    select: Sequence[dict[str, Any]] = (),
    **options: Any,
) -> Corpus:
    """Build a corpus of texts."""
    write_jsonl(folder / "docs.jsonl", texts)
    raw = {
        "sources": [{"name": "docs", "use": "source.jsonl", "path": "docs.jsonl"}],
        "steps": [dict(step) for step in steps],
        "select": [dict(step) for step in select],
    }
    return build_raw(folder, raw, **options)


def ledger_of(corpus: Corpus) -> list[dict[str, Any]]:
    """Return the rows of the ledger."""
    return pq.read_table(corpus.folder / "ledger.parquet").to_pylist()


def rows_of(corpus: Corpus, subset: int | None = None) -> list[dict[str, Any]]:
    """Return the documents of a corpus, in order; none where it has no file."""
    folder = corpus.folder / ("data" if subset is None else f"subsets/{subset}")
    return [row for file in sorted(folder.glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def texts_of(corpus: Corpus, subset: int | None = None) -> list[str]:
    """Return the texts of a corpus, in order."""
    return [row["text"] for row in rows_of(corpus, subset)]


def alive_texts(docs: Documents) -> list[str]:
    """Return the texts that no step has removed."""
    return [text for text, step in zip(docs.texts(), docs.column("step"), strict=True) if step == ALIVE]


#: The settings that a step without defaults needs.
REQUIRED: dict[str, dict[str, Any]] = {
    "filter.without_blocked_words": {"words": ["dog", "the the"]},
    "select.matched_budget": {"words": 9, "by": "words", "like": "docs"},
    "select.word_budget": {"words": 1},
    "source.csv": {"path": "a.csv"},
    "source.huggingface": {"path": "./folder"},
    "source.jsonl": {"path": "a.jsonl"},
    "source.parquet": {"path": "a.parquet"},
    "source.text": {"path": "a.txt"},
}


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """Give an empty folder: Hypothesis does not take pytest's for each example."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def flows_of(corpus: Corpus) -> list[list[Flow]]:
    """Return what each step did to each source, derived from the rows of the ledger."""
    lock, rows = corpus.lock, ledger_of(corpus)
    steps, sources = ([entry["name"] for entry in lock[key]] for key in ("steps", "sources"))
    places = {None: ALIVE, "unreadable": UNREADABLE, **{name: number for number, name in enumerate(steps)}}
    columns = {
        "source": [sources.index(row["source"]) for row in rows],
        "born": [places[row["born"]] for row in rows],
        "step": [places[row["step"]] for row in rows],
        **{name: [row[name] for row in rows] for name in ("words_read", "words", "taken")},
    }
    changes = {
        number: np.array([row[f"change.{name}"] for row in rows], np.int32)
        for number, name in enumerate(steps)
        if rows and f"change.{name}" in rows[0]
    }
    cuts = [number for number, step in enumerate(lock["steps"]) if step["kind"] == "selector"]
    arrays = {name: np.array(values, np.int32) for name, values in columns.items()}
    return flows(Rows(**arrays, changes=changes), len(steps), len(sources), cuts=cuts)
