"""Tokenizer settings: presets, what they reject."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from training.tokenizer.settings import PRESETS, TokenizerSettings


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_values_beside_a_preset_change_it(preset):
    """One mechanism: a preset is its values, and what stands beside it wins."""
    published = TokenizerSettings(preset=preset)
    changed = TokenizerSettings(preset=preset, vocab_size=4096)
    assert published.model_dump() | {"vocab_size": 4096} == changed.model_dump()


def test_ltg_bert_as_published():
    """models.md §2: seven specials in this order, case kept, minimum frequency 10."""
    settings = TokenizerSettings(preset="ltg_bert")
    assert settings.specials == ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[PAR]", "[TAB]")
    assert (settings.vocab_size, settings.min_frequency, settings.normalize) == (16384, 10, "none")
    assert settings.sentences


def test_gpt_bert_as_published():
    """models.md §4: sixteen specials, pieces of at most 24 characters."""
    settings = TokenizerSettings(preset="gpt_bert")
    assert len(settings.specials) == 16
    assert settings.specials[:5] == ("<unk>", "<s>", "</s>", "<pad>", "<mask>")
    assert settings.longest_token == 24


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": "<none>"}, "mask '<none>' is not among specials"),
        ({"vocab_size": 261}, "leaves no room beside the specials and the 256 bytes"),
        ({"specials": ("<unk>", "<s>", "</s>", "<pad>", "mask")}, "special 'mask' could be a word of the text"),
        ({"specials": ("<s>", "</s>", "<pad>", "<|>")}, "could be a word of the text"),
        ({"specials": ("<s>", "<s>", "</s>", "<pad>")}, "a special is listed twice"),
        ({"kind": "unigram", "split": "spaces"}, "unigram needs an `unknown` special"),
        ({"vocabsize": 5}, "Extra inputs are not permitted"),
        ({"preset": "gtp2"}, "Input should be"),
    ],
)
def test_settings_that_do_not_fit(change, message):
    """Each says what is wrong, before any text is read."""
    with pytest.raises(ValidationError, match=message):
        TokenizerSettings(**change)


def test_settings_load_no_library():
    """A recipe can be checked where neither torch nor tokenizers is installed."""
    code = "import sys, training.tokenizer.settings; print({'torch', 'tokenizers', 'numba'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
