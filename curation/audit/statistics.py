"""Statistics of a corpus for its report: vocabulary by source, filters measured again, samples of what was removed.

Everything is derived from the artifact (documents, ledger, lock) and, for the texts of removed documents, from the
source files if they are at hand; what cannot be derived is left out, with the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from curation.audit.measured import FilterValues, Remeasured, documents_of
from curation.audit.plain import source_name, text_lines
from curation.audit.readability import Reader, SourceStatistics, read_norms
from curation.audit.removed import Losses, Pair, Removed, Sample, ledger_rows, read_losses
from curation.audit.reread import read_again
from curation.core.errors import CorpusError
from curation.core.events import Listener, Progress, ignore
from curation.corpus import Corpus

#: Characters of a text that are shown.
EXCERPT = 420
_KEPT_NOTE = "in the corpus"
_READ_NOTE = "as read from the source, before any step rewrote it"


class Statistics(BaseModel):
    """What the report shows of a corpus beside its verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    whole: SourceStatistics
    """Readability and vocabulary of the whole corpus."""
    sources: tuple[SourceStatistics, ...]
    """The same by source."""
    norms: str = ""
    """Name of the norms file; empty where none was given."""
    filters: tuple[FilterValues, ...] = ()
    """The measures of each filter, before and after it."""
    near: dict[str, tuple[Sample, ...]] = {}
    """By filter, the documents of the corpus that lie nearest to its thresholds."""
    removed: tuple[Removed, ...] = ()
    """What was removed, by step and reason, in the order of the steps."""
    duplicates: dict[str, int] = {}
    """By deduplicator, the documents that it removed."""
    pairs: tuple[Pair, ...] = ()
    """Samples of duplicates, beside what was kept instead."""


def statistics(
    corpus: Corpus, *, norms: Path | None = None, bases: Sequence[Path] = (), listen: Listener = ignore
) -> Statistics:
    """Return the statistics of a corpus.

    Args:
        corpus: the corpus.
        norms: a CSV file with age-of-acquisition norms.
        bases: folders that relative paths of sources may start from, such as the manifest's; texts of removed
            documents can be shown only where the sources are found.
        listen: told of the documents read.

    Raises:
        CorpusError: a file of the corpus, or the norms, cannot be read: the report is then made without statistics.
    """
    ratings = None if norms is None else read_norms(norms)
    try:
        return _statistics(corpus, ratings, "" if norms is None else norms.name, bases, listen)
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        message = f"is too damaged for statistics ({type(error).__name__})"
        raise CorpusError(message, where=str(corpus.folder), hint="the verdict says what is wrong with it") from error


def _statistics(
    corpus: Corpus, ratings: Mapping[str, float] | None, norms: str, bases: Sequence[Path], listen: Listener
) -> Statistics:
    lock = corpus.lock
    losses = _losses(corpus)
    filters = [
        Remeasured(step["name"], step["use"], step["settings"], step["version"])
        for step in lock["steps"]
        if step["kind"] == "filter"
    ]
    readers = {source["name"]: Reader(source["name"]) for source in lock["sources"]}
    wanted = {row["kept_instead"] for rows in losses.pairs.values() for row in rows}
    kept: dict[str, Sample] = {}
    done = 0
    for batch in corpus.batches(["id", "source", "text", "words", "origin", "meta"]):
        ids, sources, texts = (batch.column(name).to_pylist() for name in ("id", "source", "text"))
        for source, text in zip(sources, texts, strict=True):
            readers.setdefault(source, Reader(source)).add(text)
        docs = documents_of(batch)
        for one in filters:
            one.add(docs, ids)
        for row, name in enumerate(ids):
            if name in wanted:
                kept[name] = _sample(name, sources[row], texts[row])
        done += len(batch)
        listen(Progress("reading for the report", done, int(lock["documents"]), "documents"))
    measured = tuple(one.result(losses.removed_values(one.step)) for one in filters)
    shown = _near_texts(corpus, {name for values in measured for name, _ in values.near})
    order = [step["name"] for step in lock["steps"]]
    kinds = {step["name"]: step["kind"] for step in lock["steps"]}
    # What a budget leaves out was not judged: no text of it is shown.
    rows = [row for (step, _), some in losses.samples.items() if kinds.get(step) != "selector" for row in some]
    rows += [row for some in losses.pairs.values() for row in some]
    heads = list(ledger_rows(corpus.folder / "ledger.parquet", wanted - kept.keys())) if wanted - kept.keys() else []
    read, missing = read_again(lock, [*rows, *heads], bases)
    whole = Reader("all sources")
    by_source = tuple(reader.result(ratings) for reader in readers.values())
    for reader in readers.values():
        whole.merge(reader)
    head_rows = {row["id"]: row for row in heads}
    return Statistics(
        whole=whole.result(ratings),
        sources=by_source,
        norms=norms,
        filters=measured,
        near={
            values.step: tuple(
                shown[name].model_copy(update={"value": value}) for name, value in values.near if name in shown
            )
            for values in measured
            if values.near
        },
        removed=_removed(losses, order, kinds, read, missing),
        duplicates={name: count for name, count in losses.duplicates.items() if count},
        pairs=tuple(
            Pair(
                step=step,
                removed=_row_sample(row, read, missing),
                kept=kept.get(row["kept_instead"]) or _head(row["kept_instead"], head_rows, read, missing),
            )
            for step, some in sorted(losses.pairs.items(), key=lambda pair: order.index(pair[0]))
            for row in some
        ),
    )


def text_statistics(files: Iterable[Path | str], *, norms: Path | None = None) -> Statistics:
    """Return the statistics of plain text files, a source a file: of text without a build nothing more is known.

    Raises:
        SourceError: a file cannot be read.
        CorpusError: the norms cannot be read.
    """
    ratings = None if norms is None else read_norms(norms)
    readers: list[Reader] = []
    for path in map(Path, files):
        reader = Reader(source_name(path))
        for line in text_lines(path, hashlib.sha256(), []):
            if line.strip():
                reader.add(line)
        readers.append(reader)
    whole = Reader("all sources")
    by_source = tuple(reader.result(ratings) for reader in readers)
    for reader in readers:
        whole.merge(reader)
    return Statistics(whole=whole.result(ratings), sources=by_source, norms="" if norms is None else norms.name)


def _losses(corpus: Corpus) -> Losses:
    path = corpus.folder / "ledger.parquet"
    if not path.is_file():
        raise CorpusError("is absent", where=str(path), hint="build the corpus again")
    return read_losses(path)


def _near_texts(corpus: Corpus, ids: set[str]) -> dict[str, Sample]:
    """Return some documents of the corpus, by id: they are known only when all have been measured."""
    found: dict[str, Sample] = {}
    wanted = pa.array(sorted(ids), pa.string())
    for file in corpus.files() if ids else []:
        table = pq.read_table(file, columns=["id", "source", "text"], filters=pa.compute.field("id").isin(wanted))
        for row in table.to_pylist():
            found[row["id"]] = _sample(row["id"], row["source"], row["text"])
    return found


def _removed(
    losses: Losses, order: list[str], kinds: Mapping[str, str], read: dict[str, str], missing: dict[str, str]
) -> tuple[Removed, ...]:
    def place(key: tuple[str, str]) -> tuple[int, int]:
        step = order.index(key[0]) if key[0] in order else -1
        return step, -losses.groups[key][0]

    return tuple(
        Removed(
            step=step,
            reason=reason,
            documents=losses.groups[step, reason][0],
            words=losses.groups[step, reason][1],
            samples=()
            if kinds.get(step) in {"selector", "deduplicator"}
            else tuple(_row_sample(row, read, missing) for row in losses.samples[step, reason]),
        )
        for step, reason in sorted(losses.groups, key=place)
    )


def _row_sample(row: dict[str, Any], read: dict[str, str], missing: dict[str, str]) -> Sample:
    text = read.get(row["id"])
    return Sample(
        id=row["id"],
        source=row["source"],
        place=f"{row['file']}, {row['position']}",
        words=row["words"],
        value=row["value"],
        text=None if text is None else _excerpt(text),
        note=_READ_NOTE if text is not None else missing.get(row["source"], "not found in the source"),
    )


def _head(name: str, rows: dict[str, dict[str, Any]], read: dict[str, str], missing: dict[str, str]) -> Sample:
    if name not in rows:
        return Sample(id=name, source="not recorded", words=0, note="the ledger has no row of this document")
    sample = _row_sample(rows[name], read, missing)
    return sample.model_copy(update={"value": None})


def _sample(name: str, source: str, text: str) -> Sample:
    return Sample(id=name, source=source, words=len(text.split()), text=_excerpt(text), note=_KEPT_NOTE)


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + " …"
