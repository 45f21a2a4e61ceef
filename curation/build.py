"""Building a corpus: read, decide, select, write. One straight line over the plan.

Nothing here prints: what happens is told to a listener as events.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.core.artifact import only_one, sweep
from curation.core.errors import CurateError, LockMismatch, SourceError
from curation.core.events import BuildDone, BuildStarted, Listener, Progress, Warned, ignore
from curation.core.fingerprint import fingerprint
from curation.core.schema import UNREADABLE
from curation.corpus import Corpus
from curation.engine.local import Input, Settings, decide_globally, default_workers, next_stage, pin, read_stage
from curation.engine.plan import Placed, Stage, stages
from curation.engine.slices import open_slice, read_columns
from curation.engine.table import StageTable, View
from curation.folder import expected_lock, is_current, partial_folder, publish, tidy, what_is_there
from curation.lock import mismatches
from curation.manifest import Manifest
from curation.steps.kinds import Filter, Selection
from curation.write import write_corpus


@dataclass(frozen=True)
class Options:
    """How to build; none of these changes the corpus."""

    out: Path
    cache: Path | None = None
    workers: int = field(default_factory=default_workers)
    batch_rows: int = 4096
    locked: bool = False
    force: bool = False
    listen: Listener = ignore


def build(manifest: Manifest, options: Options) -> Corpus:
    """Build the corpus of a manifest into ``options.out`` and return it, opened.

    Raises:
        CurateError: any of its kinds; the output folder is then as it was before.
    """
    started = time.monotonic()
    out = options.out.resolve()
    cache = (options.cache or out.parent / ".curate-cache").resolve()
    settings = Settings(cache, options.workers, options.batch_rows, options.listen)
    with only_one(cache / "locks" / f"{fingerprint(str(out))}.lock", str(options.out)):
        tidy(out)
        sweep(cache)
        before = what_is_there(out, manifest, force=options.force)
        expected = expected_lock(manifest, before) if options.locked else None
        inputs = pin(find_inputs(manifest), settings)
        steps = placed_steps(manifest)
        plan = stages(steps)
        options.listen(
            BuildStarted(
                manifest.name,
                [stage.title for stage in plan],
                sum(file.size for one in inputs for file in one.files),
                sum(len(one.files) for one in inputs),
            )
        )
        if before is not None and expected is None and is_current(before, manifest, inputs):
            _tell_done(before, options, cache, started, reused=True)
            return before
        tables = _run_stages(manifest, plan, inputs, settings)
        selection, taken = _select(manifest, tables, settings)
        partial = partial_folder(out)
        try:
            record = write_corpus(manifest, steps, inputs, tables, selection, taken, partial, settings)
            if expected is not None and (differences := mismatches(expected, record)):
                raise LockMismatch(
                    "the build does not reproduce the lock:\n    " + "\n    ".join(differences), where=str(options.out)
                )
            publish(partial, out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        corpus = Corpus.open(out)
        _tell_done(corpus, options, cache, started, reused=False)
        return corpus


def find_inputs(manifest: Manifest) -> list[Input]:
    """Return every source with its files.

    Raises:
        SourceError: listing every source whose files cannot be found.
    """
    inputs, failures = [], []
    for index, entry in enumerate(manifest.sources):
        try:
            inputs.append(Input(entry.name, index, entry.component, tuple(entry.component.files(entry.base))))
        except CurateError as error:
            failures.append((f"{entry.where} ({entry.name})", error))
    if failures:
        where, first = failures[0]
        if len(failures) == 1:
            raise SourceError(f"{first.where}: {first.message}", where=where, hint=first.hint)
        lines = "\n    ".join(f"{place}: {error.where}: {error.message} ({error.hint})" for place, error in failures)
        raise SourceError(f"{len(failures)} sources cannot be found:\n    {lines}", where=str(manifest.path))
    return inputs


def placed_steps(manifest: Manifest) -> list[Placed]:
    """Return the steps with their numbers."""
    return [Placed(index, entry.name, entry.use, entry.component) for index, entry in enumerate(manifest.steps)]


# Th


def _run_stages(
    manifest: Manifest, plan: Sequence[Stage], inputs: Sequence[Input], settings: Settings
) -> list[StageTable]:
    measures = filter_numbers(manifest)
    table = read_stage(plan[0], inputs, settings)
    _check_ids(table, inputs)
    _check_words(table, inputs)
    tables = [table]
    cuts = decide_globally(plan[0], table, measures, settings)
    for stage in plan[1:]:
        table = next_stage(stage, table, cuts, settings)
        tables.append(table)
        cuts = decide_globally(stage, table, measures, settings)
    return tables


def filter_numbers(manifest: Manifest) -> dict[str, int]:
    """Return the numbers of the filters that keep a measure, by name."""
    return {entry.name: index for index, entry in enumerate(manifest.steps) if isinstance(entry.component, Filter)}


def _check_ids(table: StageTable, inputs: Sequence[Input]) -> None:
    """Refuse, or with ``on_error: skip`` drop, documents whose id has been seen."""
    order = np.lexsort((np.arange(len(table)), table.ids[:, 1], table.ids[:, 0]))
    ids = table.ids[order]
    again = np.zeros(len(table), np.bool_)
    again[1:] = (ids[1:] == ids[:-1]).all(axis=1)
    readable = table.step[order] != UNREADABLE
    for place in np.flatnonzero(again & readable):
        row, first = int(order[place]), int(order[place - 1])
        one = inputs[int(table.source[row])]
        where, key = _origin(table, row, one)
        text = f"the id {key!r} was already used ({_origin(table, first, inputs[int(table.source[first])])[0]})"
        if one.source.on_error == "fail":
            hint = "name another id_field or none, or drop the later ones with on_error: skip"
            raise SourceError(text, where=where, hint=hint)
        table.step[row] = UNREADABLE
        table.details[row] = text


def _origin(table: StageTable, row: int, one: Input) -> tuple[str, str]:
    """Return where a document stands (file:line) and its key."""
    number = int(np.searchsorted(table.starts, row, side="right")) - 1
    with open_slice(table.paths[number]) as full:
        cells = full.select(["file", "position", "key"]).slice(row - int(table.starts[number]), 1).to_pylist()[0]
    return f"{one.files[cells['file']].name}:{cells['position']}", str(cells["key"])


def _check_words(table: StageTable, inputs: Sequence[Input]) -> None:
    read = words_by_source(table, "words_read", len(inputs))
    for one in inputs:
        if one.source.words is not None and one.source.words != read[one.index]:
            raise SourceError(
                f"holds {read[one.index]:,} words, the manifest expects {one.source.words:,}",
                where=f"sources[{one.index}] ({one.name})",
                hint="the input is not the one that the manifest was written for; correct `words:` if it is",
            )


def words_by_source(table: StageTable, column: str, sources: int) -> list[int]:
    """Return the sum of a column by source."""
    values = read_columns(table.paths, [column])[column]
    return [int(values[table.source == index].sum()) for index in range(sources)]


def _select(
    manifest: Manifest, tables: Sequence[StageTable], settings: Settings
) -> tuple[Selection, NDArray[np.int32]]:
    """Run the selectors; return the selection, in rows of the last table, and the words taken of each row."""
    table = tables[-1]
    view = View(
        table,
        None,
        filter_numbers(manifest),
        lambda title, done, total, unit: settings.listen(Progress(title, done, total, unit)),
    )
    chosen = Selection(np.arange(len(view.rows)), view.words)
    terms = manifest.terms(tuple(words_by_source(tables[0], "words_read", len(manifest.sources))))
    for number, entry in enumerate(manifest.select, start=len(manifest.steps)):
        before = chosen
        chosen = entry.component.choose(view, chosen, terms)
        lost = np.ones(len(view.rows), np.bool_)
        lost[chosen.rows] = False
        gone = before.rows[lost[before.rows]]
        table.step[view.rows[gone]] = number
    taken = np.zeros(len(table), np.int32)
    taken[view.rows[chosen.rows]] = chosen.take
    subsets = [(size, Selection(view.rows[subset.rows], subset.take)) for size, subset in chosen.subsets]
    return Selection(view.rows[chosen.rows], chosen.take, subsets), taken


def _tell_done(corpus: Corpus, options: Options, cache: Path, started: float, *, reused: bool) -> None:
    lock = corpus.lock
    losses = sorted(
        ((step["name"], step["documents_dropped"], step["dropped"]) for step in lock["steps"]),
        key=lambda loss: -loss[2],
    )
    options.listen(
        BuildDone(
            name=lock["name"],
            out=str(options.out),
            words=lock["words"],
            documents=lock["documents"],
            words_read=sum(source["words_read"] for source in lock["sources"]),
            documents_read=sum(source["documents_read"] for source in lock["sources"]),
            digest=lock["digest"],
            losses=[loss for loss in losses if loss[2] > 0][:5],
            seconds=time.monotonic() - started,
            reused=reused,
            cache=str(cache),
            cache_bytes=sum(file.stat().st_size for file in cache.rglob("*") if file.is_file()),
        )
    )
    unreadable = sum(source["documents_unreadable"] for source in lock["sources"])
    if unreadable:
        options.listen(Warned(f"{unreadable:,} inputs could not be read: see step 'unreadable' in ledger.parquet"))
