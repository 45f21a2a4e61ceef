"""Zorro: minimal pairs in the words of child-directed speech, 23 paradigms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.errors import DataError
from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import blimp_pair


def _pairs(path: Path, _: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield pairs of lines: the first of each is the bad sentence (Zorro's README)."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), hint="get the file again") from error
    if len(lines) % 2:
        raise DataError(f"holds {len(lines)} lines: pairs need an even number", where=str(path), hint="get it again")
    for bad, good in zip(lines[::2], lines[1::2], strict=True):
        yield {"sentence_good": good, "sentence_bad": bad}


TASK = Choice(
    name="zorro",
    title="Zorro",
    years=(),
    citation="Huebner et al. 2021, https://aclanthology.org/2021.conll-1.49; github.com/phueb/Zorro, sentences/",
    files={"full": "zorro/sentences/babyberta", "fast": "zorro/sentences/babyberta"},
    fields=("sentence_good", "sentence_bad"),
    item=blimp_pair,
    pattern="*.txt",
    rows=_pairs,
)
