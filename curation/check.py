"""Looking before building: does every source open, what would run, what is cached, how long would it take."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.build import find_inputs, placed_steps
from curation.core.errors import SourceError
from curation.core.events import ignore
from curation.engine.local import Input, Settings, pin, slice_folder
from curation.engine.plan import Stage, stages
from curation.engine.stage import run_batch
from curation.manifest import Manifest
from curation.steps.kinds import Chunk, File

#: Bytes of text that a compressed byte holds, roughly: only for the estimate of a plan.
_EXPANSION = {".gz": 2.8, ".zst": 3.2, ".xz": 3.6, ".bz2": 3.6, ".parquet": 2.2}
#: Words in a byte of English text.
_WORDS_PER_BYTE = 1 / 5.6


def check_sources(manifest: Manifest) -> list[dict[str, Any]]:
    """Hash every file, read the first piece of each, and return what was seen, by source.

    Raises:
        SourceError: for the first file that cannot be read as the manifest says.
    """
    inputs = find_inputs(manifest)
    local = [one for one in inputs if all(file.path for file in one.files)]
    remote = [one for one in inputs if one not in local]  # of these the first file must answer
    pinned = pin(local, Settings(Path(), 2, 4096, ignore))
    return [_seen(one, one.files) for one in pinned] + [_seen(one, one.files[:1]) for one in remote]


def _seen(one: Input, files: Sequence[File]) -> dict[str, Any]:
    """Read the first piece of each file and return what was in it."""
    documents = words = 0
    sample = ""
    for number, file in enumerate(files):
        chunk = next(iter(one.source.chunks(file)), None)
        if chunk is None:
            if one.source.on_error == "fail":
                hint = "leave the file out, or set on_error: skip"
                raise SourceError("holds no document", where=file.name, hint=hint)
            continue
        batch = one.source.read_chunk(one.name, one.index, number, file, chunk)
        documents += batch.num_rows
        words += int(batch.column("words").to_numpy().sum())
        sample = sample or " ".join(batch.column("text")[0].as_py().split()[:8] if batch.num_rows else [])
    return {
        "name": one.name,
        "files": len(one.files),
        "bytes": sum(file.size for file in one.files),
        "documents": documents,
        "words": words,
        "sample": sample[:60],
    }


def plan_build(manifest: Manifest, cache: Path, workers: int) -> dict[str, Any]:
    """Return stages, cached slices by source, and estimates of words and seconds."""
    plan = stages(placed_steps(manifest))
    inputs = pin(find_inputs(manifest), Settings(cache, workers, 4096, ignore))
    rows = [_planned(one, plan[0], cache) for one in inputs]
    speed = _words_per_second(plan[0], inputs)
    fresh = sum(row["words"] for row in rows if not row["complete"])
    return {
        "name": manifest.name,
        "sources": rows,
        "stages": [
            {
                "title": stage.title,
                "deferred": [placed.name for placed in stage.deferred],
                "decisions": [placed.name for placed in stage.decisions],
                "processes": stage.in_processes,
            }
            for stage in plan
        ],
        "select": [f"{entry.name} {_brief(entry.component.settings())}" for entry in manifest.select],
        "words": sum(row["words"] for row in rows),
        # Later stages and decisions cost about as much again as the first: measured on the look-alike corpus.
        "seconds": 2 * fresh / speed / workers + 1 if speed else 0.0,
        "workers": workers,
    }


def _brief(settings: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items() if value not in (None, [], ""))


def _planned(one: Input, stage: Stage, cache: Path) -> dict[str, Any]:
    cached = 0
    complete = bool(one.files)
    for number, file in enumerate(one.files):
        folder = slice_folder(cache, stage, one, number, file)
        cached += len(list(folder.glob("*.arrow"))) if folder.is_dir() else 0
        finished = folder / "chunks.json"
        complete &= finished.is_file() and len(json.loads(finished.read_text())) <= cached
    size = sum(file.size * _EXPANSION.get(Path(file.name).suffix, 1.0) for file in one.files)
    return {
        "name": one.name,
        "files": len(one.files),
        "bytes": sum(file.size for file in one.files),
        "words": one.source.words or int(size * _WORDS_PER_BYTE),
        "slices_cached": cached,
        "complete": complete,
    }


def _words_per_second(stage: Stage, inputs: list[Input]) -> float:
    """Time the first stage on the first piece of the first source (twice: the first turn compiles kernels)."""
    for one in inputs:
        file: File = one.files[0]
        chunk: Chunk | None = next(iter(one.source.chunks(file)), None)
        if chunk is None or chunk.data is None:
            continue
        for _ in range(2):
            started = time.process_time()
            batch = one.source.read_chunk(one.name, one.index, 0, file, chunk)
            run_batch(stage, batch)
            seconds = time.process_time() - started
        return int(batch.column("words").to_numpy().sum()) / max(seconds, 1e-6)
    return 0.0
