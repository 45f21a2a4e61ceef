"""From settings to a ``tokenizers`` pipeline: normaliser, pre-tokenizer, model, trainer, post-processor."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from training.tokenizer.settings import TokenizerSettings

_SPACE = re.compile(r"[ \t\n\r]+")

#: GPT-BERT's pieces, by its description: a newline; a word, with its space, whose capitals stand at the start or all
#: through, and parts after an apostrophe; a digit with its space; other signs; spaces. At most 24 characters.
CASE_AWARE = (
    r"\n"
    r"| ?(?:\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]{1,23}|[\p{Lu}\p{Lt}]{1,24})"
    r"| ?\p{N}"
    r"|['\u2019][\p{L}]{1,2}(?!\p{L})"
    r"| ?[^\s\p{L}\p{N}]{1,23}"
    r"|[^\S\n]+(?!\S)|[^\S\n]"
)


def untrained(settings: TokenizerSettings) -> Tokenizer:
    """Return the pipeline with an empty model."""
    if settings.kind == "byte_bpe":
        model: Any = models.BPE(unk_token=settings.unknown) if settings.unknown else models.BPE()
    elif settings.kind == "wordpiece":
        model = models.WordPiece(
            unk_token=settings.unknown or "",
            continuing_subword_prefix=settings.continuation,
            max_input_chars_per_word=100,
        )
    else:
        model = models.Unigram()
    tokenizer = Tokenizer(model)
    normalizer, pre_tokenizer, decoder = _normalizer(settings), _pre_tokenizer(settings), _decoder(settings)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    return tokenizer


def train(settings: TokenizerSettings, texts: Callable[[], Iterator[str]]) -> Tokenizer:
    """Return the tokenizer of some texts: the same one each time.

    The library takes words from a hash table in an order of its own. That decides the ids, and through ties the tokens,
    of WordPiece's continuations, so those are listed beforehand; and some of Unigram's scores: see ``_settled``.
    """
    tokenizer = untrained(settings)
    first = _continuations(tokenizer, settings.continuation, texts()) if settings.continuation else []
    # Counting in several threads gives the same counts, but ties were seen to fall differently: one thread.
    with threads(many=False):
        tokenizer.train_from_iterator(texts(), trainer(settings, first))
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [token for token in data["added_tokens"] if token["content"] in settings.specials]
    if settings.kind == "unigram":
        count = len(settings.specials)
        vocabulary = data["model"]["vocab"]
        data["model"]["vocab"] = vocabulary[:count] + _settled(vocabulary[count:])
    tokenizer = Tokenizer.from_str(json.dumps(data))
    _add_template(tokenizer, settings)
    return tokenizer


def _settled(vocabulary: list[list[Any]]) -> list[list[Any]]:
    """Return Unigram's tokens with scores that do not depend on the order of words, best first.

    Sums in another order differ in their last digits (1e-11 was seen): scores are rounded to 1e-4, far below what
    changes how a text is read. Characters that no piece was left for are given the lowest score and 1e-4 more for each
    one before: all of them get the lowest.
    """
    lowest = min((score for _, score in vocabulary), default=0.0)
    reach = lowest + 1e-4 * (sum(len(token) == 1 for token, _ in vocabulary) + 0.5)
    scores = {token: lowest if len(token) == 1 and score < reach else score for token, score in vocabulary}
    rounded = [[token, round(score, 4)] for token, score in scores.items()]
    return sorted(rounded, key=lambda entry: (-entry[1], entry[0]))


def _continuations(tokenizer: Tokenizer, prefix: str, texts: Iterator[str]) -> list[str]:
    """Return the characters that go on a word, with the prefix, in order."""
    words: set[str] = set()
    for text in texts:
        words.update(_SPACE.split(text))
    found: set[str] = set()
    for word in words:
        normalized = tokenizer.normalizer.normalize_str(word) if tokenizer.normalizer is not None else word
        for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized):
            found.update(piece[1:])
    return sorted(prefix + character for character in found)


def trainer(settings: TokenizerSettings, first: list[str]) -> Any:
    """Return what trains the model; tokens in ``first`` get the ids after the specials'."""
    common: dict[str, Any] = {
        "vocab_size": settings.vocab_size,
        "special_tokens": [*settings.specials, *first],
        "show_progress": False,
    }
    if settings.kind == "unigram":
        return trainers.UnigramTrainer(unk_token=settings.unknown, **common)
    common["min_frequency"] = settings.min_frequency
    if settings.split in {"bytes", "bytes_digits", "case_aware"}:
        common["initial_alphabet"] = pre_tokenizers.ByteLevel.alphabet()
    if settings.kind == "wordpiece":
        return trainers.WordPieceTrainer(continuing_subword_prefix=settings.continuation, **common)
    return trainers.BpeTrainer(max_token_length=settings.longest_token, **common)


def _add_template(tokenizer: Tokenizer, settings: TokenizerSettings) -> None:
    """Add the template that puts specials around a text."""
    if settings.template == "none" or settings.begin is None:
        return
    tail = f" {settings.end}" if settings.template == "begin_end" and settings.end else ""
    second = f" {settings.begin} $B:1{tail}" if not tail else f" $B:1{tail}"
    tokens = [token for token in (settings.begin, settings.end if tail else None) if token]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{settings.begin} $A{tail}",
        pair=f"{settings.begin} $A{tail}{second}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in tokens],
    )


def for_text(tokenizer: Tokenizer) -> Tokenizer:
    """Return a copy that reads text whole, the same each time, and every special in it as letters.

    A tokenizer.json may carry truncation and padding, which would cut and fill documents, and BPE dropout.
    """
    data = json.loads(tokenizer.to_str())
    data["truncation"] = data["padding"] = None
    if data["model"].get("dropout") is not None:
        data["model"]["dropout"] = None
    copy = Tokenizer.from_str(json.dumps(data))
    copy.encode_special_tokens = True
    return copy


def continuing(tokenizer: Tokenizer) -> Tokenizer:
    """Return the pipeline for text that goes on: nothing is put in front."""
    data = json.loads(tokenizer.to_str())
    data["normalizer"] = _without_prepend(data["normalizer"])
    data["pre_tokenizer"] = _without_prefix(data["pre_tokenizer"])
    data["post_processor"] = None
    return Tokenizer.from_str(json.dumps(data))


@contextmanager
def threads(*, many: bool) -> Iterator[None]:
    """Let ``tokenizers`` use all cores in the block, or one."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if many else "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before


def _without_prepend(part: Any) -> Any:
    if isinstance(part, dict) and part["type"] == "Sequence":
        rest = [_without_prepend(below) for below in part["normalizers"] if below["type"] != "Prepend"]
        return {"type": "Sequence", "normalizers": rest}
    return part


def _without_prefix(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    part = dict(part)
    if "add_prefix_space" in part:
        part["add_prefix_space"] = False
    if "prepend_scheme" in part:
        part["prepend_scheme"] = "never"
    if "pretokenizers" in part:
        part["pretokenizers"] = [_without_prefix(below) for below in part["pretokenizers"]]
    return part


def _normalizer(settings: TokenizerSettings) -> Any:
    if settings.normalize == "nfkc":
        return normalizers.NFKC()
    if settings.normalize == "nfkc_lines":
        return normalizers.Sequence(
            [
                normalizers.Prepend(" "),
                normalizers.NFKC(),
                normalizers.Replace(Regex(r" *\n"), "\n"),
                normalizers.Replace(Regex(r"\n(?! )"), "\n "),
            ]
        )
    if settings.normalize == "nmt_nfkc_lower":
        return normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Lowercase()])
    return normalizers.BertNormalizer(lowercase=True) if settings.normalize == "bert_lower" else None


def _pre_tokenizer(settings: TokenizerSettings) -> Any:
    digits = pre_tokenizers.Digits(individual_digits=True)
    if settings.split == "bytes":
        return pre_tokenizers.ByteLevel(add_prefix_space=True)
    if settings.split == "bytes_digits":
        return pre_tokenizers.Sequence([pre_tokenizers.ByteLevel(add_prefix_space=True), digits])
    if settings.split == "case_aware":
        pieces = pre_tokenizers.Split(Regex(CASE_AWARE), behavior="isolated")
        return pre_tokenizers.Sequence([pieces, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if settings.split == "spaces":
        return pre_tokenizers.Sequence(
            [pre_tokenizers.Metaspace(), digits, pre_tokenizers.Punctuation(behavior="isolated")]
        )
    return pre_tokenizers.BertPreTokenizer()


def _decoder(settings: TokenizerSettings) -> Any:
    if settings.split in {"bytes", "bytes_digits", "case_aware"}:
        return decoders.ByteLevel()
    return decoders.Metaspace() if settings.split == "spaces" else decoders.WordPiece(prefix=settings.continuation)
