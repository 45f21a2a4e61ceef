"""Age of acquisition: does a model learn words in the order in which children do?

As the challenge has it since 2025 (babylm/evaluation-pipeline-2025, ``AoA_word``, after Chang & Bergen 2022): surprisal
of words in contexts at each checkpoint, the words seen at which it is half of the way down (``kinds/sigmoid.py``), and
Pearson's correlation with the month at which half of the children say the word (Wordbank, Frank et al. 2017).

The value is by the rule of 2025. The honest one has the mends of July 2026; both years' are in the details.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.events import Event
from evaluation.errors import DataError, NotFinite, Unsupported
from evaluation.events import Advanced, TaskStarted
from evaluation.kinds.acquisition_scores import correlations
from evaluation.kinds.sigmoid import child_age
from evaluation.kinds.single_file import facts_of, number, read_csv
from evaluation.kinds.word_surprisal import Pair, Surprisals
from evaluation.queries import Query
from evaluation.result import DataFacts, TaskResult
from evaluation.task import Item, Outcome, Work

AGES = range(16, 31)
#: Checkpoints below which four numbers of a sigmoid cannot be told.
LEAST = 4


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """A task of words whose ages of acquisition are known.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        contexts: file of words and their contexts, in the official tree.
        children: file of the share of children that say a word at each month.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    contexts: str
    children: str
    metric: str = field(default="pearson", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score at each checkpoint, fit, correlate."""
        pairs, ages, facts = self._data(work)
        milestones = work.subject.milestones()
        if len(milestones) < LEAST:
            had = f"has {len(milestones)} checkpoints" if milestones else "has no checkpoints"
            raise Unsupported(
                f"{had}: when a word is learnt is read off a curve over {LEAST} or more",
                where=work.subject.name,
                hint="give the run's folder, or the hub's name of a model with branches chck_1M, chck_2M, …",
            )
        work.listen(TaskStarted(self.name, len(pairs) * len(milestones), "contexts"))
        warnings: list[str] = []
        steps, names, values = [], [], []
        for at, milestone in enumerate(milestones):
            within = replace(work, listen=_share(work, self.name, at, len(milestones)))
            names.append(str(milestone.revision))
            steps.append(float(milestone.words_seen or 0))
            journal = f"{self.name}-{milestone.revision}"
            try:
                scored = Surprisals(milestone.scorer(), pairs, _query, task=journal, work=within)
            except NotFinite as error:
                warnings.append(f"{milestone.revision}: left out, {error.message}")
                values.append(np.full(len(pairs), np.nan))
                continue
            values.append(scored.of(pairs))
            warnings += [note for note in scored.warnings() if note not in warnings]
        found = correlations(
            [word for _, word in pairs],
            np.array(steps),
            np.array(values),
            ages,
            _chances(milestones[-1].tokenizer, pairs),
        )
        floors = {}
        for name, scorer in work.floors.items():
            floor = Surprisals(scorer, pairs, _query)
            agreed = found.with_children(_means(pairs, floor.of(pairs)))
            if agreed is not None:
                floors[name] = 100 * agreed
        result = TaskResult(
            task=self.name,
            title=self.title,
            status="scored",
            metric=self.metric,
            value=100 * (found.official_2025 if work.rules.aoa == "2025" else found.official_2026),
            honest=None if found.honest is None else 100 * found.honest,
            stderr=None if found.stderr is None else 100 * found.stderr,
            items=len(pairs),
            chance=0.0,
            floors=floors,
            data=facts,
            warnings=(*warnings, *found.warnings()),
            details={
                **found.details(),
                "surprisal": {
                    "steps": names,
                    "word_counts": [int(step) for step in steps],
                    "words": [word for _, word in pairs],
                    "contexts": [context for context, _ in pairs],
                    "values": [[None if np.isnan(v) else round(float(v), 6) for v in row] for row in values],
                },
            },
        )
        return Outcome(result, found.rows(self.name))

    def _data(self, work: Work) -> tuple[list[Pair], dict[str, float | None], DataFacts]:
        """Return contexts with their words, children's ages by word, and what is known of the data."""
        path = work.data.find(self.contexts, self.contexts.partition("/")[2])
        children = work.data.find(self.children, self.children.partition("/")[2])
        every = read_contexts(path)
        items = [Item(str(at), word, ()) for at, (_, word) in enumerate(every)]
        pairs = [every[int(item.uid)] for item in work.sample(items)]
        facts = facts_of(self.contexts.rpartition("/")[0], path, len(every), len(pairs), work.limit)
        other = facts_of(self.children.rpartition("/")[0], children, len(every), len(pairs), None)
        return pairs, read_ages(children), facts.model_copy(update={"files": facts.files | other.files})


def read_contexts(path: Path) -> list[Pair]:
    """Return contexts with their words; words of one letter are left out, as officially.

    Raises:
        DataError: the file is not what this task reads.
    """
    hint = "was the download cut short? get the file again"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return [
            (str(entry["context"]), str(word)) for word, entries in data.items() if len(word) > 1 for entry in entries
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), hint=hint) from error
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise DataError(f"is not words with their contexts: {error}", where=str(path), hint=hint) from error


def read_ages(path: Path) -> dict[str, float | None]:
    """Return the month at which half of the children say each word; None where their curve does not tell.

    Raises:
        DataError: the file is not what this task reads.
    """
    rows = read_csv(path, ("word", *map(str, AGES)))
    ages = np.array(AGES, float)
    found: dict[str, float | None] = {}
    for row in rows:
        if row["word"] not in found:
            found[row["word"]] = child_age(ages, np.array([number(row, str(age), str(path)) for age in AGES]))
    return found


def surprisal_rows(surprisal: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the official ``surprisal.json`` from ``details["surprisal"]``; NaN where there is no number."""
    for step, words_seen, values in zip(surprisal["steps"], surprisal["word_counts"], surprisal["values"], strict=True):
        seen: dict[str, int] = {}
        for word, context, value in zip(surprisal["words"], surprisal["contexts"], values, strict=True):
            seen[word] = seen.get(word, -1) + 1
            yield {
                "step": step,
                "word_count": words_seen,
                "target_word": word,
                "context_id": seen[word],
                "context": context,
                "surprisal": float("nan") if value is None else value,
            }


def _query(pair: Pair) -> list[Query]:
    """Return the official query: the word after its context and a space, which is the context's."""
    context, word = (part.strip() for part in pair)
    return [Query(f"{context} {word}", len(context) + 1)]


def _chances(tokenizer: Any, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return the surprisal of a guess at each word, nats: its tokens after another word, times ln of the vocabulary."""
    before = len(tokenizer("The", add_special_tokens=False)["input_ids"])
    one = float(np.log(tokenizer.vocab_size))
    words = dict.fromkeys(word for _, word in pairs)
    lengths = {word: len(tokenizer(f"The {word}", add_special_tokens=False)["input_ids"]) - before for word in words}
    return {word: one * max(1, length) for word, length in lengths.items()}


def _means(pairs: Sequence[Pair], values: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean over each word's contexts."""
    by_word: dict[str, list[float]] = {}
    for (_, word), value in zip(pairs, values.tolist(), strict=True):
        by_word.setdefault(word, []).append(value)
    return {word: float(np.mean(found)) for word, found in by_word.items()}


def _share(work: Work, task: str, at: int, of: int) -> Any:
    """Return a listener to whom each checkpoint's progress is a part of the whole."""

    def listen(event: Event) -> None:
        if isinstance(event, Advanced):
            work.listen(Advanced(task, at * event.total + event.done, of * event.total))

    return listen
