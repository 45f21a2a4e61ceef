"""Is the corpus what its lock says: files, digest, counts, text export, settings, source files.

Each function returns findings; none of them believes a number that it can take again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curation.audit.counting import Counted
from curation.audit.findings import file_sha256, finding
from curation.audit.origins import installed_version
from curation.audit.verdict import Finding
from curation.core.errors import CorpusError
from curation.core.fingerprint import fingerprint
from curation.core.words import WORD_DEFINITION

#: Written after a build, by audits and people; their absence from the lock is no sign of tampering.
_LATER = {"audit.json", "audit.html", "datasheet.md", "submission.json", "badge.svg", "README.md"}
_LAST_VERSION = 30
_FLOW = ("words_in", "added", "words_out", "dropped")


def check_form(lock: dict[str, Any], where: str) -> None:
    """Refuse a lock that lacks what an audit reads.

    Raises:
        CorpusError: naming what it lacks.
    """
    wanted = {
        "sources": ("name", "use", "settings", "files", "words", "documents", "words_read", "documents_read"),
        "steps": ("name", "use", "kind", "takes_parts", "version", "settings", "documents_dropped", *_FLOW),
    }
    lacks = [key for key in ("seed", "track", "description", "output") if key not in lock]
    for part, keys in wanted.items():
        entries = lock[part] if isinstance(lock[part], list) else [lock[part]]
        for number, entry in enumerate(entries):
            there = entry.keys() if isinstance(entry, dict) else set()
            lacks += [f"{part}[{number}].{key}" for key in keys if key not in there]
    if lacks:
        hint = "build the corpus again"
        raise CorpusError(f"the lock is damaged, it lacks {', '.join(lacks[:5])}", where=where, hint=hint)


def check_files(folder: Path, lock: dict[str, Any], changed_later: Iterable[str] = _LATER) -> Finding:
    """Compare every file of the folder with the size and SHA-256 in the lock."""
    known, later = lock["files"], set(changed_later)
    wrong = []
    for name, facts in known.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            wrong.append(f"{name} (leads out of the folder)")
        elif not path.is_file():
            if name not in later:
                wrong.append(f"{name} (missing)")
        elif name not in later and (path.stat().st_size != facts["bytes"] or file_sha256(path) != facts["sha256"]):
            wrong.append(f"{name} (edited)")
    there = {str(path.relative_to(folder)) for part in ("data", "subsets", "text") for path in _below(folder / part)}
    wrong += [f"{name} (not in the lock)" for name in sorted(there - known.keys())]
    if wrong:
        return finding("files", "broken", f"{len(wrong)} files are not as the lock says", wrong, unit="files")
    return finding("files", "holds", f"all {len(known)} files have the SHA-256 of the lock")


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def check_counts(counted: Counted, lock: dict[str, Any], folder: str = "data") -> list[Finding]:
    """Compare words, documents and canonical digest, counted anew, with the lock."""
    where = "" if folder == "data" else f"{folder}: "
    rule = "" if folder == "data" else f":{folder}"
    found = []
    wrong = [f"{name} (says {said}, has {has})" for name, said, has in counted.wrong_words]
    off = counted.words - lock["words"]
    if off or wrong or counted.documents != lock["documents"]:
        parts = [f"{where}{counted.words:,} words in {counted.documents:,} documents were counted"]
        if off or counted.documents != lock["documents"]:
            parts.append(f"the lock says {lock['words']:,} in {lock['documents']:,}: {off:+,} words")
        if wrong:
            parts.append(f"{counted.wrong_total:,} documents do not have the words of their `words` column")
        more = {"documents_total": counted.wrong_total, "amount": off, "unit": "words"}
        found.append(finding(f"words{rule}", "broken", "; ".join(parts), wrong, **more))
    else:
        text = f"{where}{counted.words:,} words in {counted.documents:,} documents, counted anew, as the lock says"
        found.append(finding(f"words{rule}", "holds", text))
    same = counted.digest == lock["digest"]
    text = "is that of the lock" if same else f"is {counted.digest}, the lock says {lock['digest']}"
    found.append(finding(f"digest{rule}", "holds" if same else "broken", f"{where}the canonical digest {text}"))
    return found


def check_export(folder: Path, counted: Counted, lock: dict[str, Any]) -> Finding:
    """Compare the text files with what the documents of their source say."""
    files = {path.stem: path for path in sorted((folder / "text").glob("*.train"))}
    if not files and not lock.get("output", {}).get("text"):
        return finding("text", "holds", "no text export was asked for, and there is none")
    by_source = counted.by_source()
    wrong, off = [], 0
    for name in sorted(files.keys() | counted.exports.keys()):
        if name not in files:
            wrong.append(f"text/{name}.train (missing, {by_source[name]:,} words)")
            off -= by_source[name]
        elif file_sha256(files[name]) != counted.exports.get(name):
            words = count_file(files[name])
            change = words - by_source.get(name, 0)
            off += change
            wrong.append(f"text/{name}.train ({change:+,} words)" if change else f"text/{name}.train (same word count)")
    if wrong:
        text = f"{len(wrong)} text files do not hold the documents of data/ ({off:+,} words)"
        return finding("text", "broken", text, wrong, amount=off, unit="words")
    return finding("text", "holds", f"{len(files)} text files hold exactly the documents of data/")


def count_file(path: Path) -> int:
    """Return the words of a plain text file."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        return sum(len(line.split()) for line in lines)


def check_lock(lock: dict[str, Any]) -> Finding:
    """Check the lock against itself: its fingerprint of the manifest, its sums, and the law in its own numbers."""
    wrong = []
    if lock.get("word_definition") != WORD_DEFINITION:
        wrong.append(f"word_definition is {lock.get('word_definition')!r}, curate counts {WORD_DEFINITION}")
    if not _fingerprint_fits(lock):
        wrong.append("settings (name, seed, sources, steps or output are not those that its fingerprint was taken of)")
    wrong += [
        f"{step['name']}: words_in + added is not words_out + dropped"
        for step in lock["steps"]
        if step["words_in"] + step["added"] != step["words_out"] + step["dropped"]
    ]
    totals = {key: sum(source[key] for source in lock["sources"]) for key in ("words", "documents")}
    wrong += [f"{key}: the sources add up to {n:,}, not {lock[key]:,}" for key, n in totals.items() if n != lock[key]]
    if wrong:
        return finding("lock", "broken", "the lock was changed, or does not agree with itself", wrong, unit="entries")
    return finding("lock", "holds", "the lock agrees with itself: fingerprint of the manifest, sums, law of the ledger")


def _fingerprint_fits(lock: dict[str, Any]) -> bool:
    """Make the fingerprint of the manifest again from what the lock records of it.

    The lock does not carry the versions of sources: those of this installation are tried first, then each.
    """
    steps = [
        {"name": step["name"], "use": step["use"], "version": step["version"], **step["settings"]}
        for step in lock["steps"]
    ]
    chosen = [one["kind"] == "selector" for one in lock["steps"]]
    declared = [model for model in lock.get("auxiliary_models", []) if not model.get("used_by")]
    installed = [installed_version(source["use"]) for source in lock["sources"]]
    tries = [installed, *([version] * len(installed) for version in range(1, _LAST_VERSION))]
    for versions in tries:
        whole = {
            "name": lock["name"],
            "seed": lock["seed"],
            "track": lock["track"],
            "description": lock["description"],
            "sources": [
                {"name": source["name"], "use": source["use"], "version": version, **source["settings"]}
                for source, version in zip(lock["sources"], versions, strict=True)
            ],
            "steps": [step for step, is_selector in zip(steps, chosen, strict=True) if not is_selector],
            "select": [step for step, is_selector in zip(steps, chosen, strict=True) if is_selector],
            "output": lock["output"],
            **({"auxiliary_models": declared} if declared else {}),
        }
        if fingerprint(whole) == lock["manifest_fingerprint"]:
            return True
    return False
