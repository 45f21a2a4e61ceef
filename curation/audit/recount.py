"""Counts taken again from the written files: nothing here is told by the pipeline but where to look."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.core.errors import CorpusError
from curation.core.ledger import Flow, Rows, flows
from curation.core.schema import ALIVE, FROM_SOURCE, UNREADABLE, UNREADABLE_NAME, text_buffers
from curation.kernels.words import count_words


def recount(folder: Path, lock: dict[str, Any]) -> dict[str, Any]:
    """Return counts by source and step from Parquet, text files and ledger, and whether they agree with the lock.

    Raises:
        CorpusError: they do not. The folder is then not a corpus: a bug, or a file that was changed.
    """
    words, documents = _documents(folder / "data")
    in_text = _text_words(folder / "text")
    sources = [source["name"] for source in lock["sources"]]
    steps = [step["name"] for step in lock["steps"]]
    cuts = [index for index, step in enumerate(lock["steps"]) if step["takes_parts"]]
    counted = count_ledger(folder / "ledger.parquet", steps, sources, cuts=cuts)
    by_step = counted.flows
    taken = {name: counts["words"] for name, counts in zip(sources, counted.sources, strict=True)}
    checks = {
        "words in data/ equal the lock": sum(words.values()) == lock["words"],
        "documents in data/ equal the lock": sum(documents.values()) == lock["documents"],
        "words in data/ equal the ledger's, by source": words == {name: n for name, n in taken.items() if n},
        "words in text/ equal those in data/": not in_text or in_text == words,
        "words_in + added == words_out + dropped, for every step and source": all(
            flow.balanced for step in by_step for flow in step
        ),
        "what each step did equals the lock": [_totals(row) for row in by_step]
        == [{key: step[key] for key in vars(Flow())} for step in lock["steps"]],
        "each step starts with what the one before it left": all(
            after.words_in == before.words_out
            for step, following in pairwise(by_step)
            for before, after in zip(step, following, strict=True)
        ),
        "the last step leaves the words of the corpus": not by_step
        or sum(flow.words_out for flow in by_step[-1]) == lock["words"],
    }
    failed = [name for name, holds in checks.items() if not holds]
    if failed:
        raise CorpusError(f"the recount does not agree: {'; '.join(failed)}", where=str(folder))
    return {
        "words": sum(words.values()),
        "documents": sum(documents.values()),
        "sources": {
            name: {"words": words.get(name, 0), "documents": documents.get(name, 0), "words_in_text": in_text.get(name)}
            for name in sources
        },
        "steps": [
            {"name": name, "sources": {source: vars(flow) for source, flow in zip(sources, row, strict=True)}}
            for name, row in zip(steps, by_step, strict=True)
        ],
        "checks": checks,
    }


def _totals(row: list[Flow]) -> dict[str, int]:
    total = Flow()
    for flow in row:
        total += flow
    return vars(total)


def _documents(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return words (counted in the texts) and documents of the Parquet files, by source."""
    words: dict[str, int] = {}
    documents: dict[str, int] = {}
    for file in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(file) as reader:
            for batch in reader.iter_batches(batch_size=8192, columns=["source", "text"]):
                counted = count_words(*text_buffers(batch.column("text").cast(pa.large_string())))
                encoded = batch.column("source").dictionary_encode()
                codes = encoded.indices.to_numpy()
                for code, name in enumerate(encoded.dictionary.to_pylist()):
                    words[name] = words.get(name, 0) + int(counted[codes == code].sum())
                    documents[name] = documents.get(name, 0) + int((codes == code).sum())
    return words, documents


def _text_words(folder: Path) -> dict[str, int]:
    """Return the words of each text file, counted by Python itself."""
    counts = {}
    for file in sorted(folder.glob("*.train")):
        with file.open(encoding="utf-8", newline="\n") as lines:
            counts[file.stem] = sum(len(line.split()) for line in lines)
    return counts


@dataclass
class LedgerCounts:
    """What the rows of a ledger add up to: the flow of each step and source, and totals of each source."""

    flows: list[list[Flow]]
    sources: list[dict[str, int]]


def count_ledger(path: Path, steps: list[str], sources: list[str], *, cuts: list[int]) -> LedgerCounts:
    """Add up ``ledger.parquet``; ``cuts`` are the numbers of the selectors."""
    names = ["words_read", "documents_read", "documents_unreadable", "words", "documents"]
    result = LedgerCounts([[Flow() for _ in sources] for _ in steps], [dict.fromkeys(names, 0) for _ in sources])
    with pq.ParquetFile(path) as reader:
        known = reader.schema_arrow.names
        changing = [(index, f"change.{name}") for index, name in enumerate(steps) if f"change.{name}" in known]
        columns = ["source", "born", "words_read", "words", "step", "taken", *(name for _, name in changing)]
        for group in range(reader.num_row_groups):
            table = reader.read_row_group(group, columns=columns, use_threads=False)
            rows = Rows(
                source=_codes(table.column("source"), sources, 0).astype(np.int16),
                born=_codes(table.column("born"), steps, FROM_SOURCE).astype(np.int16),
                words_read=table.column("words_read").to_numpy(),
                words=table.column("words").to_numpy(),
                step=_codes(table.column("step"), steps, ALIVE).astype(np.int16),
                taken=table.column("taken").to_numpy(),
                changes={index: table.column(name).to_numpy() for index, name in changing},
            )
            for total, part in zip(result.flows, flows(rows, len(steps), len(sources), cuts=cuts), strict=True):
                for flow, more in zip(total, part, strict=True):
                    flow += more  # noqa: PLW2901  (in place)
            for index, counts in enumerate(result.sources):
                _add_source(counts, rows, rows.source == index)
    return result


def _add_source(counts: dict[str, int], rows: Rows, mine: NDArray[np.bool_]) -> None:
    unreadable = mine & (rows.step == UNREADABLE)
    read = mine & ~unreadable
    counts["words_read"] += int(rows.words_read[read].sum())
    counts["documents_read"] += int((read & (rows.born == FROM_SOURCE)).sum())
    counts["documents_unreadable"] += int(unreadable.sum())
    counts["words"] += int(rows.taken[mine].sum())
    counts["documents"] += int((mine & (rows.taken > 0)).sum())


def _codes(column: pa.ChunkedArray, values: list[str], null: int) -> NDArray[np.int64]:
    """Return the place of each name in ``values``; null where there is none, UNREADABLE for that name."""
    places = {name: index for index, name in enumerate(values)} | {UNREADABLE_NAME: UNREADABLE}
    encoded = column.combine_chunks()
    encoded = encoded if isinstance(encoded, pa.DictionaryArray) else encoded.dictionary_encode()
    lookup = np.array([places[name] if name else null for name in encoded.dictionary.to_pylist()] or [null], np.int64)
    indices = encoded.indices.fill_null(0).to_numpy()
    return np.where(encoded.is_valid().to_numpy(zero_copy_only=False), lookup[indices], null)
