"""N-gram models of a corpus' words, or of the tokens of shards.

Of words, a sentence is a line of text: it is opened by ``<s>`` and closed by ``</s>``, as ``lmplz`` reads it. Of
tokens, it is a document, opened and not closed, as the models of ``curate train`` are measured on held-out text.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from curation.corpus import Corpus
from evaluation.errors import EvaluateError
from evaluation.ngram.count import count
from evaluation.ngram.kneser_ney import estimate
from evaluation.ngram.model import NgramModel
from evaluation.ngram.words import Rule, Words
from training.shards import Shards

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"


class _Numbers(dict[str, int]):
    """Ids of words in the order in which they first occur; the marks of sentences cannot be spelt out in a text."""

    def __init__(self) -> None:
        super().__init__({UNKNOWN: 0, BEGIN: 0, END: 0})
        self.names = [UNKNOWN, BEGIN, END]

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self.names)
        self.names.append(word)
        return number


def of_corpus(corpus: Corpus, *, order: int = 3, rule: Rule = "exact", subset: int | None = None) -> NgramModel:
    """Return the model of the words of a corpus, or of one of its nested subsets.

    Raises:
        EvaluateError: the order is below 1, or the corpus has no words.
        CorpusError: it has no such subset.
    """
    texts = (text for batch in corpus.batches(["text"], subset) for text in batch.column("text").to_pylist())
    return of_texts(texts, order=order, rule=rule)


def of_texts(texts: Iterable[str], *, order: int = 3, rule: Rule = "exact") -> NgramModel:
    """Return the model of the words of texts; ``<unk>`` has the probability of a word that was never seen.

    Args:
        texts: documents of one or more lines; empty lines are passed over.
        order: length of the longest n-grams, 1 or more.
        rule: what a word is.

    Raises:
        EvaluateError: the order is below 1, or the texts have no words.
    """
    _check(order)
    split = Words(rule).splitter
    numbers = _Numbers()
    ids = array("i")
    begin, end = 1, 2
    for text in texts:
        for line in text.split("\n"):
            words = split(line)
            if words:
                ids.append(begin)
                ids.extend(map(numbers.__getitem__, words))
                ids.append(end)
    read = np.frombuffer(ids, np.int32) if len(ids) else np.empty(0, np.int32)
    facts = {"words": len(ids) - 2 * int((read == begin).sum()), "rule": rule}
    counted = count(read, len(numbers.names), begin, order)
    return estimate(counted, numbers.names, end=end, unknown=0, facts=facts)


def of_shards(shards: Shards, vocabulary: int, *, order: int = 3) -> NgramModel:
    """Return the model of the tokens of shards; a token's id is its id, and its name is the same in digits.

    Args:
        shards: the training tokens.
        vocabulary: how many ids the tokenizer has; those that never occur have a probability too.
        order: length of the longest n-grams, 1 or more.

    Raises:
        EvaluateError: the order is below 1, there are no tokens, or one is beyond the vocabulary.
    """
    _check(order)
    highest = int(shards.tokens.max()) if len(shards.tokens) else -1
    if highest >= vocabulary:
        raise EvaluateError(
            f"the shards have a token {highest}, the vocabulary has {vocabulary} tokens",
            where=str(shards.folder),
            hint="give the tokenizer that made them",
        )
    names = [*map(str, range(vocabulary)), BEGIN]
    counted = count(opened(shards, vocabulary), vocabulary + 1, vocabulary, order)
    facts: dict[str, Any] = {"tokens": len(shards.tokens), "tokenizer": shards.meta.get("tokenizer", "")}
    return estimate(counted, names, end=None, unknown=None, facts=facts)


def opened(shards: Shards, begin: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the tokens of shards with a begin mark before each document, int32 ``[tokens + documents]``."""
    places = np.asarray(shards.documents[:-1])
    result: np.ndarray[tuple[int], np.dtype[np.int32]] = np.full(len(shards.tokens) + len(places), begin, np.int32)
    token = np.ones(len(result), bool)
    token[places + np.arange(len(places))] = False
    result[token] = shards.tokens
    return result


def _check(order: int) -> None:
    if order < 1:
        raise EvaluateError(f"the order of an n-gram model is 1 or more, not {order}", where="order")
