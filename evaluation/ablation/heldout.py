"""Held-out texts of an ablation: plain copies of one length, so that every arm is measured on the same lines."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from curation.core.artifact import write_text
from curation.core.words import count_words
from evaluation.ablation.errors import AblationError
from evaluation.ablation.places import beside
from evaluation.ablation.settings import Ablation

_PACKED = {".zst": "zstd", ".gz": "gzip", ".bz2": "bz2"}


def heldout_files(ablation: Ablation, file: Path, folder: Path) -> dict[str, Path]:
    """Return the held-out texts, unpacked and cut to ``heldout_words``, in a folder.

    Raises:
        AblationError: one is not there, or no UTF-8 text.
        OutputError: the folder cannot be written.
    """
    found = {}
    for domain, reference in ablation.heldout.items():
        path = beside(file, reference)
        text = _text(path, f"heldout.{domain}")
        lines, words = [], 0
        for line in text.split("\n"):
            words += count_words(line)
            if words > ablation.heldout_words:
                break
            lines.append(line)
        if not any(line.strip() for line in lines):
            raise AblationError(f"{path.name} has no text", where=f"heldout.{domain}", hint="give another file")
        found[domain] = folder / f"{domain}.txt"
        cut = "\n".join(lines) + "\n"
        if not found[domain].is_file() or found[domain].read_text(encoding="utf-8") != cut:
            write_text(found[domain], cut)
    return found


def _text(path: Path, where: str) -> str:
    try:
        with pa.input_stream(str(path), compression=_PACKED.get(path.suffix)) as stream:
            return bytes(stream.read()).decode("utf-8")
    except FileNotFoundError as error:
        hint = "held-out text is a file that no arm trains on; paths are relative to the ablation file"
        raise AblationError(f"no such file: {path}", where=where, hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise AblationError(f"{path.name} cannot be read as UTF-8 text: {error}", where=where) from error
