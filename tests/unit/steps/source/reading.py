"""Reading a source in tests: its documents, its rejects, or its error."""

from __future__ import annotations

import bz2
import gzip
import lzma

import zstandard

from curation.core.schema import ALIVE, UNREADABLE
from curation.engine.local import chunks_of

PACKERS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def rows(source, base):
    """Return what a source reads, as rows of the document schema."""
    found = []
    for number, file in enumerate(source.files(base)):
        for chunk in chunks_of(source, file):
            found += source.read_chunk("mine", 0, number, file, chunk).to_pylist()
    return found


def texts(source, base):
    return [row["text"] for row in rows(source, base) if row["step"] == ALIVE]


def documents(source, base):
    """Return (position, text) of what was read."""
    return [(row["position"], row["text"]) for row in rows(source, base) if row["step"] == ALIVE]


def rejects(source, base):
    """Return (position, reason) of what could not be read."""
    return [(row["position"], row["detail"]) for row in rows(source, base) if row["step"] == UNREADABLE]
