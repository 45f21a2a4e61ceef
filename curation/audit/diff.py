"""Two corpora side by side: what was asked for, what came out, and which documents they share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.corpus import Corpus

_LISTS = ("sources", "steps")


def difference(a: Corpus, b: Corpus) -> dict[str, Any]:
    """Return settings, sources, words and documents that differ, and the overlap of the documents by id."""
    ids_a, words_a = _documents(a)
    ids_b, words_b = _documents(b)
    shared, at_a, at_b = np.intersect1d(ids_a, ids_b, return_indices=True)
    cut = words_a[at_a] != words_b[at_b]
    return {
        "a": _facts(a),
        "b": _facts(b),
        "same": a.digest == b.digest,
        "settings": settings_difference(a.lock, b.lock),
        "words_by_source": _by_source(a, b, "words"),
        "documents_by_source": _by_source(a, b, "documents"),
        "only_in_a": {"documents": len(ids_a) - len(shared), "words": int(words_a.sum() - words_a[at_a].sum())},
        "only_in_b": {"documents": len(ids_b) - len(shared), "words": int(words_b.sum() - words_b[at_b].sum())},
        "in_both": {
            "documents": len(shared),
            "words": int(np.minimum(words_a[at_a], words_b[at_b]).sum()),
            "documents_cut_differently": int(cut.sum()),
        },
    }


def _facts(corpus: Corpus) -> dict[str, Any]:
    return {key: corpus.lock[key] for key in ("name", "digest", "words", "documents", "seed")}


def _documents(corpus: Corpus) -> tuple[NDArray[Any], NDArray[np.int64]]:
    ids, words = [], []
    for batch in corpus.batches(["id", "words"]):
        ids.append(batch.column("id").cast(pa.string()).to_numpy(zero_copy_only=False).astype("S32"))
        words.append(batch.column("words").to_numpy())
    return np.concatenate(ids or [np.zeros(0, "S32")]), np.concatenate(words or [np.zeros(0)]).astype(np.int64)


def _by_source(a: Corpus, b: Corpus, key: str) -> dict[str, list[int | None]]:
    one = {source["name"]: source[key] for source in a.lock["sources"]}
    two = {source["name"]: source[key] for source in b.lock["sources"]}
    return {name: [one.get(name), two.get(name)] for name in {**one, **two}}


def settings_difference(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """Return how the settings of lock ``b`` differ from those of ``a``, one line each: the label of an ablation."""
    lines = [f"{key}: {a[key]!r} -> {b[key]!r}" for key in ("seed", "track") if a[key] != b[key]]
    for kind in _LISTS:
        one = {entry["name"]: entry for entry in a[kind]}
        two = {entry["name"]: entry for entry in b[kind]}
        lines += [f"- {kind}.{name} ({one[name]['use']})" for name in one if name not in two]
        lines += [f"+ {kind}.{name} ({two[name]['use']})" for name in two if name not in one]
        for name, entry in one.items():
            if name in two:
                lines += _changed(f"{kind}.{name}", entry, two[name])
        common = [name for name in one if name in two]
        if common != [name for name in two if name in one]:
            lines.append(f"{kind}: in another order")
    return lines


def _changed(path: str, one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    lines = [
        f"{path}.{key}: {one[key]!r} -> {two[key]!r}" for key in ("use", "version") if one.get(key) != two.get(key)
    ]
    before, after = one["settings"], two["settings"]
    lines += [
        f"{path}.{key}: {before.get(key)!r} -> {after.get(key)!r}"
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    ]
    if [file["sha256"] for file in one.get("files", [])] != [file["sha256"] for file in two.get("files", [])]:
        lines.append(f"{path}: other files")
    return lines


def in_words(found: dict[str, Any]) -> str:
    """Return a difference as text."""
    a, b = found["a"], found["b"]
    lines = [
        f"a: {a['name']}, {a['words']:,} words, {a['documents']:,} documents, digest {a['digest'][:16]}",
        f"b: {b['name']}, {b['words']:,} words, {b['documents']:,} documents, digest {b['digest'][:16]}",
    ]
    if found["same"]:
        lines.append("the corpora are identical")
    lines += ["", "settings (a -> b):", *(f"  {line}" for line in found["settings"] or ["no difference"])]
    lines += ["", "words by source (a, b):"]
    width = max(map(len, found["words_by_source"]), default=0)
    for name, (one, two) in found["words_by_source"].items():
        change = (two or 0) - (one or 0)
        lines.append(f"  {name:<{width}}  {_number(one):>12}  {_number(two):>12}  {change:+,}")
    both = found["in_both"]
    whole = both["words"] + found["only_in_a"]["words"] + found["only_in_b"]["words"]
    lines += [
        "",
        f"only in a: {found['only_in_a']['documents']:,} documents, {found['only_in_a']['words']:,} words",
        f"only in b: {found['only_in_b']['documents']:,} documents, {found['only_in_b']['words']:,} words",
        (
            f"in both:   {both['documents']:,} documents, {both['words']:,} words "
            f"({100 * both['words'] / max(whole, 1):.1f}% of all), "
            f"{both['documents_cut_differently']:,} cut differently"
        ),
    ]
    return "\n".join(lines)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
