"""Tokenizers: what each recipe's does with text, the record of its training, the cache, those from outside."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

from training.errors import TokenizerError
from training.tokenizer import backend
from training.tokenizer.settings import PRESETS, TokenizerSettings
from training.tokenizer.tokenizer import ROLES, Tokenizer, train

TEXTS = ["The dog didn't see the CATS 1,234 times.\nIt ran.", "caf\u00e9 \u4e2d\u6587 the dog the dog ran away"] * 5


def trained(tmp_path, preset, texts=TEXTS, **change):
    settings = TokenizerSettings(preset=preset, **{"vocab_size": 400, "min_frequency": 1, **change})
    return train(settings, lambda: iter(texts), cache=tmp_path, corpus="c1", selection="s1", words=9)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_specials_have_the_first_ids_in_order(tmp_path, preset):
    """Models and exports rely on the published ids."""
    tokenizer = trained(tmp_path, preset)
    assert [tokenizer.backend.id_to_token(n) for n in tokenizer.special_ids] == list(tokenizer.settings.specials)
    assert tokenizer.special_ids == tuple(range(len(tokenizer.settings.specials)))
    for role in ROLES:
        name = getattr(tokenizer.settings, role)
        assert tokenizer.id_of(role) == (None if name is None else tokenizer.settings.specials.index(name))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_template(tmp_path, preset):
    """On its own, a trained tokenizer puts the recipe's specials around one text and around a pair."""
    tokenizer = trained(tmp_path, preset)
    begin, end = tokenizer.id_of("begin"), tokenizer.id_of("end")
    one, pair = tokenizer.backend.encode("the dog").ids, tokenizer.backend.encode("the dog", "the dog").ids
    inner = tokenizer.backend.encode("the dog", add_special_tokens=False).ids
    if tokenizer.settings.template == "begin_end":
        assert one == [begin, *inner, end]
        assert pair == [begin, *inner, end, *inner, end]
    else:
        assert one == [begin, *inner]
        assert pair == [begin, *inner, begin, *inner]


@pytest.mark.parametrize("preset", ["babyllama", "gpt2", "gpt_bert", "ltg_bert", "roberta"])
def test_byte_level_tokenizers_give_the_text_back(tmp_path, preset):
    """All 256 bytes are in the alphabet, so nothing is unknown."""
    tokenizer = trained(tmp_path, preset)
    text = " It ran\u2026 na\u00efve \U0001f600 Zq7!"
    ids = tokenizer.backend.encode(text, add_special_tokens=False).ids
    wanted = text.replace("\u2026", "...") if tokenizer.settings.normalize.startswith("nfkc") else text
    assert tokenizer.backend.decode(ids).strip() == wanted.strip()


@pytest.mark.parametrize("preset", ["gpt_bert", "ltg_bert", "unigram"])
def test_digits_are_single(tmp_path, preset):
    """Numbers do not become tokens."""
    tokenizer = trained(tmp_path, preset, ["in 1234 1234 1234 days"] * 50)
    tokens = tokenizer.backend.encode("1234", add_special_tokens=False).tokens
    assert [token.strip("\u0120\u2581") for token in tokens if token.strip("\u0120\u2581")] == ["1", "2", "3", "4"]


def test_gpt_bert_normalises_lines(tmp_path):
    """A space before the text and after each newline, none before it."""
    tokenizer = trained(tmp_path, "gpt_bert")
    assert tokenizer.backend.normalizer.normalize_str("a \n\nb\n c") == " a\n \n b\n c"


def test_gpt_bert_pieces():
    """A word with its space and case; signs, digits and newlines apart; at most 24 characters after the space."""
    pipeline = backend.untrained(TokenizerSettings(preset="gpt_bert"))
    text = " Dog dogRAN didn't 12 ...\n " + "a" * 30
    pieces = [piece for piece, _ in pipeline.pre_tokenizer.pre_tokenize_str(text)]
    spaced = [piece.replace("\u0120", "_").replace("\u010a", "|") for piece in pieces]
    short = ["_Dog", "_dog", "RAN", "_didn", "'t", "_1", "2", "_...", "|"]
    assert spaced == [*short, "_" + "a" * 23, "a" * 7]


def test_the_longest_token(tmp_path):
    """GPT-BERT's tokens are bounded, GPT-2's are not."""
    texts = ["=" * 20 + " " + "abcdefghijklmnop" * 3] * 9
    bounded = trained(tmp_path, "gpt2", texts, longest_token=4)
    free = trained(tmp_path, "gpt2", texts)
    specials = set(free.settings.specials)
    assert max(map(len, set(bounded.backend.get_vocab()) - specials)) <= 4
    assert max(map(len, set(free.backend.get_vocab()) - specials)) > 24


def test_the_record_says_what_was_read(tmp_path):
    """It is an auxiliary model trained inside the budget: on which text, and how much of it."""
    tokenizer = trained(tmp_path, "gpt2")
    (file,) = tmp_path.glob("tokenizers/*/record.json")
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["digest"] == tokenizer.digest
    assert (record["external"], record["corpus"], record["words"]) == (False, "c1", 9)
    assert record["bytes"] == sum(len(text.encode()) for text in TEXTS)
    assert record["settings"]["preset"] == "gpt2"


def test_a_second_run_reads_the_cache(tmp_path):
    """No text is read again for the same corpus, selection and settings; another of any trains anew."""
    first = trained(tmp_path, "gpt2")

    def unread():
        raise AssertionError

    again = train(first.settings, unread, cache=tmp_path, corpus="c1", selection="s1", words=9)
    assert (again.digest, again.vocab_size) == (first.digest, first.vocab_size)
    for change in ({"corpus": "c2"}, {"selection": "s2"}):
        names = {"corpus": "c1", "selection": "s1", **change}
        train(first.settings, lambda: iter(TEXTS), cache=tmp_path, words=9, **names)
    assert len(list(tmp_path.glob("tokenizers/*"))) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": "c2"}, "the cached tokenizer was trained on another corpus"),
        ({"digest": "0"}, "the cached tokenizer was changed since it was trained"),
    ],
)
def test_a_cached_tokenizer_that_is_another(tmp_path, change, message):
    """A cache that was copied or edited is not believed."""
    tokenizer = trained(tmp_path, "gpt2")
    (file,) = tmp_path.glob("tokenizers/*/record.json")
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(TokenizerError, match=message) as caught:
        trained(tmp_path, tokenizer.settings.preset)
    assert caught.value.hint == "delete this folder of the cache"


def test_text_that_gives_no_tokens(tmp_path):
    """An empty corpus is told as one."""
    with pytest.raises(TokenizerError):
        trained(tmp_path, "bert", [""])
    with pytest.raises(TokenizerError):
        trained(tmp_path, "unigram", [""])
    assert not list(tmp_path.glob("tokenizers/*/record.json"))


_TRAIN = """
import sys, pathlib
from training.tokenizer.settings import TokenizerSettings
from training.tokenizer.tokenizer import train
texts = [f"word{n} w{n % 7} ab{'cd' * (n % 5)} the dogs ran {'xyz'[n % 3]}ing" for n in range(400)]
texts += [f"a{chr(0x100 + n)}b" for n in range(0, 80, 2)]  # characters that no piece is left for
for preset in sys.argv[2:]:
    settings = TokenizerSettings(preset=preset, vocab_size=450, min_frequency=1)
    cache = pathlib.Path(sys.argv[1])
    print(train(settings, lambda: iter(texts), cache=cache, corpus="c", selection="s", words=1).digest)
"""


def test_training_is_the_same_in_every_process(tmp_path):
    """The library's hash tables differ by process; ids, merges and scores must not."""
    found = set()
    for run in range(3):
        command = [sys.executable, "-c", _TRAIN, str(tmp_path / str(run)), *sorted(PRESETS)]
        found.add(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1


def test_a_tokenizer_from_outside(tmp_path):
    """Roles are found by the usual names, and the record says that its text is unknown."""
    saved = tmp_path / "tokenizer.json"
    ours = trained(tmp_path, "bert")
    ours.save(saved)
    outside = Tokenizer.load(saved)
    assert outside.settings is None
    assert outside.record["external"]
    assert outside.digest == ours.digest
    assert [outside.id_of(role) for role in ROLES] == [ours.id_of(role) for role in ROLES]


def test_a_vocabulary_with_gaps(tmp_path):
    """The embedding must have a row for the highest id, not for the number of tokens."""
    tokenizer = tokenizers.Tokenizer(models.WordLevel({"a": 0, "b": 9}, unk_token="a"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "t.json"))
    assert Tokenizer.load(tmp_path / "t.json").vocab_size == 10


@pytest.mark.parametrize("content", [None, "", "{}", "not json", b"\xff"])
def test_a_file_that_is_no_tokenizer(tmp_path, content):
    """A typed error that names the file."""
    file = tmp_path / "t.json"
    if isinstance(content, str):
        file.write_text(content, encoding="utf-8")
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(TokenizerError) as caught:
        Tokenizer.load(file)
    assert caught.value.where == str(file)


def test_threads_leave_the_environment_as_it_was(monkeypatch):
    """The library is told by an environment variable, which is the user's."""
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    with backend.threads(many=False):
        pass
    assert "TOKENIZERS_PARALLELISM" not in backend.os.environ
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    with backend.threads(many=False):
        assert backend.os.environ["TOKENIZERS_PARALLELISM"] == "false"
    assert backend.os.environ["TOKENIZERS_PARALLELISM"] == "true"


def test_continuing_puts_nothing_in_front():
    """Prefix space, Metaspace and Prepend are for the start of a text."""
    for preset in PRESETS:
        pipeline = backend.untrained(TokenizerSettings(preset=preset))
        on = backend.continuing(pipeline)
        text = "dog" if on.normalizer is None else on.normalizer.normalize_str("dog")
        assert "".join(piece for piece, _ in on.pre_tokenizer.pre_tokenize_str(text)) == "dog"


def test_scores_that_depend_on_the_order_of_words_are_settled():
    """As two runs on 10M words differed: characters without a piece in another order, sums in the last digit."""
    one = [["the", -2.0], ["ab", -17.0], ["x", -9.00000000001], ["\u0163", -17.5], ["\u01a1", -17.4999]]
    other = [["the", -2.0], ["ab", -17.0], ["x", -9.0], ["\u01a1", -17.5], ["\u0163", -17.4999]]
    settled = [["the", -2.0], ["x", -9.0], ["ab", -17.0], ["\u0163", -17.5], ["\u01a1", -17.5]]
    assert backend._settled(one) == backend._settled(other) == settled
