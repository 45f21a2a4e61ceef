"""Writing a corpus: documents, subsets, ledger, recount, card, and the lock last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.audit.card import dataset_card
from curation.audit.recount import LedgerCounts, count_ledger, recount
from curation.core.artifact import atomic_file, output_error, write_text
from curation.core.events import Progress
from curation.core.schema import id_array, text_buffers
from curation.corpus import DOCUMENTS, LOCK, CorpusWriter, file_digests
from curation.engine import ledger as ledger_rows
from curation.engine.local import Input, Settings
from curation.engine.plan import Placed
from curation.engine.slices import open_slice
from curation.engine.table import StageTable, gather_texts
from curation.kernels.words import cut_words
from curation.lock import lock_record
from curation.manifest import Manifest
from curation.steps.kinds import LineFilter, Rewriter, Selection, Selector

#: Words gathered at once: a bound on memory.
_WRITE_WORDS = 500_000


def write_corpus(
    manifest: Manifest,
    steps: Sequence[Placed],
    inputs: Sequence[Input],
    tables: Sequence[StageTable],
    selection: Selection,
    taken: NDArray[np.int32],
    folder: Path,
    settings: Settings,
) -> dict[str, Any]:
    """Write the whole folder, the lock last, and return the lock."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise output_error(error, folder) from error
    table = tables[-1]
    text_folder = folder / "text" if manifest.output.text else None
    digest, words, documents = _write_documents(manifest, table, selection, folder / "data", text_folder, settings)
    subsets = {}
    for size, subset in selection.subsets:
        part = _write_documents(manifest, table, subset, folder / "subsets" / str(size), None, settings)
        subsets[str(size)] = {"digest": part[0], "words": part[1], "documents": part[2]}
    numbered = [
        *steps,
        *(
            Placed(len(steps) + number, entry.name, entry.use, entry.component)
            for number, entry in enumerate(manifest.select)
        ),
    ]
    counted = _write_ledger(manifest, numbered, inputs, tables, taken, folder / "ledger.parquet")
    record = lock_record(
        manifest=manifest,
        numbered=numbered,
        inputs=inputs,
        by_step=counted.flows,
        digest=digest,
        words=words,
        documents=documents,
        subsets=subsets,
        read=counted.sources,
    )
    audit = recount(folder, record)
    write_text(folder / "audit.json", _json(audit))
    write_text(folder / "README.md", dataset_card(record))
    record["files"] = file_digests(folder)
    write_text(folder / LOCK, _json(record))
    return record


def _write_documents(
    manifest: Manifest,
    table: StageTable,
    selection: Selection,
    folder: Path,
    text_folder: Path | None,
    settings: Settings,
) -> tuple[str, int, int]:
    output = manifest.output
    writer = CorpusWriter(
        folder, shard_words=output.shard_words, compression=output.compression, text_folder=text_folder
    )
    names = pa.array([entry.name for entry in manifest.sources])
    total = int(selection.take.sum())
    for part in _parts(selection):
        rows, take = selection.rows[part], selection.take[part]
        batch = _documents(table, rows, take, names)
        ids = np.ascontiguousarray(table.ids[rows].astype(">u8")).view(np.uint8).reshape(-1)
        writer.write(batch, ids)
        settings.listen(Progress("writing the corpus", writer.words, total, "words"))
    return writer.close(), writer.words, writer.documents


def _parts(selection: Selection) -> Iterator[slice]:
    """Cut the selection into pieces of about ``_WRITE_WORDS`` words."""
    ends = np.cumsum(selection.take, dtype=np.int64)
    start = 0
    while start < len(ends):
        limit = (int(ends[start - 1]) if start else 0) + _WRITE_WORDS
        stop = max(int(np.searchsorted(ends, limit, side="right")), start + 1)
        yield slice(start, stop)
        start = stop


def _documents(table: StageTable, rows: NDArray[np.int64], take: NDArray[np.int32], names: pa.Array) -> pa.RecordBatch:
    """Return rows of the last stage as documents of the corpus, in order, cut to the words taken."""
    texts = gather_texts(table, rows)
    if (cut := np.flatnonzero(take < table.words[rows])).size:
        short = texts.take(pa.array(cut))
        lengths = cut_words(*text_buffers(short), take[cut])
        shortened = pa.array(
            [text.encode()[:length].decode() for text, length in zip(short.to_pylist(), lengths, strict=True)],
            pa.large_string(),
        )
        mask = np.zeros(len(rows), np.bool_)
        mask[cut] = True
        texts = pa.compute.replace_with_mask(texts, pa.array(mask), shortened)
    cells = _cells(table, rows, ["parent", "origin", "meta", "image"])
    columns = {
        "id": ledger_rows.hex_ids(id_array(table.ids[rows])),
        "source": names.take(pa.array(table.source[rows])),
        "text": texts,
        "words": pa.array(take, pa.int32()),
        "parent": ledger_rows.hex_ids(cells["parent"]),
        "origin": cells["origin"],
        "meta": cells["meta"],
        "image": cells["image"],
    }
    return pa.RecordBatch.from_arrays([columns[field.name] for field in DOCUMENTS], schema=DOCUMENTS)


def _cells(table: StageTable, rows: NDArray[np.int64], names: list[str]) -> dict[str, pa.Array]:
    """Return other columns of some rows, in their order."""
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], table.starts)
    parts = []
    for number, path in enumerate(table.paths):
        if bounds[number] < bounds[number + 1]:
            local = rows[order[bounds[number] : bounds[number + 1]]] - table.starts[number]
            with open_slice(path) as full:
                parts.append(full.select(names).take(pa.array(local)))
    back = np.empty(len(rows), np.int64)
    back[order] = np.arange(len(rows))
    merged = pa.concat_tables(parts).combine_chunks().take(pa.array(back))
    return {name: merged.column(name).combine_chunks() for name in names}


def _write_ledger(
    manifest: Manifest,
    numbered: Sequence[Placed],
    inputs: Sequence[Input],
    tables: Sequence[StageTable],
    taken: NDArray[np.int32],
    path: Path,
) -> LedgerCounts:
    """Write the ledger, and return what its rows add up to."""
    names = ledger_rows.Names(
        tuple(entry.name for entry in manifest.sources),
        tuple(tuple(file.name for file in one.files) for one in inputs),
        tuple(numbered),
    )
    rewriters = [placed for placed in numbered if is_rewriting(placed)]
    with atomic_file(path) as temporary:
        schema = ledger_rows.schema(rewriters)
        with pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1) as writer:
            for batch in ledger_rows.batches(tables, taken, names, rewriters):
                writer.write_batch(batch)
    cuts = [placed.index for placed in numbered if isinstance(placed.step, Selector) and placed.step.takes_parts]
    return count_ledger(path, [placed.name for placed in numbered], list(names.sources), cuts=cuts)


def is_rewriting(placed: Placed) -> bool:
    """Return whether a step can change the words of a document that stays."""
    return isinstance(placed.step, Rewriter | LineFilter) or bool(getattr(placed.step, "cuts_parts", False))


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"
