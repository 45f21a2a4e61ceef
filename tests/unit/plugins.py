"""Steps from outside the package, as a user would write them: named `tests.unit.plugins:ClassName` in manifests."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.steps.kinds import (
    Augmenter,
    Deduplicator,
    Derived,
    Duplicates,
    Filter,
    LineFilter,
    Rewriter,
    Selector,
    bound,
)


class WithoutX(Filter):
    """Keep documents with few letters x."""

    cites = "none"
    max_x: int | None = bound(0, ge=0)
    """Most letters x."""

    def measure(self, docs):
        return np.array([text.count("x") for text in docs.texts()])


class Lower(Rewriter):
    """Write in lower case; the text comes back as Arrow makes it from a list of strings."""

    cites = "none"

    def rewrite(self, docs):
        return pa.array([text.lower() for text in docs.texts()])


class Simpler(Rewriter):
    """Replace `purchase` by `buy now`: the words are the step's own."""

    cites = "none"
    authors = True

    def rewrite(self, docs):
        return pa.array([text.replace("purchase", "buy now") for text in docs.texts()], pa.large_string())


class InProcess(Simpler):
    """The same, held back by the GIL."""

    cites = "none"
    runs = "process"


class Echo(Augmenter):
    """Add each living document again with `echo` before it, `copies` times; a document `silence` gives no word."""

    cites = "none"
    copies: int = 2
    """How many."""

    def derive(self, docs):
        rows = np.repeat(np.flatnonzero(docs.alive), self.copies)
        texts = docs.texts()
        new = [" " if texts[row] == "silence" else f"echo {texts[row]}" for row in rows]
        return Derived(pa.array(new, pa.large_string()), rows, "rule:echo")


class OddLines(LineFilter):
    """Keep every second line of a batch's documents."""

    cites = "none"

    def keep_lines(self, docs):
        from curation.kernels.scan import scan

        offsets = scan(docs).line_offsets
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
        return places % 2 == 0


class Breaks(Filter):
    """Fail."""

    cites = "none"

    def measure(self, docs):
        raise ZeroDivisionError("on purpose")


class WrongShape(Filter):
    """Return too few measures."""

    cites = "none"

    def measure(self, docs):
        return np.zeros(len(docs) + 1)


class BreaksLate(Deduplicator):
    """Fail where all documents are seen."""

    cites = "none"

    def keys(self, docs):
        return {"n": np.zeros(len(docs))}

    def duplicates(self, table):
        raise ZeroDivisionError("on purpose")


class FirstOfSource(Deduplicator):
    """Keep the first document of each source."""

    cites = "none"

    def keys(self, docs):
        return {}

    def duplicates(self, table):
        first = {int(source): row for row, source in reversed(list(enumerate(table.source)))}
        head = np.array([first[int(source)] for source in table.source])
        head[list(first.values())] = -1
        return Duplicates(head, np.where(head >= 0, 1.0, np.nan))


class Unfinished(Filter):
    """A filter whose author forgot `measure`."""

    cites = "none"


class Backwards(Selector):
    """Turn the order round."""

    cites = "none"

    def choose(self, table, selection, terms):
        return type(selection)(selection.rows[::-1], selection.take[::-1], selection.subsets)


NOT_A_CLASS = 3


class NotAStep:
    """Nothing of ours."""
