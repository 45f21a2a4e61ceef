"""Held-out texts of an ablation: plain copies of at most so many words; every arm is measured on the same documents.

A document of held-out text should be about as long as those of the corpora: a model that has learnt to predict within
conversations of fifty lines is not judged well by lines each of which begins anew (measured on a million words: 1.81
bits per byte by line and 1.62 by fifty lines, with twice the spread over seeds).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from curation.core.artifact import write_text
from curation.core.events import Event, Warned
from curation.core.words import count_words
from evaluation.ablation.corpora import ArmCorpus
from evaluation.ablation.errors import AblationError
from evaluation.ablation.places import beside
from evaluation.ablation.settings import Ablation

_PACKED = {".zst": "zstd", ".gz": "gzip", ".bz2": "bz2"}
#: Lines of a document where a text does not say where documents end, as in `source.text`'s manifests of transcripts.
LINES = 50
#: How many times shorter than the corpora's documents those of a held-out text may be before their user is warned.
SHORTER = 4


def heldout_files(ablation: Ablation, file: Path, folder: Path) -> dict[str, Path]:
    """Return the held-out texts, unpacked and cut to ``heldout_words``, in a folder: documents apart by a blank line.

    Raises:
        AblationError: one is not there, or no UTF-8 text.
        OutputError: the folder cannot be written.
    """
    found = {}
    for domain, given in ablation.heldout.items():
        path = beside(file, given.path)
        text = _text(path, f"heldout.{domain}")
        lines, words = [], 0
        for line in text.split("\n"):
            words += count_words(line)
            if words > ablation.heldout_words:
                break
            lines.append(line)
        documents = _documents(lines, given.documents)
        if len(documents) == 1 and "\n" in documents[0]:  # a single one has no blank line to be known by
            halves = documents[0].split("\n")
            documents = _by_lines(halves, -(-len(halves) // 2))
        if not documents:
            hint = f"give another file, or raise heldout_words ({ablation.heldout_words:,}) if its first line is longer"
            raise AblationError(f"{path.name} has no text", where=f"heldout.{domain}", hint=hint)
        found[domain] = folder / f"{domain}.txt"
        cut = ("\n" if given.documents == "line" else "\n\n").join(documents) + "\n"
        if not found[domain].is_file() or found[domain].read_text(encoding="utf-8") != cut:
            write_text(found[domain], cut)
    return found


def compare_lengths(
    heldout: Mapping[str, Path], corpora: Mapping[str, ArmCorpus], listen: Callable[[Event], None]
) -> None:
    """Warn of held-out documents that are much shorter than the base's."""
    usual = corpora["base"].words / max(corpora["base"].documents, 1)
    for domain, path in heldout.items():
        text = path.read_text(encoding="utf-8").strip()
        mean = count_words(text) / len(text.split("\n\n" if "\n\n" in text else "\n"))
        if SHORTER * mean < usual:
            what = f"documents of the held-out text {domain} have {mean:.0f} words, those of the base {usual:.0f}"
            listen(Warned(f"{what}: give heldout.{domain} a `documents:`, such as '50 lines'"))


def _documents(lines: list[str], documents: str | None) -> list[str]:
    """Return the documents of a text, without the blank lines in them."""
    full = [line for line in lines if line.strip()]
    if documents == "line":
        return full
    if documents == "header":
        return _joined(lines, lambda line: line.startswith("= = = "), keep=True)
    if documents == "blank_line" or (documents is None and _blank_between(lines)):
        return _joined(lines, lambda line: not line.strip(), keep=False)
    return _by_lines(full, LINES if documents is None else int(documents.split()[0]))


def _by_lines(lines: list[str], every: int) -> list[str]:
    return ["\n".join(lines[at : at + every]) for at in range(0, len(lines), every)]


def _blank_between(lines: list[str]) -> bool:
    return any(not line.strip() for line in "\n".join(lines).strip().split("\n"))


def _joined(lines: list[str], begins: Callable[[str], bool], *, keep: bool) -> list[str]:
    """Join lines to documents; a new one begins at some lines, which are ``keep``-t in it or dropped."""
    found: list[list[str]] = [[]]
    for line in lines:
        if begins(line):
            found.append([line] if keep else [])
        elif line.strip():
            found[-1].append(line)
    return ["\n".join(document) for document in found if document]


def _text(path: Path, where: str) -> str:
    try:
        with pa.input_stream(str(path), compression=_PACKED.get(path.suffix)) as stream:
            return bytes(stream.read()).decode("utf-8")
    except FileNotFoundError as error:
        hint = "held-out text is a file that no arm trains on; paths are relative to the ablation file"
        raise AblationError(f"no such file: {path}", where=where, hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise AblationError(f"{path.name} cannot be read as UTF-8 text: {error}", where=where) from error
