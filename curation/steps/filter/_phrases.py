"""Finding phrases, in upper or lower case, in texts and lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import StringConstraints

from curation.core.schema import Documents, text_array
from curation.kernels.scan import L_START, scan

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def lines_with(docs: Documents, phrases: Iterable[str]) -> NDArray[np.bool_]:
    """Return which rows of ``scan(docs).lines`` hold one of the phrases."""
    pattern = "|".join(escaped(phrase) for phrase in phrases)
    texts = docs.batch.column("text")
    found = scan(docs)
    hits = np.zeros(len(found.lines), dtype=np.bool_)
    # Few texts have any: only their lines are looked at.
    suspects = as_numpy(pc.match_substring_regex(texts, pattern, ignore_case=True))
    if not suspects.any():
        return hits
    data, offsets = docs.text
    counts = np.diff(found.line_offsets)
    # A line runs up to the start of the next one: white space between them holds no phrase.
    edges = np.append(np.repeat(offsets[:-1], counts) + found.lines[:, L_START], offsets[-1])
    rows = np.flatnonzero(np.repeat(suspects, counts))
    lines = text_array(data, edges).take(pa.array(rows))
    hits[rows] = as_numpy(pc.match_substring_regex(lines, pattern, ignore_case=True))
    return hits


def escaped(phrase: str) -> str:
    """Return a phrase as a regular expression that Arrow (RE2) and Python read alike."""
    return re.escape(phrase).replace("\\ ", " ")


def as_numpy(values: pa.Array) -> NDArray[np.bool_]:
    """Return Arrow booleans as a numpy array."""
    return values.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
