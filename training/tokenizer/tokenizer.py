"""A tokenizer with its roles, its digest and a record of what it was trained on.

A tokenizer is an auxiliary model: it has read text. One trained here read the training words of the corpus and nothing
else, and its record says so; one that a user brings is marked as external, for the audit to judge.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tokenizers

from curation.core.artifact import write_text
from curation.core.errors import CurateError
from curation.core.fingerprint import fingerprint
from training.errors import TokenizerError
from training.tokenizer import backend
from training.tokenizer.settings import TokenizerSettings

VERSION = 3
ROLES = ("unknown", "begin", "end", "pad", "mask", "paragraph")
#: What the specials of foreign tokenizers are usually called.
_USUAL = {
    "unknown": ("<unk>", "[UNK]"),
    "begin": ("<s>", "[CLS]", "<bos>", "<|endoftext|>"),
    "end": ("</s>", "[SEP]", "<eos>", "<|endoftext|>"),
    "pad": ("<pad>", "[PAD]"),
    "mask": ("<mask>", "[MASK]"),
    "paragraph": ("[PAR]",),
}


class Tokenizer:
    """A trained tokenizer."""

    def __init__(
        self, trained: tokenizers.Tokenizer, settings: TokenizerSettings | None, record: Mapping[str, Any]
    ) -> None:
        """Wrap a backend; ``settings`` is None for one that a user brought."""
        self.backend = trained
        self.settings = settings
        self.record = dict(record)
        self._text = trained.to_str(pretty=True)
        self.digest = hashlib.sha256(self._text.encode()).hexdigest()
        # One more than the highest id, which may be beyond the number of tokens in a tokenizer that a user brings.
        self.vocab_size: int = max(trained.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def id_of(self, role: str) -> int | None:
        """Return the id of a role (``begin``, ``end``, ``pad``, ``mask``, ``unknown``, ``paragraph``), or None."""
        names = (getattr(self.settings, role),) if self.settings is not None else _USUAL[role]
        found = (self.backend.token_to_id(name) for name in names if name is not None)
        return next((number for number in found if number is not None), None)

    @property
    def special_ids(self) -> tuple[int, ...]:
        """Ids that stand for no text, ascending."""
        added = self.backend.get_added_tokens_decoder()
        return tuple(sorted(number for number, token in added.items() if token.special))

    def save(self, path: Path) -> None:
        """Write ``tokenizer.json``."""
        write_text(path, self._text)

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Load a user's own tokenizer.json.

        Raises:
            TokenizerError: it is not there or cannot be read.
        """
        try:
            text = path.read_text(encoding="utf-8")
            trained = tokenizers.Tokenizer.from_str(text)
        except FileNotFoundError as error:
            raise TokenizerError("there is no such file", where=str(path), hint="give a tokenizer.json") from error
        except Exception as error:  # tokenizers raises plain Exception
            raise TokenizerError(f"not a tokenizer.json: {error}", where=str(path)) from error
        return cls(trained, None, {"external": True, "trained_on": "unknown", "file": path.name})


def train(
    settings: TokenizerSettings,
    texts: Callable[[], Iterator[str]],
    *,
    cache: Path,
    corpus: str,
    selection: str,
    words: int,
) -> Tokenizer:
    """Return the tokenizer of some texts, trained or from the cache.

    Args:
        settings: what to train.
        texts: gives the training texts.
        cache: its folder ``tokenizers/<key>`` keeps the result.
        corpus: digest of the corpus.
        selection: fingerprint of which of its documents are read.
        words: how many words those have.

    Raises:
        TokenizerError: the text has too little variety for the vocabulary's minimum.
    """
    key = fingerprint("tokenizer", VERSION, tokenizers.__version__, settings.model_dump(mode="json"), corpus, selection)
    folder = cache / "tokenizers" / key
    record_file = folder / "record.json"
    if record_file.is_file():
        return _cached(folder, settings, corpus)
    started = time.process_time()
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        read = 0
        for text in texts():
            read += len(text.encode())
            yield from text.split("\n") if settings.sentences else (text,)  # what the tokenizer will be given

    try:
        trained = backend.train(settings, counted)
    except CurateError:
        raise
    except Exception as error:  # tokenizers raises plain Exception
        raise TokenizerError(
            f"no {settings.kind} came of the training text: {error}",
            where="tokenizer",
            hint="a smaller vocab_size may suit so little text",
        ) from error
    if trained.get_vocab_size() <= len(settings.specials):
        raise TokenizerError(
            "the training text gave no tokens",
            where="tokenizer",
            hint="is the corpus empty, or min_frequency too high?",
        )
    record = {
        "external": False,
        "corpus": corpus,
        "words": words,
        "bytes": read,
        "settings": settings.model_dump(mode="json"),
        "library": f"tokenizers {tokenizers.__version__}",
        "cpu_seconds": round(time.process_time() - started, 2),
    }
    tokenizer = Tokenizer(trained, settings, record)
    tokenizer.save(folder / "tokenizer.json")
    write_text(record_file, json.dumps(record | {"digest": tokenizer.digest}, indent=1) + "\n")
    return tokenizer


def _cached(folder: Path, settings: TokenizerSettings, corpus: str) -> Tokenizer:
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        trained = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer = Tokenizer(trained, settings, record)
        whole = record["digest"] == tokenizer.digest
        same = record["corpus"] == corpus
    except Exception as error:  # tokenizers raises plain Exception
        raise TokenizerError(f"damaged: {error}", where=str(folder), hint="delete this folder of the cache") from error
    if not whole or not same:
        what = "was changed since it was trained" if not whole else "was trained on another corpus"
        raise TokenizerError(f"the cached tokenizer {what}", where=str(folder), hint="delete this folder of the cache")
    return tokenizer
