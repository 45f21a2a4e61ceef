"""The kinds of step. Each asks for one method; the kind does the accounting.

==============  ==========================================  ===============================================
kind            you write                                   the kind does
==============  ==========================================  ===============================================
Source          ``files``, ``chunks``, ``parse``            ids, word counts, rejects
Filter          ``measure`` and bounds                      drops with step and value; the measure is kept
Rewriter        ``rewrite``                                 words before and after; empty texts are dropped
LineFilter      ``keep_lines``                              the same, by line
Augmenter       ``derive``                                  parent, origin, words added
Deduplicator    ``keys`` and ``duplicates``                 drops with the document that is kept instead
Selector        ``choose``                                  order, and words taken of each document
==============  ==========================================  ===============================================

A step is a frozen pydantic model: its fields are its parameters. ``version`` is bumped when its behaviour changes.
Batch kinds are pure functions from ``Documents`` to ``Documents``: a removed document stays as a row, marked.
"""

from curation.steps.batch import (
    Augmenter,
    BatchStep,
    Derived,
    Filter,
    LineFilter,
    Rewriter,
    drop,
    rewritten,
    without_lines,
)
from curation.steps.component import Component, Step, bound, field_docs, is_bound
from curation.steps.decisions import Deduplicator, Duplicates, Selection, Selector, Table, Terms
from curation.steps.intake import Chunk, File, Parsed, Source

__all__ = [
    "Augmenter",
    "BatchStep",
    "Chunk",
    "Component",
    "Deduplicator",
    "Derived",
    "Duplicates",
    "File",
    "Filter",
    "LineFilter",
    "Parsed",
    "Rewriter",
    "Selection",
    "Selector",
    "Source",
    "Step",
    "Table",
    "Terms",
    "bound",
    "drop",
    "field_docs",
    "is_bound",
    "rewritten",
    "without_lines",
]
