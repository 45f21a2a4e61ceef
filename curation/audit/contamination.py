"""Contamination: which evaluation items a corpus holds, by task and item.

A text of an item is compared by its word n-grams, without case, punctuation and accents (``folding.py``); 13-grams are
what GPT-3's report used (Brown et al. 2020, arXiv 2005.14165, appendix C), 8-grams suit items that are a sentence long.

- A text of fewer words than an n-gram is seen when the corpus holds it whole.
- A sentence of a minimal pair is seen when one document holds all of it: the two sentences differ by a word or two.
- Any longer text is seen when the corpus holds at least ``min_share`` of its n-grams.

Texts of fewer than ``min_words`` words are not compared: "I don't know." proves nothing. Nothing of an evaluation text
is kept or shown but its place, since some suites forbid to pass their text on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from curation.audit.evaluation_items import evaluation_files, read_texts
from curation.audit.plain import source_name, text_lines
from curation.audit.search import Index, Search, Seen
from curation.core.errors import CorpusError
from curation.core.events import Listener, Progress, ignore
from curation.corpus import Corpus

#: Lines of a plain text file that are searched as one document.
_LINES = 200


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SeenItem(_Frozen):
    """An evaluation item that the corpus holds, by the text that shows it best."""

    item: int
    """Line of the evaluation file, counted from 1."""
    field: str
    """Field of the item whose text was found."""
    words: int
    """Folded words of that text."""
    share: float
    """Share of its n-grams that the corpus holds."""
    documents: tuple[str, ...]
    """Ids of the first documents that hold it (or the most of it), at most 5."""
    documents_total: int
    """Documents that hold it; 0 where only several documents together do."""
    source: str
    """Source of the first of them."""


class TaskOverlap(_Frozen):
    """The overlap of the corpus with one evaluation file."""

    task: str
    """Folder and file of the evaluation set."""
    items: int
    """Items of the file."""
    compared: int
    """Items with a text long enough to compare."""
    seen: int
    """Items with a text that the corpus holds."""
    seen_long: int
    """Of those, items seen by a text at least as long as an n-gram: a shorter one may be there by chance."""
    seen_by_field: dict[str, int]
    """Items seen, by field: for a minimal pair it matters which sentence it is."""
    seen_items: tuple[SeenItem, ...]
    """Every item seen, in the order of the file."""

    @property
    def share(self) -> float | None:
        """Share of the compared items that the corpus holds; None where none could be compared."""
        return self.seen / self.compared if self.compared else None


class Contamination(_Frozen):
    """The overlap of a corpus with evaluation sets."""

    ngram: int
    """Words of an n-gram."""
    min_words: int
    """Texts of fewer words were not compared."""
    min_share: float
    """Share of n-grams from which on a text that is no minimal pair counts as seen."""
    documents: int
    """Documents that were searched."""
    documents_flagged: int
    """Documents that hold at least one item."""
    flagged_by_source: dict[str, int]
    """Those documents by source."""
    tasks: tuple[TaskOverlap, ...]
    """What was found, by evaluation file."""

    @property
    def items(self) -> int:
        """Items of all files."""
        return sum(task.items for task in self.tasks)

    @property
    def compared(self) -> int:
        """Items with a text long enough to compare."""
        return sum(task.compared for task in self.tasks)

    @property
    def seen(self) -> int:
        """Items that the corpus holds."""
        return sum(task.seen for task in self.tasks)


def contamination(
    corpus: Corpus | Iterable[pa.RecordBatch],
    evaluation: Iterable[Path | str],
    *,
    ngram: int = 8,
    min_words: int = 5,
    min_share: float = 0.2,
    listen: Listener = ignore,
) -> Contamination:
    """Search a corpus for the items of evaluation files.

    Args:
        corpus: a corpus, or batches with the columns ``id``, ``source`` and ``text`` (see ``text_batches``).
        evaluation: files of JSON lines or CSV, or folders of them.
        ngram: words of an n-gram.
        min_words: texts of fewer words are not compared.
        min_share: share of n-grams from which on a text counts as seen.
        listen: told of the documents searched.

    Raises:
        SourceError: an evaluation file is absent or cannot be read.
        CorpusError: a file of the corpus cannot be read.
    """
    files = evaluation_files(evaluation)
    index = Index.of([text for task, file in files for text in read_texts(task, file)], ngram, min_words, min_share)
    search = Search(index)
    batches = corpus.batches(["id", "source", "text"]) if isinstance(corpus, Corpus) else corpus
    total = int(corpus.lock["documents"]) if isinstance(corpus, Corpus) else 0
    try:
        for batch in batches:
            search.add(batch)
            listen(Progress("searching for evaluation items", search.documents, total, "documents"))
    except (pa.ArrowException, OSError, KeyError) as error:
        where = str(corpus.folder) if isinstance(corpus, Corpus) else ""
        raise CorpusError(f"cannot be searched: {error}", where=where, hint="`curate audit` says why") from error
    return Contamination(
        ngram=ngram,
        min_words=min_words,
        min_share=min_share,
        documents=search.documents,
        documents_flagged=len(search.flagged),
        flagged_by_source=_counts(search.flagged.values()),
        tasks=tuple(_task(task, index, search) for task, _ in files),
    )


def text_batches(files: Iterable[Path | str]) -> Iterator[pa.RecordBatch]:
    """Yield plain text files, compressed or not, as batches to search: some lines each, named by file and first line.

    Raises:
        SourceError: a file cannot be read.
    """
    for path in map(Path, files):
        lines = text_lines(path, hashlib.sha256(), [])
        first = 1
        while piece := list(islice(lines, _LINES)):
            columns = {"id": [f"{path.name}:{first}"], "source": [source_name(path)], "text": ["\n".join(piece)]}
            yield pa.RecordBatch.from_pydict(columns)
            first += len(piece)


def _task(name: str, index: Index, search: Search) -> TaskOverlap:
    """Return what was found of one file: by item the text that shows it best."""
    numbers = index.of_task(name)
    fields: dict[str, int] = {}
    best: dict[int, Seen] = {}
    for seen in search.seen(numbers):
        fields[seen.text.field] = fields.get(seen.text.field, 0) + 1
        if seen.text.item not in best or seen.rank > best[seen.text.item].rank:
            best[seen.text.item] = seen
    return TaskOverlap(
        task=name,
        items=len({index.texts[number].item for number in numbers}),
        compared=len({index.texts[number].item for number in numbers if index.distinct[number] >= 0}),
        seen=len(best),
        seen_long=sum(seen.long for seen in best.values()),
        seen_by_field=dict(sorted(fields.items())),
        seen_items=tuple(
            SeenItem(
                item=item,
                field=seen.text.field,
                words=seen.words,
                share=round(seen.share, 4),
                documents=seen.documents,
                documents_total=seen.documents_total,
                source=seen.source,
            )
            for item, seen in sorted(best.items())
        ),
    )


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))
