r"""Transcripts as running text: without codes, tiers and comments.

The forms are those of CHAT, in which CHILDES is transcribed, as they are left in the BabyLM files: `*MOT:\t` before a
turn, `[laughs]`, `xxx`, `%add:\tSIS` between turns; and their likes in other corpora (`A:\t`, `fe016:\t`).
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.core.schema import Documents
from curation.steps.kinds import Rewriter

Fate = Literal["keep", "remove"]

_HEADER = re.compile(r"= = =(?:\s.*)?")
_TIER = re.compile(r"%[A-Za-z]\w*:.*|@[A-Z][\w ]*(?::.*)?")
_SPEAKER = re.compile(r"\*[\w+'-]+:[ \t]*|[A-Za-z]\w{0,11}:\t[ \t]*")
#: `[laughs]`, `&=laughs`, pauses `(.)`, `(..)`, `(1.5)`, `(1:05.2)`; with the spaces before them.
_COMMENT = re.compile(r"[ \t]*(?:\[[^\[\]]*\]|(?<!\S)&=\S+|\((?:\.{1,3}|\d*:?\d+\.\d*)\))")
#: The words that a code in brackets speaks of: `<a b> [//]`.
_SCOPE = re.compile(r"<([^<>]*)>(?=[ \t]*\[)")
_UNINTELLIGIBLE = re.compile(r"[ \t]*(?<![\w.@'-])(?:xxx|yyy|www)(?![\w@'-]|\.\w)")
#: What a removal leaves: a comma that opens the line, or that another mark follows.
_LEFT_OVER = re.compile(r"^[ \t]*[,;][ \t]*(?=\S)|[ \t]*[,;](?=[ \t]*[,;.?!])")
_ALNUM = re.compile(r"[^\W_]")
#: One of these is in every line that may change for another reason than its speaker.
_SIGNS = re.compile(r"\[|\(|&=|%|@|= = =|xxx|yyy|www")
_BARE = re.compile(rf"(?:{_SPEAKER.pattern})[\W_]*")


class TranscriptMarkup(Rewriter):
    """Remove the markup of transcripts, and the turns of which nothing is left.

    A line changes only where something is removed from it; a line without a speaker goes if nothing was in it but
    markup. Comments that run over several lines stay, and so do CHAT's marks inside words (`(be)cause`, `dog@c`).
    """

    runs: ClassVar[Literal["thread", "process"]] = "process"
    cites: ClassVar[str] = "CHAT: MacWhinney 2000, The CHILDES Project; talkbank.org/0info/manuals/CHAT.html"

    speakers: Fate = "keep"
    """Tags at the start of a line: `*MOT:`, or a name and a tab as in `A:\\t` and `fe016:\\t`."""
    comments: Fate = "remove"
    """Text in square brackets (anonymised names too), events such as `&=laughs`, and pauses such as `(.)`."""
    tiers: Fate = "remove"
    """Lines about a turn (`%add: …`) or about the recording (`@Situation: …`)."""
    unintelligible: Fate = "remove"
    """The words `xxx` and `yyy` (not understood) and `www` (not transcribed)."""
    headers: Fate = "keep"
    """Lines `= = = title = = =`."""
    empty_turns: Fate = "remove"
    """Lines with a speaker and no letter or digit after the tag."""

    def rewrite(self, docs: Documents) -> pa.Array:
        """Clean the documents line by line; those in which no line changes are not touched."""
        texts = docs.batch.column("text")
        rows = np.flatnonzero(docs.alive)
        old = texts.take(pa.array(rows)).to_pylist()
        new = [self._clean(text) for text in old]
        changed = np.zeros(len(docs), np.bool_)
        changed[rows] = [one is not two for one, two in zip(old, new, strict=True)]
        if not changed.any():
            return texts
        fresh = [two for one, two in zip(old, new, strict=True) if one is not two]
        return pa.compute.replace_with_mask(texts, pa.array(changed), pa.array(fresh, pa.large_string()))

    def _clean(self, text: str) -> str:
        """Return the text cleaned, or the same object if nothing changes."""
        old = text.split("\n")
        every = self.speakers == "remove"
        new = [self._line(line) if every or _SIGNS.search(line) or _BARE.fullmatch(line) else line for line in old]
        return text if new == old else "\n".join(line for line in new if line is not None)

    def _line(self, line: str) -> str | None:
        """Return the line cleaned, or None if it goes."""
        if _HEADER.fullmatch(line):
            return line if self.headers == "keep" else None
        if _TIER.fullmatch(line):
            return line if self.tiers == "keep" else None
        match = _SPEAKER.match(line)
        tag, said = (line[: match.end()], line[match.end() :]) if match else ("", line)
        left = self._without_codes(said)
        if not _ALNUM.search(left):
            if match and self.empty_turns == "remove":
                return None
            if not match and left != said:
                return None
        return left if self.speakers == "remove" else tag + left

    def _without_codes(self, said: str) -> str:
        left = said
        if self.comments == "remove":
            left = _SCOPE.sub(r"\1", left)
            while (shorter := _COMMENT.sub("", left)) != left:  # the inner one first
                left = shorter
        if self.unintelligible == "remove":
            left = _UNINTELLIGIBLE.sub("", left)
        return said if left == said else _LEFT_OVER.sub("", left).strip()
