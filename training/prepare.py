"""From a corpus and a recipe to tokens: the tokenizer trained, the text in shards, the held-out text apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.core.events import Listener, Progress, Warned
from curation.core.fingerprint import fingerprint
from curation.core.words import count_words
from curation.corpus import Corpus
from training.config import Recipe
from training.errors import RecipeError, TrainError
from training.objectives.special import Vocabulary
from training.shards import Selection, Shards, Text, choose, chosen_texts, open_or_build, shards_key
from training.tokenizer import tokenizer as tokenizers
from training.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True)
class Prepared:
    """What training reads."""

    tokenizer: Tokenizer
    vocabulary: Vocabulary
    shards: Shards
    heldout: Shards | None


def prepare(
    corpus: Corpus,
    recipe: Recipe,
    *,
    cache: Path,
    workers: int,
    own_tokenizer: Path | None = None,
    heldout: Mapping[str, Path] | None = None,
    listen: Listener,
) -> Prepared:
    """Train or load the tokenizer and map the token shards, from the cache where they are there.

    Raises:
        RecipeError: the corpus has too few words, or the tokenizer lacks a token that the recipe needs.
        TokenizerError: a tokenizer cannot be trained or read.
        TrainError: a document is not what the corpus's lock says, or a held-out file cannot be read.
        OutputError: the cache cannot be written.
    """
    settings = recipe.data.heldout
    selection = Selection(recipe.data.seed, settings.share, settings.max_words, recipe.data.max_words)
    listen(Progress("choosing documents", 0, corpus.words, "words"))
    chosen = choose(corpus, selection)
    words = int(chosen.train.sum())
    if words == 0:
        raise RecipeError("there is no text to train on", where=str(corpus.folder), hint="the corpus is empty")

    def training_texts() -> Iterator[Text]:
        return chosen_texts(corpus, chosen.train)

    if own_tokenizer is not None:
        tokenizer = Tokenizer.load(own_tokenizer)
        listen(Warned(f"{own_tokenizer.name} is a tokenizer from outside: its training text is not in this budget"))
    else:
        listen(Progress("training the tokenizer", 0, words, "words"))
        tokenizer = tokenizers.train(
            recipe.tokenizer,
            lambda: (text.text for text in training_texts()),
            cache=cache,
            corpus=corpus.digest,
            selection=selection.key(),
            words=words,
        )
    key = shards_key(tokenizer, corpus.digest, selection.key(), "train")
    shards = open_or_build(cache / "tokens" / key, tokenizer, training_texts, words, workers, listen)
    there = shards.words_total + shards.meta["words_without_tokens"]
    if there != words:
        raise TrainError(
            f"its texts have {there:,} words where its table says {words:,}",
            where=str(corpus.folder),
            hint="the corpus was changed after it was built: build it again",
        )
    kept = int(chosen.heldout.sum())
    if settings.share and not kept:
        listen(Warned("no document is small enough to be held out: no bits per byte are measured (data.heldout)"))
    outside = dict(heldout or {})

    def heldout_texts() -> Iterator[Text]:
        yield from chosen_texts(corpus, chosen.heldout)
        for name, path in outside.items():
            yield from (Text(text, name) for text in _documents(path))

    apart = None
    if kept or outside:
        files = {name: _digest(path) for name, path in outside.items()}
        key = shards_key(tokenizer, corpus.digest, fingerprint(selection.key(), files), "heldout")
        apart = open_or_build(cache / "tokens" / key, tokenizer, heldout_texts, kept, 0, listen)
    return Prepared(tokenizer, vocabulary_of(tokenizer), shards, apart)


def vocabulary_of(tokenizer: Tokenizer) -> Vocabulary:
    """Return what objectives need to know of a tokenizer."""
    roles = {role: tokenizer.id_of(role) for role in ("begin", "end", "pad", "mask")}
    return Vocabulary(size=tokenizer.vocab_size, special=tokenizer.special_ids, **roles)


def _documents(path: Path) -> Iterator[str]:
    """Yield the documents of a text file: set apart by blank lines, or the lines where there are none."""
    text = path.read_text(encoding="utf-8")
    parts = text.split("\n\n") if "\n\n" in text.strip() else text.split("\n")
    yield from (part for part in parts if count_words(part))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes().decode("utf-8").encode()).hexdigest()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"cannot be read as text: {error}", where=str(path), hint="give UTF-8 text") from error
