"""Surprisal of words in contexts: as they stand in the text, and as the official reading task asks for them.

The official way (babylm/evaluation-pipeline-2025, ``reading/evaluation_functions.py``): the word is tokenised without
the space before it, which is another token for most tokenizers; each of its tokens is decoded, tokenised anew, and
only the first token of that is looked for after the text so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.events import Advanced
from evaluation.queries import Query
from evaluation.scorers.scorer import Scorer, score
from evaluation.task import Work

#: A context and the word after it.
Pair = tuple[str, str]
#: Mask tokens behind the context, where a masked model stands in for a causal one.
MASKS = 3


def in_context(pair: Pair) -> list[Query]:
    """Return the query for a word in its context; the space before it is the word's."""
    context, word = pair
    return [Query(f"{context} {word}", len(context))]


def in_pieces(tokenizer: Any, pair: Pair, masks: int = 0) -> list[Query]:
    """Return the official queries for a word: its tokens without the space, each after all before it, as text."""
    context, word = pair
    pieces = [tokenizer.decode(piece) for piece in tokenizer(word, add_special_tokens=False)["input_ids"]]
    queries = [Query(context + word, len(context), apart=True, masks=masks)]
    for before, piece in pairwise(pieces):
        context += before
        queries.append(Query(context + piece, len(context), apart=True, masks=masks))
    return queries


class Surprisals:
    """Surprisal in nats of words in contexts, each pair scored once."""

    def __init__(
        self,
        scorer: Scorer,
        pairs: Iterable[Pair | None],
        ask: Callable[[Pair], list[Query]] = in_context,
        *,
        task: str = "",
        work: Work | None = None,
    ) -> None:
        """Score pairs.

        Args:
            scorer: answers.
            pairs: are asked; None is passed over.
            ask: makes the queries of a pair, whose scores are added.
            task: names the journal and the progress, if there is ``work``.
            work: has the folder of the journal and the listener.

        Raises:
            NotFinite: the model returned NaN or infinity.
        """
        unique = list(dict.fromkeys(pair for pair in pairs if pair is not None))
        asked = [ask(pair) for pair in unique]
        queries = [query for one in asked for query in one]
        if work is None:
            scores = score(scorer, queries)
        else:
            listen = work.listen
            scores = score(
                scorer,
                queries,
                journal=work.folder / f"{task}.journal",
                listen=lambda done, total: listen(Advanced(task.partition("-")[0], done, total)),
            )
        owner = np.repeat(np.arange(len(unique)), [len(one) for one in asked])
        totals = np.zeros(len(unique))
        np.add.at(totals, owner, -scores.totals())
        self._of = dict(zip(unique, totals.tolist(), strict=True))
        self.tokens: dict[Pair, int] = dict(
            zip(unique, np.bincount(owner, np.diff(scores.offsets), len(unique)).astype(int).tolist(), strict=True)
        )
        self.unknown = {unique[at] for at in owner[scores.has_unknown()]}
        self.truncated = 0 if scores.truncated is None else int(scores.truncated.sum())

    def of(self, pairs: Sequence[Pair | None]) -> NDArray[np.float64]:
        """Return surprisals ``[pairs]``, NaN for None."""
        return np.array([np.nan if pair is None else self._of[pair] for pair in pairs])

    def warnings(self) -> list[str]:
        """Return what a reader must know."""
        found = []
        if self.unknown:
            found.append(
                f"{len(self.unknown):,} of {len(self._of):,} words have a token that the tokenizer does not know"
            )
        if self.truncated:
            found.append(f"{self.truncated:,} texts are longer than the model reads at once, and were cut on the left")
        return found
