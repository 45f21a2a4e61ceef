"""Self-paced reading of whole stories: what surprisal explains of reading times beyond frequency, length and place.

The Natural Stories corpus (Futrell et al. 2021): mean time of each word of ten stories. The base has log-frequency,
length and place of the word, log-frequency and length of the word before, its surprisal, and the product of every two;
the figure is that of the challenge's reading task (``kinds/reading.py``). Frequency is counted in the corpus that the
model was trained on, or in the stories if that is not known. A word's context is its sentence and the one before.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from curation.core.fingerprint import seed_for
from evaluation.errors import DataError
from evaluation.events import TaskStarted
from evaluation.kinds.partial import Floats, design, draw_clusters, moments, partial, resampled
from evaluation.kinds.single_file import facts_of
from evaluation.kinds.word_surprisal import Pair, Surprisals
from evaluation.queries import Query
from evaluation.result import TaskResult
from evaluation.scorers.frequency import FrequencyScorer
from evaluation.scorers.scorer import Scorer
from evaluation.task import Outcome, Work

_COLUMNS = ("word", "zone", "item", "meanItemRT")
_END = re.compile("[.?!][\"'\u201d\u2019)]*$")
_LEAST = 60


@dataclass(frozen=True)
class StoryWord:
    """A word as people read it; ``time`` is the mean in ms, ``sentence`` a number over all stories."""

    word: str
    context: str
    story: str
    place: int
    sentence: int
    time: float


@dataclass(frozen=True, kw_only=True)
class StoryReading:
    """A task of stories with a mean reading time of each word.

    Attributes:
        name: the file's name.
        title: as a table shows it.
        years: of the challenge that have it.
        citation: paper and source of the data.
        file: of the data: tab-separated, one row a word.
    """

    name: str
    title: str
    years: tuple[int, ...]
    citation: str
    file: str
    metric: str = field(default="delta_r2", init=False)

    def run(self, work: Work) -> Outcome:
        """Read, score, regress."""
        path = work.data.find(self.file, self.file.rpartition("/")[2])
        every = read_stories(path)
        words = every if work.limit is None else [word for word in every if word.place <= work.limit]
        work.listen(TaskStarted(self.name, len(words), "words"))
        pairs = [(word.context, word.word) for word in words]
        counter = work.floors.get("frequency", FrequencyScorer())
        known = Surprisals(counter, pairs, _query).of(pairs)
        found = Surprisals(work.subject.scorer(), pairs, _query, task=self.name, work=work)
        own = found.of(pairs)
        times = np.array([word.time for word in words])
        base, these = _base(words, known, own)
        fit = partial(base, own[these], times[these])
        sentences = np.array([words[at].sentence for at in these])
        _, clusters = np.unique(sentences, return_inverse=True)
        count = int(clusters.max()) + 1
        weights = draw_clusters(count, seed_for(work.seed, self.name))
        drawn = resampled(moments(base, own[these], times[these], clusters, count), weights)
        facts = facts_of(self.file.rpartition("/")[0], path, len(every), len(words), None)
        result = TaskResult(
            task=self.name,
            title=self.title,
            status="scored",
            metric=self.metric,
            value=fit.share,
            honest=fit.share,
            stderr=float(drawn.std(ddof=1)),
            items=len(these),
            chance=0.0,
            floors={name: self._floor(scorer, words, known, pairs, times) for name, scorer in work.floors.items()},
            unknown_items=sum(pair in found.unknown for pair in pairs),
            data=facts.model_copy(update={"cut": f"limited to {work.limit} words a story"} if work.limit else {}),
            warnings=tuple(found.warnings()),
            details={"regression": asdict(fit)},
        )
        rows = [
            {
                "task": self.name,
                "group": words[at].story,
                "uid": f"{words[at].story}_{words[at].place}",
                "answer": words[at].word,
                "unknown": pairs[at] in found.unknown,
                "scores": [-float(own[at])],
                "tokens": [found.tokens[pairs[at]]],
                "target": words[at].time,
            }
            for at in these
        ]
        return Outcome(result, rows)

    def _floor(
        self, scorer: Scorer, words: Sequence[StoryWord], known: Floats, pairs: list[Pair], times: Floats
    ) -> float:
        """Return the figure of a scorer without a model."""
        own = Surprisals(scorer, pairs, _query).of(pairs)
        base, these = _base(words, known, own)
        return partial(base, own[these], times[these]).share


def _base(words: Sequence[StoryWord], known: Floats, own: Floats) -> tuple[Floats, list[int]]:
    """Return what is given, ``[n, k]``, and which words have one before them in the story.

    Raises:
        DataError: there are too few.
    """
    these = [at for at in range(1, len(words)) if words[at].story == words[at - 1].story]
    if len(these) < _LEAST:
        hint = "ask more words: leave --limit away"
        raise DataError(f"{len(these)} words have one before them, {_LEAST} are needed", where="stories", hint=hint)
    here = np.array(these)
    lengths = np.array([len(word.word) for word in words], float)
    places = np.array([word.place for word in words], float)
    return design([known[here], lengths[here], places[here], known[here - 1], lengths[here - 1], own[here - 1]]), these


def read_stories(path: Path) -> list[StoryWord]:
    """Return the words of all stories in order.

    Raises:
        DataError: the file is not what this task reads.
    """
    hint = "take processed_wordinfo.tsv of github.com/languageMIT/naturalstories"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if missing := [name for name in _COLUMNS if name not in (table.fieldnames or ())]:
                raise DataError(f"has no column {', '.join(map(repr, missing))}", where=str(path), hint=hint)
            rows = sorted(
                (int(row["item"]), int(row["zone"]), str(row["word"]), float(row["meanItemRT"])) for row in table
            )
    except (OSError, UnicodeDecodeError, ValueError, TypeError, csv.Error) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), hint=hint) from error
    found: list[StoryWord] = []
    story, before, here, sentence = 0, "", "", 0
    for item, zone, word, time in rows:
        if item != story:
            story, before, here, sentence = item, "", "", sentence + 1
        context = " ".join(part for part in (before, here) if part)
        found.append(StoryWord(word, context, str(item), zone, sentence, time))
        here = f"{here} {word}".strip()
        if _END.search(word):
            before, here, sentence = here, "", sentence + 1
    return found


def _query(pair: Pair) -> list[Query]:
    """Return the query for a word after its context; the space before it is the word's."""
    context, word = pair
    return [Query(f"{context} {word}".strip(), len(context))]
