"""What every scorer is: it plans the tokens of queries, then yields their log-probabilities batch by batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.fingerprint import fingerprint
from evaluation.errors import NotFinite
from evaluation.journal import Journal
from evaluation.queries import Plan, Query, Scores

#: A batch of answers: token numbers int64 ``[n]``, log-probabilities float32 ``[temperatures, n]``.
Batch = tuple[NDArray[np.int64], NDArray[np.float32]]


class Scorer(ABC):
    """Gives tokens of texts their log-probabilities, in fp32 whatever the model's dtype."""

    #: What the numbers are: ``causal``, ``mlm``, ``mntp``, ``ngram``, ``frequency``, …
    backend: str
    temperatures: tuple[float, ...] = (1.0,)

    @property
    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """All that decides the numbers, JSON-able: digest of weights and tokenizer, options."""

    @abstractmethod
    def plan(self, queries: Sequence[Query]) -> Plan:
        """Tokenise, and say which tokens will be scored."""

    @abstractmethod
    def run(self, plan: Any, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield the log-probabilities of the tokens of ``todo`` (bool ``[tokens]``), each once, in any order.

        Tokens outside ``todo`` may be left out; yielding them too is allowed and ignored.
        """


def score(
    scorer: Scorer,
    queries: Sequence[Query],
    *,
    journal: Path | None = None,
    listen: Callable[[int, int], None] = lambda _done, _total: None,
) -> Scores:
    """Score queries, going on from a journal if there is one.

    Args:
        scorer: answers.
        queries: are asked.
        journal: file that keeps what is finished.
        listen: is told how many tokens of how many are finished.

    Raises:
        NotFinite: the model returned NaN or infinity.
        OutputError: the journal cannot be written.
    """
    plan = scorer.plan(queries)
    values = np.zeros((len(scorer.temperatures), plan.tokens), np.float32)
    todo = np.ones(plan.tokens, bool)
    asked = [(query.text, query.start, query.apart, query.masks) for query in queries] if journal else []
    key = fingerprint(scorer.identity, asked) if journal else ""
    with Journal(journal, key, len(scorer.temperatures)) if journal is not None else nullcontext() as kept:
        for numbers, found in kept.found if kept is not None else ():
            values[:, numbers] = found
            todo[numbers] = False
        left = int(todo.sum())
        listen(plan.tokens - left, plan.tokens)
        for numbers, found in scorer.run(plan, todo.copy()) if left else ():
            wanted = todo[numbers]
            if not np.isfinite(found[:, wanted]).all():
                number = numbers[wanted][~np.isfinite(found[:, wanted]).all(axis=0)][0]
                query = queries[int(np.searchsorted(plan.offsets, number, side="right")) - 1]
                raise NotFinite(
                    f"the model returned a log-probability that is not finite for {query.text[:80]!r}",
                    where=scorer.backend,
                    hint="the weights may hold NaN: was training stopped by a diverging loss?",
                )
            values[:, numbers[wanted]] = found[:, wanted]
            todo[numbers] = False
            left -= int(wanted.sum())
            if kept is not None:
                kept.add(numbers[wanted], found[:, wanted])
            listen(plan.tokens - left, plan.tokens)
    if left:
        raise AssertionError(f"{scorer.backend}: {left} tokens were planned and not scored")
    return Scores(values, plan.offsets, plan.spans, plan.unknown, tuple(scorer.temperatures), plan.truncated)
