"""Token shards: a corpus as one array of tokens on disk, mapped into memory, with its documents and its words.

::

    tokens.bin     uint16, or uint32 for vocabularies beyond 65,536
    words.bin      uint8 for each token: the white-space words that begin in it; their sum is the document's word count
    documents.npy  where each document starts, and the end
    sources.npy    source of each document, as a number in meta.json
    bytes.npy      UTF-8 bytes of each document
    sentences.npy  where each sentence starts, if the tokenizer reads by sentences
    meta.json      written last: its presence means that the shards are whole

The folder is written beside its place and renamed, so that a process that is killed leaves nothing half done and two
that build the same shards do not meet. ``selection.py`` says which documents are in them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.core.artifact import output_error, sync
from curation.core.events import Listener, Progress
from curation.core.fingerprint import fingerprint
from training.selection import Chosen, Selection, Text, choose, chosen_texts
from training.tokenizer.backend import threads
from training.tokenizer.encode import Encoder
from training.tokenizer.tokenizer import Tokenizer

__all__ = ["Chosen", "Selection", "Shards", "Text", "choose", "chosen_texts", "open_or_build", "shards_key"]

VERSION = 2
#: What is tokenized at once, in documents and characters: some megabytes of tables, and a display that moves.
_DOCUMENTS, _CHARACTERS = 4096, 4_000_000


class Shards:
    """Token shards, mapped.

    Attributes:
        tokens: [N] uint16 or uint32.
        words: [N] uint8, white-space words that begin in each token.
        documents: [D + 1] int64, where documents start among the tokens.
        sources: [D] int16, numbers of ``source_names``.
        bytes: [D] int64, UTF-8 bytes of each document.
        sentences: [S] int64, where sentences start among the tokens, or None.
    """

    def __init__(self, folder: Path) -> None:
        """Map a whole folder."""
        self.folder = folder
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        self.meta = meta
        kind = np.uint16 if meta["bits"] == 16 else np.uint32
        self.tokens: NDArray[Any] = _mapped(folder / "tokens.bin", kind)
        self.words: NDArray[np.uint8] = _mapped(folder / "words.bin", np.uint8)
        self.documents: NDArray[np.int64] = np.load(folder / "documents.npy")
        self.sources: NDArray[np.int16] = np.load(folder / "sources.npy")
        self.bytes: NDArray[np.int64] = np.load(folder / "bytes.npy")
        self.sentences: NDArray[np.int64] | None = np.load(folder / "sentences.npy") if meta["has_sentences"] else None
        self.source_names: list[str] = meta["sources"]
        self.words_total: int = meta["words"]
        self.tokens_total: int = meta["tokens"]

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to another process as a path: the arrays are mapped there again."""
        return Shards, (self.folder,)


def open_or_build(
    folder: Path, tokenizer: Tokenizer, texts: Callable[[], Iterator[Text]], words: int, workers: int, listen: Listener
) -> Shards:
    """Return the shards in a folder, written from texts if it holds none, or none that is whole.

    Args:
        folder: their place in the cache, named by ``shards_key``.
        tokenizer: makes the tokens.
        texts: gives the documents in order.
        words: how many words those have, for the display.
        workers: with more than 1, all cores tokenize. The files are the same.
        listen: is told how far it is.

    Raises:
        OutputError: the disk is full or may not be written.
    """
    if _whole(folder):
        return Shards(folder)
    partial: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.{os.getpid()}."))
        with threads(many=workers > 1):
            _write(partial, tokenizer, texts(), words, listen)
        if folder.exists() and not _whole(folder):  # damaged from outside: no process of ours renames such a thing
            shutil.rmtree(folder)
        try:
            partial.rename(folder)
        except OSError:
            if not _whole(folder):  # else another process was first: its shards are the same
                raise
        sync(folder.parent)
    except OSError as error:
        raise output_error(error, folder) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
    return Shards(folder)


def shards_key(tokenizer: Tokenizer, corpus: str, selection: str, part: str) -> str:
    """Return the name of shards in the cache."""
    by_sentence = tokenizer.settings is not None and tokenizer.settings.sentences
    own = tokenizer.settings is not None  # the same tokenizer.json brought from outside is given whole texts
    return fingerprint("shards", VERSION, tokenizer.digest, own, by_sentence, corpus, selection, part)


def _write(folder: Path, tokenizer: Tokenizer, texts: Iterator[Text], words: int, listen: Listener) -> None:
    kind = np.uint16 if tokenizer.vocab_size <= 1 << 16 else np.uint32
    encoder = Encoder(tokenizer)
    nothing = np.empty(0, np.int64)
    lengths, sizes, sentences = [nothing], [nothing], [nothing]
    sources: list[int] = []
    names: dict[str, int] = {}
    tokens_total = words_total = lost = 0
    with (folder / "tokens.bin").open("wb") as tokens_file, (folder / "words.bin").open("wb") as words_file:
        for batch in _batches(texts):
            encoded = encoder.encode([text.text for text in batch])
            tokens_file.write(encoded.ids.astype(kind).tobytes())
            words_file.write(encoded.words.tobytes())
            sentences.append(encoded.sentences + tokens_total)
            lengths.append(encoded.lengths)
            sizes.append(encoded.sizes)
            sources += [names.setdefault(text.source, len(names)) for text in batch]
            tokens_total += len(encoded.ids)
            words_total += int(encoded.words.sum(dtype=np.int64))
            lost += encoded.lost
            listen(Progress("tokenizing", words_total + lost, words, "words"))
    np.save(folder / "documents.npy", np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64))
    np.save(folder / "sources.npy", np.asarray(sources, np.int16))
    np.save(folder / "bytes.npy", np.concatenate(sizes))
    np.save(folder / "sentences.npy", np.concatenate(sentences))
    meta = {
        "version": VERSION,
        "bits": 16 if kind is np.uint16 else 32,
        "tokens": tokens_total,
        "words": words_total,
        "words_without_tokens": lost,
        "documents": len(sources),
        "sources": list(names),
        "has_sentences": bool(tokenizer.settings is not None and tokenizer.settings.sentences),
        "tokenizer": tokenizer.digest,
    }
    for file in folder.iterdir():
        sync(file)
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    sync(folder / "meta.json")
    sync(folder)


def _batches(texts: Iterator[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text.text)
        if len(batch) == _DOCUMENTS or size > _CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _whole(folder: Path) -> bool:
    """Return whether a folder holds shards whose large files are as long as they say."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        tokens, documents = meta["tokens"], meta["documents"]
        return bool(
            (folder / "tokens.bin").stat().st_size == tokens * meta["bits"] // 8
            and (folder / "words.bin").stat().st_size == tokens
            and len(np.load(folder / "documents.npy", mmap_mode="r")) == documents + 1
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed left half done."""
    for partial in folder.glob(".*.*.*"):
        pid = partial.name.split(".")[2]
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(partial, ignore_errors=True)
        except PermissionError:
            continue


def _mapped(path: Path, kind: Any) -> NDArray[Any]:
    """Map a file; an empty one cannot be mapped."""
    return np.memmap(path, kind, "r") if path.stat().st_size else np.empty(0, kind)
