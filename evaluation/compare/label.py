"""What separates two models that were evaluated, from the digests and locks of their corpora: never from names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from curation.core.errors import CorpusError
from curation.corpus import Corpus
from evaluation.result import Results
from evaluation.submission.form import run_above

#: Entries of a lock that are told where they differ.
_SETTINGS = ("seed", "track", "words", "documents")


def label(path_a: Path, a: Results, path_b: Path, b: Results) -> tuple[str, ...]:
    """Return what separates the subjects, from digests and locks."""
    digests = a.subject.get("corpus"), b.subject.get("corpus")
    if None in digests:
        sides = " and ".join(side for side, digest in zip("AB", digests, strict=True) if digest is None)
        return (f"what {sides} learnt from is not known: the difference may come from anything",)
    lines = []
    if digests[0] == digests[1]:
        lines.append("the same corpus, by digest")
    else:
        locks = _lock(path_a, a), _lock(path_b, b)
        lines.append("other corpora, by digest")
        lines += lock_differences(*locks) if locks[0] and locks[1] else ["their locks are not both at hand"]
    for name in ("recipe", "parameters", "words_seen", "backend"):
        one, other = a.subject.get(name), b.subject.get(name)
        if one != other:
            lines.append(f"{name}: {_short(one)} -> {_short(other)}")
    if a.subject.get("digest") == b.subject.get("digest"):
        lines.append("the same model, by digest")
    return tuple(lines)


def _lock(path: Path, results: Results) -> dict[str, Any] | None:
    run, _ = run_above(path, results)
    folder = (run or {}).get("corpus", {}).get("folder")
    try:
        corpus = Corpus.open(folder) if isinstance(folder, str) else None
    except (CorpusError, OSError):
        return None
    return corpus.lock if corpus is not None and corpus.digest == results.subject.get("corpus") else None


def lock_differences(a: dict[str, Any] | None, b: dict[str, Any] | None) -> list[str]:
    """Return what two locks say differs, a line each."""
    one, other = a or {}, b or {}
    lines = [
        f"{name}: {_short(one.get(name))} -> {_short(other.get(name))}"
        for name in _SETTINGS
        if one.get(name) != other.get(name)
    ]
    for kind in ("sources", "steps"):
        named = [{str(entry["name"]): entry for entry in lock.get(kind, [])} for lock in (one, other)]
        for name in dict.fromkeys([*named[0], *named[1]]):
            left, right = (entries.get(name) for entries in named)
            what = f"{kind[:-1]} {name}"
            if left is None or right is None:
                lines.append(f"{what}: only in {'B' if left is None else 'A'}")
                continue
            changed = [key for key in ("use", "settings", "files", "version") if left.get(key) != right.get(key)]
            if changed:
                lines.append(f"{what}: other {', '.join(changed)}")
    return lines or ["other documents, by the same settings"]


def _short(value: Any) -> str:
    text = str(value.get("name", value) if isinstance(value, dict) else value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else text[:60]
