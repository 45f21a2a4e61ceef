"""``corpus.lock``: everything that decided the corpus, and everything that identifies it."""

from __future__ import annotations

import platform
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from curation import __version__
from curation.core.ledger import Flow
from curation.core.words import WORD_DEFINITION
from curation.corpus import LOCK_VERSION
from curation.engine.local import Input
from curation.engine.plan import Placed
from curation.kernels.hashing import HASH_VERSION
from curation.manifest import Entry, Manifest
from curation.steps.kinds import Selector


def lock_record(
    *,
    manifest: Manifest,
    numbered: Sequence[Placed],
    inputs: Sequence[Input],
    by_step: list[list[Flow]],
    digest: str,
    words: int,
    documents: int,
    subsets: dict[str, dict[str, Any]],
    read: Sequence[dict[str, int]],
) -> dict[str, Any]:
    """Return the lock, but for the digests of the files, which are taken last."""
    return {
        "lock_version": LOCK_VERSION,
        "name": manifest.name,
        "digest": digest,
        "words": words,
        "documents": documents,
        "seed": manifest.seed,
        "track": manifest.track,
        "description": manifest.description,
        "word_definition": WORD_DEFINITION,
        "manifest_fingerprint": manifest.fingerprint(),
        "sources": [
            {
                "name": one.name,
                "use": entry.use,
                "settings": one.source.settings(),
                "files": [{"name": file.name, "sha256": file.sha256, "bytes": file.size} for file in one.files],
                **counts,
            }
            for one, entry, counts in zip(inputs, manifest.sources, read, strict=True)
        ],
        "steps": [
            {
                "name": placed.name,
                "use": placed.use,
                "kind": placed.step.kind,
                "takes_parts": isinstance(placed.step, Selector) and placed.step.takes_parts,
                "version": placed.step.version,
                "settings": placed.step.settings(),
                **_total(row),
            }
            for placed, row in zip(numbered, by_step, strict=True)
        ],
        "subsets": subsets,
        "output": manifest.output.model_dump(mode="json"),
        "auxiliary_models": auxiliary_models(manifest),
        **({"datasheet": manifest.datasheet} if manifest.datasheet else {}),
        "generators": [],
        "tools": {
            "curate": __version__,
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
            "hash": HASH_VERSION,
            **{name: version(name) for name in ("pyarrow", "numpy", "numba")},
        },
    }


def auxiliary_models(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the records of every auxiliary model: those the manifest declares, then those that its parts use."""
    entries: tuple[Entry[Any], ...] = (*manifest.sources, *manifest.steps, *manifest.select)
    used = [model.of_step(entry.name) for entry in entries for model in entry.component.auxiliary_models()]
    return [model.record() for model in (*manifest.auxiliary_models, *used)]


def _total(row: list[Flow]) -> dict[str, int]:
    total = Flow()
    for flow in row:
        total += flow
    return dict(vars(total))


def mismatches(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return what differs between two locks, in words; tool versions may differ as long as the corpus does not."""
    keys = ("digest", "words", "documents", "manifest_fingerprint", "subsets")
    result = [
        f"{key}: the lock has {expected.get(key)}, this build gave {found[key]}"
        for key in keys
        if expected.get(key) != found[key]
    ]
    result += _other_files(expected, found)
    if expected.get("auxiliary_models", []) != found["auxiliary_models"]:
        result.append("auxiliary_models: other models, or other records of them, than the lock's")
    for before, after in zip(expected.get("steps", []), found["steps"], strict=False):
        if any(before[key] != after[key] for key in ("use", "version", "settings")):
            result.append(f"step {after['name']}: other settings or version than the lock's")
    tools = {name: value for name, value in expected.get("tools", {}).items() if found["tools"].get(name) != value}
    if result and tools:
        result += [f"(written with {name} {value}, here {found['tools'].get(name)})" for name, value in tools.items()]
    return result


def _other_files(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    result = []
    for before, after in zip(expected.get("sources", []), found["sources"], strict=False):
        if len(before["files"]) != len(after["files"]):
            result.append(f"source {after['name']}: {len(after['files'])} files, the lock has {len(before['files'])}")
        result += [
            f"source {after['name']}: {new['name']} is another file than the lock's"
            for old, new in zip(before["files"], after["files"], strict=False)
            if old["sha256"] != new["sha256"]
        ]
    return result
