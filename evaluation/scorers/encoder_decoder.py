"""Scores of encoder-decoder models, in the two ways of babylm/evaluation-pipeline-2025 (``sentence_zero_shot``).

``enc_dec_mask``: the encoder reads a copy of the text with one token hidden; the decoder reads begin and mask, and its
last place answers. ``enc_dec_prefix``: the encoder reads what stands before the scored part, and a mask; the decoder
writes the scored part after begin and mask. A model without a mask or begin token uses its first additional special
token, as T5 does (the official code means to, and stops with an error).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from evaluation.errors import SubjectError
from evaluation.networks.logprobs import Logits, logprobs
from evaluation.queries import Plan, Query
from evaluation.scorers.causal import by_length
from evaluation.scorers.copies import copies_of, write
from evaluation.scorers.options import ScoringOptions
from evaluation.scorers.scorer import Batch, Scorer
from evaluation.scorers.tokens import Texts, TokenPlan

_MOST = 512
_NO_IDS = np.empty(0, np.int32)


@dataclass(frozen=True)
class Specials:
    """Ids of the tokens that hold encoder and decoder together."""

    begin: int
    mask: int
    start: tuple[int, ...]
    """What the decoder reads before its answer in ``enc_dec_mask``."""

    before: tuple[int, ...]
    """What stands before a prefix: the class token, if there is one."""

    after: tuple[int, ...]
    """What stands after it: the end token, if there is one."""

    @classmethod
    def of(cls, tokenizer: Any) -> Specials:
        """Return those of a tokenizer.

        Raises:
            SubjectError: it has no token to hide others with, or none to begin with.
        """
        more = getattr(tokenizer, "additional_special_tokens", None) or getattr(tokenizer, "extra_special_tokens", None)
        first = tokenizer.convert_tokens_to_ids(list(more)[0]) if more else None  # noqa: RUF015  (it may be a mapping)
        mask = tokenizer.mask_token_id if tokenizer.mask_token_id is not None else first
        begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else first
        if mask is None or begin is None:
            raise SubjectError(
                f"its tokenizer has no {'mask' if mask is None else 'begin'} token, and no additional special tokens",
                where=str(tokenizer.name_or_path),
                hint="name them in tokenizer_config.json",
            )
        # Without a begin token the mask stands for both, and stands once.
        start = (begin,) if tokenizer.bos_token_id is None else (begin, mask)
        ends = (tokenizer.cls_token_id, tokenizer.eos_token_id)
        before, after = (() if number is None else (number,) for number in ends)
        return cls(begin, mask, start, before, after)


class _EncoderDecoder(Scorer):
    def __init__(
        self, model: Any, tokenizer: Any, texts: Texts, options: ScoringOptions, digest: str, limit: int | None
    ) -> None:
        self._model, self._texts, self._options, self._digest, self._limit = model, texts, options, digest, limit
        self._specials = Specials.of(tokenizer)
        self.temperatures = options.temperatures

    @property
    def identity(self) -> dict[str, Any]:
        options = self._options.model_dump(mode="json", exclude={"batch_tokens"})
        return {"backend": self.backend, "digest": self._digest, **options}

    def _logits(self, encoded: list[NDArray[np.int32]], decoded: list[NDArray[np.int32]]) -> torch.Tensor:
        """Return logits ``[B, T, V]`` of the decoder's tokens, padded on the right."""
        device = next(self._model.parameters()).device
        (ids, mask), (decoder_ids, decoder_mask) = (_padded(rows) for rows in (encoded, decoded))
        with torch.inference_mode():
            out = self._model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                decoder_input_ids=decoder_ids.to(device),
                decoder_attention_mask=decoder_mask.to(device),
            )
        logits: torch.Tensor = out["logits"] if "logits" in out else out[0]
        return logits


class MaskScorer(_EncoderDecoder):
    """The encoder sees a hidden token from both sides, the decoder names it."""

    backend: Literal["enc_dec_mask"] = "enc_dec_mask"

    def plan(self, queries: Sequence[Query]) -> TokenPlan:
        """Tokenise, and say which tokens will be scored."""
        words = self._options.pll == "within_word_l2r"
        return self._texts.plan(queries, "mlm", words=words, limit=self._limit)

    def run(self, plan: TokenPlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield log-probabilities batch by batch."""
        copies = copies_of(plan, np.flatnonzero(todo), self._specials.mask, self._limit)
        start = np.array(self._specials.start, np.int32)
        for chosen in by_length(copies.sizes, self._options.batch_tokens or _MOST):
            part = slice(int(chosen[0]), int(chosen[-1]) + 1)  # copies are in order of length already
            ids, bounds = write(plan, copies, part, self._specials.mask)
            logits = self._logits(np.split(ids, bounds[1:-1]), [start] * len(chosen))[:, -1]
            answered = copies.answered[part.start : part.stop + 1]
            numbers = copies.numbers[answered[0] : answered[-1]]
            row = np.repeat(np.arange(len(chosen)), np.diff(answered))
            targets = plan.ids[plan.places[numbers]]
            yield numbers, logprobs(_blocks(logits), len(chosen), row, targets, self.temperatures)


@dataclass(frozen=True)
class PrefixPlan(Plan):
    """A plan with the ids behind it, by query.

    Attributes:
        encoded: what the encoder reads.
        targets: what the decoder writes.
    """

    encoded: list[NDArray[np.int32]]
    targets: list[NDArray[np.int32]]


class PrefixScorer(_EncoderDecoder):
    """The encoder reads what stands before, the decoder writes the scored part."""

    backend: Literal["enc_dec_prefix"] = "enc_dec_prefix"

    def plan(self, queries: Sequence[Query]) -> PrefixPlan:
        """Tokenise prefix and scored part, each on its own; a space between the two belongs to neither.

        An ``apart`` query keeps its space, and the first token of its scored part alone is written.
        """
        space = "" if queries and queries[0].apart else " "
        prefixes = [query.text[: query.start].removesuffix(space) for query in queries]
        before = self._texts.bare([prefix for prefix in prefixes if prefix])
        scored = self._texts.bare([query.text[query.start :] for query in queries])
        if queries and queries[0].apart:
            scored = [(ids[:1], spans[:1], unknown[:1]) for ids, spans, unknown in scored]
        specials = self._specials
        room = None if self._limit is None else self._limit - len(specials.before) - 1 - len(specials.after)
        read = iter(before)
        encoded, truncated = [], []
        for prefix, (ids, _, _) in zip(prefixes, scored, strict=True):
            whole = next(read)[0] if prefix else _NO_IDS
            kept = whole if room is None else whole[max(len(whole) - room, 0) :]
            around = (np.array(part, np.int32) for part in (specials.before, (specials.mask, *specials.after)))
            first, last = around
            encoded.append(np.concatenate([first, kept, last]))
            truncated.append(len(kept) < len(whole) or (self._limit is not None and len(ids) >= self._limit))
        spans = [span + query.start for query, (_, span, _) in zip(queries, scored, strict=True)]
        return PrefixPlan(
            queries,
            offsets=np.concatenate([[0], np.cumsum([len(ids) for ids, _, _ in scored])]).astype(np.int64),
            spans=np.concatenate([np.empty((0, 2), np.int32), *spans]).astype(np.int32),
            unknown=np.concatenate([np.empty(0, bool), *(unknown for _, _, unknown in scored)]),
            truncated=np.array(truncated, bool),
            encoded=encoded,
            targets=[ids for ids, _, _ in scored],
        )

    def run(self, plan: PrefixPlan, todo: NDArray[np.bool_]) -> Iterator[Batch]:
        """Yield log-probabilities batch by batch; a scored part beyond the decoder's limit is written in pieces."""
        size = len(todo) + 1 if self._limit is None else self._limit - 1
        pieces = [
            (query, at, min(at + size, len(ids)))
            for query, ids in enumerate(plan.targets)
            for at in range(0, len(ids), size)
            if todo[plan.offsets[query] + at : plan.offsets[query] + min(at + size, len(ids))].any()
        ]
        lengths = np.array([max(len(plan.encoded[query]), stop - start + 1) for query, start, stop in pieces], np.int64)
        apart = len(plan.queries) > 0 and plan.queries[0].apart  # the official reading task lets it begin with no mask
        begin = np.array([self._specials.begin, *(() if apart else (self._specials.mask,))], np.int32)
        for chosen in by_length(lengths, self._options.batch_tokens or _MOST):
            here = [pieces[index] for index in chosen]
            targets = [plan.targets[query][start:stop] for query, start, stop in here]
            written = [np.concatenate([begin, target[:-1]]) for target in targets]
            logits = self._logits([plan.encoded[query] for query, _, _ in here], written)[:, len(begin) - 1 :]
            numbers = [np.arange(start, stop) + plan.offsets[query] for query, start, stop in here]
            width = logits.shape[1]
            row = np.concatenate([index * width + np.arange(len(target)) for index, target in enumerate(targets)])
            flat = logits.flatten(0, 1)
            found = logprobs(_blocks(flat), len(flat), row, np.concatenate(targets), self.temperatures)
            yield np.concatenate(numbers), found


def _blocks(logits: torch.Tensor) -> Logits:
    return lambda start, stop: logits[start:stop]


def _padded(rows: list[NDArray[np.int32]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids ``[B, T]`` padded with 0 on the right, and 1 where there is text."""
    lengths = np.array([len(row) for row in rows])
    inside = np.arange(lengths.max()) < lengths[:, None]
    ids = np.zeros(inside.shape, np.int64)
    ids[inside] = np.concatenate(rows)
    return torch.from_numpy(ids), torch.from_numpy(inside.astype(np.int64))
