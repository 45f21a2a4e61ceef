"""Token shards: what stands in the files, whole or absent whatever happens."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

from curation.core.errors import OutputError
from curation.core.events import Progress, ignore
from training import shards
from training.shards import Shards, Text, open_or_build, shards_key
from training.tokenizer.encode import Encoder
from training.tokenizer.settings import TokenizerSettings
from training.tokenizer.tokenizer import Tokenizer, train

TEXTS = ["The dog ran.  It ran away!", "", "caf\u00e9 \u4e2d\u6587\n\nTwo lines", "x", "a\u00a0b\u3000c"]


def trained(cache, preset="gpt2", **change):
    settings = TokenizerSettings(preset=preset, **{"vocab_size": 300, "min_frequency": 1, **change})
    return train(settings, lambda: iter(TEXTS), cache=cache, corpus="c", selection="s", words=1)


def build(folder, tokenizer, texts=TEXTS, *, workers=1, listen=ignore):
    def given():
        return (Text(text, "ab"[number % 2]) for number, text in enumerate(texts))

    return open_or_build(folder, tokenizer, given, sum(len(t.split()) for t in texts), workers, listen)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_documents_words_bytes_and_sources(tmp_path):
    """Every document's tokens, the words that begin in them, its bytes and its source; an empty one has no token."""
    tokenizer = trained(tmp_path)
    built = build(tmp_path / "k", tokenizer)
    assert built.tokens.dtype == np.uint16
    assert (built.words.dtype, built.documents.dtype, built.sources.dtype) == (np.uint8, np.int64, np.int16)
    assert built.source_names == ["a", "b"]
    assert built.sources.tolist() == [0, 1, 0, 1, 0]
    assert built.bytes.tolist() == [len(text.encode()) for text in TEXTS]
    for number, text in enumerate(TEXTS):
        part = slice(built.documents[number], built.documents[number + 1])
        ids = tokenizer.backend.encode(text, add_special_tokens=False).ids if text else []
        assert built.tokens[part].tolist() == ids
        assert built.words[part].sum() == len(text.split())
    assert built.words_total == sum(len(text.split()) for text in TEXTS)
    assert built.tokens_total == len(built.tokens) == built.documents[-1]
    assert built.sentences is None


def test_words_begin_where_they_are(tmp_path):
    """Not in the white space before them, also where only wide spaces stand between words."""
    built = build(tmp_path / "k", trained(tmp_path, vocab_size=260), ["ab  cd\n\ne\u3000f"])
    # The prefix space and each byte are tokens: " ab", two spaces, "cd", two newlines, "e", three bytes, "f".
    counted = "".join(map(str, built.words.tolist()))
    tokens = [trained(tmp_path, vocab_size=260).backend.id_to_token(int(number)) for number in built.tokens]
    begun = [token for token, words in zip(tokens, counted, strict=True) if words == "1"]
    assert [token.strip("\u0120")[:1] for token in begun] == ["a", "c", "e", "f"]


def test_more_words_than_a_token_can_hold():
    """A text whose words outnumber what its tokens can hold in a byte spreads them; what is left is recorded."""
    tokenizer = tokenizers.Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Split("|", behavior="removed")
    for text, tokens, lost in (("w " * 300, 1, 45), ("w " * 300 + "|x", 2, 0), ("x|" + "w " * 300, 2, 0)):
        encoded = Encoder(Tokenizer(tokenizer, None, {})).encode([text])
        assert len(encoded.ids) == tokens
        assert encoded.words.sum(dtype=int) + encoded.lost == len(text.split())
        assert encoded.lost == lost


def test_more_words_than_a_chunk_can_hold(tmp_path):
    """The same for our own: three hundred words that a normaliser drops wait for the next token."""
    tokenizer = trained(tmp_path, "bert")
    for text in ("\x01 " * 300 + "dog", "dog" + " \x01" * 300, "\x01 " * 300):
        encoded = Encoder(tokenizer).encode([text])
        assert encoded.words.sum(dtype=int) + encoded.lost == len(text.split())
    assert encoded.lost == 300


def test_sentences_and_paragraphs(tmp_path):
    """LTG-BERT's segmentation: sentences start where they do, a mark ends each line, blank lines are nothing."""
    tokenizer = trained(tmp_path, "ltg_bert")
    built = build(tmp_path / "k", tokenizer, ['He said "No." Then (well) he left.\n\n  \nNew line', "", "One"])
    marks = np.flatnonzero(built.tokens == tokenizer.id_of("paragraph"))
    assert len(built.sentences) == 4
    assert built.sentences[0] == 0
    assert built.sentences[2] == marks[0] + 1
    assert built.sentences[3] == built.documents[2] == marks[1] + 1
    assert marks[2] == len(built.tokens) - 1
    assert built.words.sum() == 10
    first = tokenizer.backend.decode(built.tokens[: built.sentences[1]].tolist())
    assert first.replace(" ", "") == 'Hesaid"No."'


@pytest.mark.parametrize(("size", "kind"), [(65_536, np.uint16), (65_537, np.uint32)])
def test_large_vocabularies(tmp_path, size, kind):
    """Ids beyond 65,535 take four bytes."""
    words = {f"w{number}": number for number in range(size)}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(words, unk_token="w0"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    built = build(tmp_path / "k", Tokenizer(tokenizer, None, {}), [f"w1 w{size - 1}"])
    assert built.tokens.dtype == kind
    assert built.tokens.tolist() == [1, size - 1]


def test_a_foreign_tokenizer_that_cuts_and_fills(tmp_path):
    """A tokenizer.json may carry truncation, padding and dropout: shards hold the whole text, the same each time."""
    tokenizer = trained(tmp_path).backend
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=9)
    tokenizer.model.dropout = 0.9
    built = build(tmp_path / "k", Tokenizer(tokenizer, None, {}))
    assert built.tokens.tolist() == [number for part in ids for number in part]
    assert tokenizer.truncation is not None  # the user's own object is as it was


def test_no_documents(tmp_path):
    """Shards of nothing can be written and mapped."""
    for texts in ([], ["", " \n"]):
        built = build(tmp_path / str(len(texts)), trained(tmp_path), texts)
        assert (built.words_total, len(built.documents)) == (0, len(texts) + 1)


@pytest.mark.parametrize("preset", ["gpt2", "ltg_bert"])
def test_files_are_the_same_for_any_batches_and_workers(tmp_path, monkeypatch, preset):
    """How the work is cut must not show in the files."""
    tokenizer = trained(tmp_path, preset)
    texts = [f"{text} {number}." for number in range(20) for text in TEXTS]
    build(tmp_path / "one", tokenizer, texts)
    monkeypatch.setattr(shards, "_DOCUMENTS", 7)
    build(tmp_path / "many", tokenizer, texts, workers=4)
    monkeypatch.setattr(shards, "_CHARACTERS", 1)
    build(tmp_path / "each", tokenizer, texts)
    assert contents(tmp_path / "one") == contents(tmp_path / "many") == contents(tmp_path / "each")


def test_one_document_as_long_as_everything(tmp_path):
    """Tables grow with what comes."""
    text = " ".join(f"word{number}" for number in range(30_000))
    built = build(tmp_path / "k", trained(tmp_path), [text, "dog", text])
    first, last = (built.tokens[built.documents[n] : built.documents[n + 1]] for n in (0, 2))
    assert (first == last).all()
    assert built.words_total == 60_001


def test_whole_shards_are_not_written_again(tmp_path):
    """They are mapped, and travel to a worker as a path."""
    tokenizer = trained(tmp_path)
    first = build(tmp_path / "k", tokenizer)

    def unread():
        raise AssertionError

    again = open_or_build(tmp_path / "k", tokenizer, unread, 1, 1, ignore)
    assert (again.tokens == first.tokens).all()
    assert isinstance(again.tokens, np.memmap)
    assert pickle.loads(pickle.dumps(again)).folder == again.folder  # noqa: S301


@pytest.mark.parametrize("name", ["meta.json", "tokens.bin", "words.bin", "documents.npy"])
def test_damaged_shards_are_written_again(tmp_path, name):
    """A cache that a full disk or a copy has cut is no cache."""
    tokenizer = trained(tmp_path)
    build(tmp_path / "k", tokenizer)
    before = contents(tmp_path / "k")
    file = tmp_path / "k" / name
    file.write_bytes(file.read_bytes()[:-2])
    build(tmp_path / "k", tokenizer)
    assert contents(tmp_path / "k") == before


def test_a_full_disk(tmp_path, monkeypatch):
    """The error says so, and nothing half written is left."""
    tokenizer = trained(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shards, "sync", full)
    with pytest.raises(OutputError, match="the disk is full"):
        build(tmp_path / "tokens" / "k", tokenizer)
    assert not list((tmp_path / "tokens").iterdir())


def test_an_interrupt_leaves_nothing(tmp_path):
    """Ctrl-C in the midst of it."""

    def stop(_event):
        raise KeyboardInterrupt

    tokenizer = trained(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "tokens" / "k", tokenizer, listen=stop)
    assert not list((tmp_path / "tokens").iterdir())


_SLOW = """
import pathlib, sys, time
from training.shards import Text, open_or_build
from training.tokenizer.tokenizer import Tokenizer
def texts():
    yield Text("a dog", "a")
    (pathlib.Path(sys.argv[1]) / "begun").touch()
    time.sleep(60)
folder = pathlib.Path(sys.argv[1])
open_or_build(folder / "tokens" / "k", Tokenizer.load(folder / "t.json"), texts, 1, 1, print)
"""


def test_killed_in_the_midst(tmp_path):
    """After kill -9 there are no shards, and the next build sweeps what was left."""
    tokenizer = trained(tmp_path)
    tokenizer.save(tmp_path / "t.json")
    process = subprocess.Popen([sys.executable, "-c", _SLOW, str(tmp_path)])
    until = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = (tmp_path / "tokens").iterdir()
    assert left.name.startswith(f".k.{process.pid}.")
    built = build(tmp_path / "tokens" / "k", tokenizer)
    assert built.words_total > 0
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["k"]


def test_another_process_was_first(tmp_path):
    """Two builds of the same shards: the second to end takes those of the first."""
    tokenizer = trained(tmp_path)
    folder = tmp_path / "tokens" / "k"
    inner = []

    def meanwhile(_event):
        if not inner:
            inner.append(None)
            inner[0] = build(folder, tokenizer).tokens.tolist()

    built = build(folder, tokenizer, listen=meanwhile)
    assert built.tokens.tolist() == inner[0]
    assert [path.name for path in folder.parent.iterdir()] == ["k"]


def test_progress_is_told(tmp_path):
    """In words, up to all of them."""
    events = []
    built = build(tmp_path / "k", trained(tmp_path), listen=events.append)
    assert all(isinstance(event, Progress) for event in events)
    assert (events[-1].done, events[-1].total, events[-1].unit) == (built.words_total, built.words_total, "words")


def test_the_key_names_all_that_the_tokens_depend_on(tmp_path):
    """Another corpus, choice, part or tokenizer is another folder; so is our tokenizer.json brought from outside."""
    ours = trained(tmp_path)
    others = [trained(tmp_path, vocab_size=290), trained(tmp_path, sentences=True), Tokenizer(ours.backend, None, {})]
    keys = [shards_key(tokenizer, "c", "s", "train") for tokenizer in (ours, *others)]
    keys += [shards_key(ours, *names) for names in (("d", "s", "train"), ("c", "t", "train"), ("c", "s", "heldout"))]
    assert len(set(keys)) == 7


def test_shards_are_opened_by_path(tmp_path):
    """An evaluation or a notebook needs nothing else."""
    built = build(tmp_path / "k", trained(tmp_path))
    assert (Shards(Path(built.folder)).tokens == built.tokens).all()
