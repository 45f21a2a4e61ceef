"""Texts to ids with the words that begin at each token: each distinct chunk is tokenized once.

Normalisers and pre-tokenizers of ours never look across the place where white space follows a word, so a text's tokens
are those of its chunks (white space and the word after it), one after the other; only the first chunk is treated
differently, because a space may be put in front of it. A corpus of ten million words has some hundred thousand distinct
chunks. A property test holds this equal to tokenizing whole texts. Tokenizers that a user brings may look further, and
are given whole texts.

Text is text: ``<mask>`` in a web page becomes its letters and never the special token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.tokenizer.backend import continuing, for_text
from training.tokenizer.chunks import MOST, emit, fill_slots, number_chunks
from training.tokenizer.sentences import split_sentences
from training.tokenizer.tokenizer import Tokenizer

#: Tokens that are white space only, as byte-level tokenizers and Metaspace write it: no word begins in them.
_BLANK_BYTES = frozenset("\u0120\u0109\u010a\u010b\u010c\u010d")
_BLANK = frozenset("\u2581")
_WORD = re.compile(r"\S+")


class Encoded(NamedTuple):
    """Tokens of several texts."""

    ids: NDArray[np.uint32]
    words: NDArray[np.uint8]
    """White-space words that begin in each token; their sum over a text is ``len(text.split())`` but for ``lost``."""

    lengths: NDArray[np.int64]
    """Tokens of each text."""

    sentences: NDArray[np.int64]
    """Where sentences start among ``ids``; empty unless the tokenizer reads by sentences."""

    sizes: NDArray[np.int64]
    """UTF-8 bytes of each text."""

    lost: int
    """Words that no token could take: those of texts that have none, or that have over 255 times as many words."""


class Encoder:
    """Tokenizes texts, remembering every chunk that it has seen."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Make copies of the pipeline that read nothing but text: for its start, and for what goes on."""
        self._settings = tokenizer.settings
        self._start = for_text(tokenizer.backend)
        if self._settings is None:
            return
        paragraph = tokenizer.id_of("paragraph")
        self._paragraph = -1 if paragraph is None else paragraph
        byte_level = self._settings.split in {"bytes", "bytes_digits", "case_aware"}
        blank = _BLANK_BYTES if byte_level else _BLANK
        vocabulary = tokenizer.backend.get_vocab(with_added_tokens=True)
        is_blank = np.zeros(max(vocabulary.values(), default=0) + 1, np.bool_)
        is_blank[[number for token, number in vocabulary.items() if blank.issuperset(token)]] = True
        self._memory = _Memory(self._start, for_text(continuing(tokenizer.backend)), is_blank)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the tokens of texts, without any special around them."""
        if self._settings is None:
            return self._encode_whole(texts)
        by_sentence = self._settings.sentences
        parts: list[bytes] = []
        pieces = np.ones(len(texts), np.int64)
        marked: NDArray[np.bool_] = np.zeros(len(texts), np.bool_)
        sizes = np.empty(len(texts), np.int64)
        if by_sentence:
            ends: list[bool] = []
            for row, text in enumerate(texts):
                found = split_sentences(text)
                parts.extend(sentence.encode() for sentence, _ in found)
                ends.extend(end for _, end in found)
                pieces[row], sizes[row] = len(found), len(text.encode())
            marked = np.asarray(ends, np.bool_) & (self._paragraph >= 0)
        else:
            parts = [text.encode() for text in texts]
            sizes[:] = [len(part) for part in parts]
        memory = self._memory
        numbers, counts = memory.number(parts)
        total = int((memory.begins[numbers + 1] - memory.begins[numbers]).sum()) + int(marked.sum())
        ids, words = np.empty(total, np.uint32), np.empty(total, np.uint8)
        lengths, sentences = np.empty(len(texts), np.int64), np.empty(len(parts), np.int64)
        found_sentences, lost = emit(
            numbers,
            counts,
            marked,
            max(self._paragraph, 0),
            pieces,
            memory.begins,
            memory.ids,
            memory.words,
            memory.extra,
            ids,
            words,
            lengths,
            sentences,
        )
        return Encoded(ids, words, lengths, sentences[: found_sentences if by_sentence else 0], sizes, int(lost))

    def _encode_whole(self, texts: Sequence[str]) -> Encoded:
        """Tokenize whole texts, and place words by the offsets of the tokens."""
        ids: list[NDArray[np.uint32]] = [np.empty(0, np.uint32)]
        words: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)]
        lost = 0
        for text, encoding in zip(texts, self._start.encode_batch(list(texts), add_special_tokens=False), strict=True):
            begun = _words_by_offset(text, encoding)
            counted = _at_most(begun) if len(begun) and begun.max() > MOST else begun.astype(np.uint8)
            ids.append(np.asarray(encoding.ids, np.uint32))
            words.append(counted)
            lost += len(text.split()) - int(counted.sum())
        return Encoded(
            np.concatenate(ids),
            np.concatenate(words),
            np.asarray([len(part) for part in ids[1:]], np.int64),
            np.empty(0, np.int64),
            np.asarray([len(text.encode()) for text in texts], np.int64),
            lost,
        )


class _Memory:
    """All chunks seen, by number, with their tokens.

    Attributes:
        ids: tokens of all chunks, one after the other.
        begins: [N + 1] where each chunk's tokens start in ``ids``.
        words: words that begin in each of ``ids``.
        extra: [N] words of each chunk that has no token.
    """

    def __init__(self, start: Any, on: Any, blank: NDArray[np.bool_]) -> None:
        self._start, self._on, self._blank = start, on, blank
        self._known = 0
        self._slots = np.full(1 << 10, -1, np.int32)
        self._hashes = np.empty(0, np.uint64)
        self._places = np.zeros(1, np.int64)
        self._arena = np.empty(0, np.uint8)
        self.ids = np.empty(0, np.uint32)
        self.words = np.empty(0, np.int64)
        self.begins = np.zeros(1, np.int64)
        self.extra = np.empty(0, np.int64)

    def number(self, parts: list[bytes]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the chunk numbers of pieces of text, and how many chunks each has; their tokens are known then."""
        data = np.frombuffer(b"".join(parts), np.uint8)
        pieces = np.concatenate([[0], np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))])
        most = int(np.count_nonzero(data <= ord(" "))) + len(parts)  # chunks there can be
        self._make_room(most, len(data))
        numbers, counts = np.empty(most, np.int32), np.empty(len(parts), np.int64)
        before = self._known
        self._known, filled = number_chunks(
            data, pieces, self._slots, self._hashes, self._places, self._arena, before, numbers, counts
        )
        if self._known > before:
            self._tokenize(before)
        return numbers[:filled], counts

    def _make_room(self, chunks: int, size: int) -> None:
        wanted = self._known + chunks
        if len(self._hashes) < wanted:
            self._hashes = _grown(self._hashes, wanted)
            self._places = _grown(self._places, wanted + 1)
        if len(self._arena) < self._places[self._known] + size:
            self._arena = _grown(self._arena, int(self._places[self._known]) + size)
        if len(self._slots) < 2 * wanted:
            self._slots = np.full(1 << (2 * wanted).bit_length(), -1, np.int32)
            fill_slots(self._slots, self._hashes, self._known)

    def _tokenize(self, before: int) -> None:
        """Tokenize the chunks from a number on."""
        places = self._places[before : self._known + 1]
        data = self._arena[places[0] : places[-1]].tobytes()
        bounds = (places - places[0]).tolist()
        chunks = [data[a:b].decode() for a, b in pairwise(bounds)]
        is_first = (self._hashes[before : self._known] & np.uint64(1)).astype(np.bool_)
        found: list[list[int]] = [[]] * len(chunks)
        for backend, which in ((self._start, is_first), (self._on, ~is_first)):
            rows = np.flatnonzero(which).tolist()
            encoded = backend.encode_batch_fast([chunks[row] for row in rows], add_special_tokens=False)
            for row, encoding in zip(rows, encoded, strict=True):
                found[row] = encoding.ids
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        ids = np.fromiter((number for tokens in found for number in tokens), np.uint32, int(lengths.sum()))
        counts = np.fromiter((len(chunk.split()) for chunk in chunks), np.int64, len(chunks))
        ends = np.cumsum(lengths)
        words = self._place(ids, ends - lengths, ends, counts)
        for row in np.flatnonzero((counts > 1) & (lengths > 0)).tolist():  # words apart by wide white space only
            encoding = (self._start if is_first[row] else self._on).encode(chunks[row], add_special_tokens=False)
            words[ends[row] - lengths[row] : ends[row]] = _words_by_offset(chunks[row], encoding)
        self.begins = np.concatenate([self.begins, self.begins[-1] + ends])
        self.ids = np.concatenate([self.ids, ids])
        self.words = np.concatenate([self.words, words])
        self.extra = np.concatenate([self.extra, np.where(lengths == 0, counts, 0)])

    def _place(
        self, ids: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Put each chunk's words on its first token that is more than white space, else on its last."""
        words = np.zeros(len(ids), np.int64)
        # For each token the next one that is not blank; blank tokens at the end of all point past it.
        after = np.where(self._blank[ids], len(ids), np.arange(len(ids)))
        after = np.minimum.accumulate(after[::-1])[::-1]
        there = ends > begins
        at = np.minimum(after[begins[there]], ends[there] - 1)
        words[at] = counts[there]
        return words


def _words_by_offset(text: str, encoding: Any) -> NDArray[np.int64]:
    """Return how many words begin in each token: in the first that ends beyond the word's start, else in the last."""
    size = len(encoding.ids)
    if not size:
        return np.zeros(0, np.int64)
    ends = np.maximum.accumulate(np.asarray(encoding.offsets, np.int64)[:, 1])
    begins = np.asarray([match.start() for match in _WORD.finditer(text)], np.int64)
    return np.bincount(np.minimum(np.searchsorted(ends, begins, side="right"), size - 1), minlength=size)


def _at_most(words: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Move words beyond 255 to the tokens that follow, else to those before; what no token can take is left out."""
    for order in (range(len(words)), range(len(words) - 1, -1, -1)):
        waiting = 0
        for place in order:
            waiting += int(words[place])
            words[place] = min(waiting, MOST)
            waiting -= int(words[place])
        words[order[-1]] += waiting
    return np.minimum(words, MOST).astype(np.uint8)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return an array of at least ``size``, and half as much again, that starts as this one."""
    larger = np.zeros(size + size // 2, array.dtype)
    larger[: len(array)] = array
    return larger
