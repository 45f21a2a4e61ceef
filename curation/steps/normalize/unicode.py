"""One spelling for each character: NFC, no control or invisible characters, one kind of line end."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.core.schema import Documents
from curation.kernels.unicode import nfc_suspects, suspicious
from curation.steps.kinds import Rewriter

_LINE_ENDS = "\r\x85\u2028\u2029"
#: C0 and C1 controls but tab and newline. Those that ``str.split()`` takes for white space become a space.
_CONTROLS = [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)]
_SPACE_CONTROLS = {0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F}
#: Soft hyphen, zero-width space and joiners, directional marks, word joiner, byte order mark.
_INVISIBLE = [
    0xAD,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2065),
    *range(0x2066, 0x206A),
    0xFEFF,
]


class Unicode(Rewriter):
    """Bring text to Unicode NFC and remove what cannot be seen.

    Line ends become newlines (CR, CRLF, NEL, U+2028, U+2029), control characters go (or become a space where Python
    counts them as white space), zero-width and directional characters go, characters are composed (NFC).
    """

    cites: ClassVar[str] = "Unicode Standard Annex 15 (normalization forms)"

    form: Literal["NFC", "NFKC"] = "NFC"
    """NFC keeps ligatures and full-width letters, NFKC folds them."""
    replacement_character: Literal["keep", "remove", "space"] = "remove"
    """What becomes of U+FFFD, the mark of an earlier decoding error."""
    invisible: Literal["keep", "remove"] = "remove"
    """What becomes of soft hyphens, zero-width and directional characters."""

    def rewrite(self, docs: Documents) -> pa.Array:
        """Rewrite the documents with a suspect character; the others are not touched."""
        texts = docs.batch.column("text")
        suspects = suspicious(*docs.text, _suspects(self.form, self.replacement_character, self.invisible)) & docs.alive
        if not suspects.any():
            return texts
        rows = np.flatnonzero(suspects)
        pattern, becomes = _replacements(self.replacement_character, self.invisible)
        new = [
            unicodedata.normalize(self.form, pattern.sub(lambda match: becomes[match[0]], text))
            for text in texts.take(pa.array(rows)).to_pylist()
        ]
        return pa.compute.replace_with_mask(texts, pa.array(suspects), pa.array(new, pa.large_string()))


@cache
def _translation(replacement: str, invisible: str) -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(end): "\n" for end in _LINE_ENDS}
    table.update({point: " " if point in _SPACE_CONTROLS else None for point in _CONTROLS if point not in table})
    if invisible == "remove":
        table.update(dict.fromkeys(_INVISIBLE))
    if replacement != "keep":
        table[0xFFFD] = " " if replacement == "space" else None
    return table


@cache
def _replacements(replacement: str, invisible: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern of what is replaced and what it becomes: ten times faster than ``str.translate`` here."""
    becomes = {chr(point): new or "" for point, new in _translation(replacement, invisible).items()}
    becomes["\r\n"] = "\n"
    return re.compile("\r\n|[" + "".join(re.escape(one) for one in becomes if len(one) == 1) + "]"), becomes


@cache
def _suspects(form: str, replacement: str, invisible: str) -> NDArray[np.bool_]:
    table = nfc_suspects().copy()
    table[list(_translation(replacement, invisible))] = True
    if form == "NFKC":
        known = 0x33480
        table[:known] |= np.fromiter(
            (not unicodedata.is_normalized("NFKC", chr(point)) for point in range(known)), np.bool_, known
        )
    return table
