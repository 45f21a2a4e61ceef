"""A first manifest for a folder of files, with comments that say what can be changed."""

from __future__ import annotations

import glob
import json
import os
import re
from collections import defaultdict
from pathlib import Path

from curation.core.errors import SourceError

_COMPRESSED = {".gz", ".zst", ".xz", ".bz2"}
_READERS = {
    ".txt": "source.text",
    ".text": "source.text",
    ".md": "source.text",
    ".train": "source.text",
    ".dev": "source.text",
    ".test": "source.text",
    ".jsonl": "source.jsonl",
    ".ndjson": "source.jsonl",
    ".parquet": "source.parquet",
    ".csv": "source.csv",
    ".tsv": "source.csv",
}
_WORDS_PER_BYTE = 1 / 6


def manifest_for(folder: Path, beside: Path, words: int | None) -> str:
    """Return the YAML text of a manifest with one source for each kind of file in ``folder``.

    Raises:
        SourceError: the folder does not exist or holds no file that a reader knows.
    """
    if not folder.is_dir():
        raise SourceError("no such folder", where=str(folder), hint="name a folder that holds text files")
    groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        suffixes = file.suffixes
        packed = suffixes[-1] if suffixes and suffixes[-1] in _COMPRESSED else ""
        plain = suffixes[-2] if packed and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
        if plain in _READERS and not any(part.startswith(".") for part in file.relative_to(folder).parts):
            groups[plain, packed].append(file)
    if not groups:
        hint = f"files ending in {', '.join(sorted(_READERS))}, also compressed"
        raise SourceError("holds no file that can be read", where=str(folder), hint=hint)
    bytes_of = {key: sum(file.stat().st_size for file in files) for key, files in groups.items()}
    estimate = int(sum(size * (3 if key[1] else 1) for key, size in bytes_of.items()) * _WORDS_PER_BYTE)
    budget = words or max(10 ** (len(str(estimate)) - 1) * int(str(estimate)[0]) // 2, 1)
    name = re.sub(r"[^a-z0-9_.-]+", "-", folder.resolve().name.lower()).strip("-._")[:64] or "corpus"
    text = f"Text from {folder.resolve().name}."
    parts = [_HEAD.format(name=json.dumps(name), text=json.dumps(text, ensure_ascii=False))]
    parts += [_source(key, files, folder, beside) for key, files in groups.items()]
    parts.append(_TAIL.format(words=f"{budget:_}", estimate=f"{estimate:,}"))
    return "".join(parts)


def _source(key: tuple[str, str], files: list[Path], folder: Path, beside: Path) -> str:
    plain, packed = key
    reader = _READERS[plain]
    root = os.path.relpath(folder, beside.resolve() if str(beside) != "." else Path.cwd())
    deep = any(file.parent != folder for file in files)
    pattern = (
        f"{glob.escape(root)}/{'**/' if deep else ''}*{plain}{packed}"
        if len(files) > 1
        else f"{root}/{files[0].relative_to(folder)}"
    ).replace("$", "$$")
    name = "-".join(filter(None, [plain[1:], packed[1:]]))
    lines = [
        f"  - name: {name}",
        f"    use: {reader}",
        f"    path: {json.dumps(pattern, ensure_ascii=False)}  # {len(files)} files",
    ]
    if reader == "source.text":
        cut = "header" if plain in {".train", ".dev", ".test"} else "file"
        lines.append(f"    documents: {cut}  # or file, header, blank_line, line, '20 lines'")
    else:
        lines.append("    text_field: text")
        lines.append("    # id_field: id  # ids then survive a reordering of the file")
    lines += [
        "    licence: ''  # recorded in the lock and the dataset card",
        "    # quota: 30%  # or a number of words",
        "",
    ]
    return "\n".join(lines)


_HEAD = """\
# A curate manifest. `curate list` shows every source and step, `curate list filter.gopher` documents one.
name: {name}
description: {text}
seed: 0  # decides the choice and the order of documents

sources:
"""

_TAIL = """
steps:
  - use: normalize.unicode
  - use: normalize.whitespace
  - use: filter.word_count
    min_words: 5
  # - use: filter.gopher  # a preset: rules of Gopher (Rae et al. 2021)
  - use: dedup.exact
  - use: dedup.minhash  # near duplicates, verified
    threshold: 0.8

select:
  - use: select.word_budget
    words: {words}  # exactly; about {estimate} words were found
    cut: word  # or sentence, document
  - use: select.order
    by: shuffle  # or source, words, or the name of a filter above

output:
  text: true  # also plain text, one file a source
"""
