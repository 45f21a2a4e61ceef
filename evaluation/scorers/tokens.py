"""Texts to token ids, and which of them are scored: the rules of babylm/evaluation-pipeline-2025.

There (``sentence_zero_shot/dataset.py``) a token is scored if its last character lies in the scored part of the text.
Tokens that a post-processor adds have the characters (0, 0) and are never scored. For causal models the border is
counted from the first token's first character, and the first token has no score.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.errors import SubjectError
from evaluation.queries import Plan, Query
from evaluation.scorers.options import ScoringOptions

Rule = Literal["causal", "mlm", "mntp"]
_PART = 1024


@contextmanager
def _without_collection() -> Iterator[None]:
    """Hold Python's garbage collector, which millions of small tuples, none in a cycle, would start over and over."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@dataclass(frozen=True)
class TokenPlan(Plan):
    """A plan with the ids behind it.

    Attributes:
        ids: int32 ``[all tokens]``, those of the queries one after the other.
        rows: int64 ``[queries + 1]``, where each query's ids begin in ``ids``.
        places: int64 ``[tokens]``, which entry of ``ids`` each scored token is.
        words: int32 ``[all tokens]``, the word of each token within its text; -1 for none. Empty if not asked for.
    """

    ids: NDArray[np.int32]
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    words: NDArray[np.int32]

    def query_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which query each of some scored tokens belongs to."""
        return np.searchsorted(self.offsets, numbers, side="right") - 1


class Texts:
    """Tokenises texts as a model reads them."""

    def __init__(self, tokenizer: Any, options: ScoringOptions) -> None:
        """Take a fast tokenizer of transformers.

        Raises:
            SubjectError: it has no begin or end token, and the options ask for one; or it gives no characters.
        """
        from tokenizers import Tokenizer  # noqa: PLC0415  (heavy)

        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise SubjectError(
                "its tokenizer does not tell which characters a token stands for",
                where=str(tokenizer.name_or_path),
                hint="convert it to a fast tokenizer (tokenizer.json)",
            )
        self._backend = Tokenizer.from_str(backend.to_str())
        self._backend.no_truncation()
        self._backend.no_padding()
        self._begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.cls_token_id
        self._end = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
        self._unknown = tokenizer.unk_token_id
        self._mask, self._mask_text = tokenizer.mask_token_id, tokenizer.mask_token
        self._has_begin = tokenizer.cls_token_id is not None or tokenizer.bos_token_id is not None
        self._options = options
        for wanted, number, name in ((options.begin, self._begin, "begin"), (options.end, self._end, "end")):
            if wanted and number is None:
                raise SubjectError(
                    f"its tokenizer has no {name} token", where=str(tokenizer.name_or_path), hint=f"leave {name} unset"
                )

    def plan(self, queries: Sequence[Query], rule: Rule, *, words: bool = False, limit: int | None = None) -> TokenPlan:
        """Tokenise queries, and say which tokens are scored.

        Args:
            queries: are read.
            rule: which tokens count.
            words: whether the words of tokens are wanted too.
            limit: texts of more tokens are marked as truncated.
        """
        if queries and queries[0].apart:
            return self._apart(queries, rule, words=words, limit=limit)
        texts = list(dict.fromkeys(query.text for query in queries))
        number = {text: index for index, text in enumerate(texts)}
        which = np.fromiter((number[query.text] for query in queries), np.int64, len(queries))
        with _without_collection():
            parts = [self._encode(texts[at : at + _PART], words=words) for at in range(0, len(texts), _PART)]
        lengths, ids, spans, word = (
            np.concatenate(part) for part in zip(self._encode([], words=words), *parts, strict=True)
        )
        starts = np.concatenate([[0], np.cumsum(lengths)])

        rows = np.concatenate([[0], np.cumsum(lengths[which])])
        source = np.arange(rows[-1]) - np.repeat(rows[:-1] - starts[which], lengths[which])
        ids, spans = ids[source], spans[source]
        inside = np.arange(rows[-1]) - np.repeat(rows[:-1], lengths[which])
        border = np.fromiter((query.start for query in queries), np.int64, len(queries))
        if rule == "causal":
            first = np.zeros(len(queries), np.int64)
            first[lengths[which] > 0] = spans[rows[:-1][lengths[which] > 0], 0]
            border = border + first
        scored = spans[:, 1] > np.repeat(border, lengths[which])
        if rule != "mlm":
            scored &= inside > 0
        if self._options.end:
            last = rows[1:][lengths[which] > 0] - 1
            length = np.fromiter((len(query.text) for query in queries), np.int64, len(queries))
            spans[last] = length[lengths[which] > 0, None]
            scored[last] = True
        places = np.flatnonzero(scored)
        return TokenPlan(
            queries,
            offsets=np.searchsorted(places, rows).astype(np.int64),
            spans=spans[places],
            unknown=(ids[places] == self._unknown) if self._unknown is not None else np.zeros(len(places), bool),
            ids=ids,
            rows=rows,
            places=places,
            words=word[source] if words else word,
            truncated=np.diff(rows) > (np.inf if limit is None else limit),
        )

    def _apart(self, queries: Sequence[Query], rule: Rule, *, words: bool, limit: int | None) -> TokenPlan:
        """Tokenise contexts with what the tokenizer puts around them, and of what follows the first token.

        As in the official reading task (``reading/evaluation_functions.py``). A causal model answers behind the last
        token, be it an end token; a masked one at the first of the masks, found from the end.
        """
        if not all(query.apart for query in queries):
            raise ValueError("queries of one call are all apart, or none is")
        masks = [0 if rule == "causal" else max(query.masks, 1) for query in queries]
        hidden = self._mask_text or ""
        texts = [query.text[: query.start] + hidden * many for query, many in zip(queries, masks, strict=True)]
        lengths, flat, _, _ = self._encode(texts, words=False)
        rows: list[NDArray[np.int32]] = []
        offsets, places, spans, at = [0], [], [], 0
        following = self.bare([query.text[query.start :] for query in queries])
        contexts = np.split(flat, np.cumsum(lengths)[:-1])
        for query, many, ids, (target, span, _) in zip(queries, masks, contexts, following, strict=True):
            if rule == "causal":
                kept = ids[:-1] if self._options.end else ids
                place, row = len(kept), np.append(kept, target[:1])
            else:
                place = len(ids) - many - (ids[-1] != self._mask)
                row = ids.copy()
                row[place : place + len(target[:1])] = target[:1]
            if len(target) and (place or rule == "mlm"):
                places.append(at + place)
                spans.append(span[0] + query.start)
            rows.append(row.astype(np.int32))
            offsets.append(len(places))
            at += len(row)
        ids = np.concatenate([np.empty(0, np.int32), *rows])
        scored = np.array(places, np.int64)
        bounds = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        return TokenPlan(
            queries,
            offsets=np.array(offsets, np.int64),
            spans=np.array(spans, np.int32).reshape(-1, 2),
            unknown=ids[scored] == self._unknown if self._unknown is not None else np.zeros(len(scored), bool),
            ids=ids,
            rows=bounds,
            places=scored,
            words=np.full(len(ids) if words else 0, -1, np.int32),
            truncated=np.diff(bounds) > (np.inf if limit is None else limit),
        )

    def bare(self, texts: Sequence[str]) -> list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]]:
        """Return ids ``[n]``, spans ``[n, 2]`` and whether each is unknown, of texts without any special token."""
        return [
            (
                np.array(found.ids, np.int32),
                np.array(found.offsets, np.int32).reshape(-1, 2),
                np.array([number == self._unknown for number in found.ids], bool),
            )
            for found in self._backend.encode_batch(list(texts), add_special_tokens=False)
        ]

    def _encode(self, texts: list[str], *, words: bool) -> tuple[NDArray[Any], ...]:
        """Return lengths, and ids, spans and words of all tokens one text after the other."""
        encoded = [self._around(found, words=words) for found in self._backend.encode_batch(texts)]
        lengths = np.fromiter((len(found[0]) for found in encoded), np.int64, len(encoded))
        count = int(lengths.sum())
        ids = np.fromiter(chain.from_iterable(found[0] for found in encoded), np.int32, count)
        flat = chain.from_iterable(chain.from_iterable(found[1] for found in encoded))
        spans = np.fromiter(flat, np.int32, 2 * count).reshape(-1, 2)
        listed = (-1 if word is None else word for found in encoded for word in found[2])
        return lengths, ids, spans, np.fromiter(listed, np.int32, count if words else 0)

    def _around(self, encoding: Any, *, words: bool) -> tuple[list[int], list[tuple[int, int]], list[int | None]]:
        """Return ids, spans and words of a text, with begin and end tokens as the options say."""
        ids, spans, word = encoding.ids, encoding.offsets, encoding.word_ids if words else []
        options = self._options
        if options.begin is not None:
            if ids and ids[0] == self._begin and encoding.special_tokens_mask[0]:
                ids, spans, word = ids[1:], spans[1:], word[1:]
            if options.begin:
                ids, spans, word = [self._begin, *ids], [(0, 0), *spans], [None, *word]
        if options.end is not None:
            if ids and ids[-1] == self._end and encoding.special_tokens_mask[-1]:
                ids, spans, word = ids[:-1], spans[:-1], word[:-1]
            if options.end:
                ids, spans, word = [*ids, self._end], [*spans, (0, 0)], [*word, None]
        return ids, spans, word
