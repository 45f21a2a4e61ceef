"""Real text: chunks against whole documents, and words against the corpus, on what people wrote."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
import zstandard

from curation.core.events import ignore
from training.shards import Text, open_or_build
from training.tokenizer.backend import for_text
from training.tokenizer.settings import PRESETS, TokenizerSettings
from training.tokenizer.tokenizer import train

SHARED = Path(os.environ.get("CURATE_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason=f"no real data in {SHARED.parent.name}/{SHARED.name} (CURATE_SHARED_DATA)"
    ),
]


@pytest.fixture(scope="module")
def articles() -> list[str]:
    """Return some hundred articles of the Simple English Wikipedia, as the challenge lays them out."""
    file = SHARED / "text/open/babylm_form/simple_wiki.train.zst"
    with file.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as plain:
        text = io.TextIOWrapper(plain, encoding="utf-8").read(500_000)
    return text.split("\n\n")[:-1]


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"ltg_bert"}))
def test_real_text_is_tokenized_as_whole_documents_are(tmp_path, articles, preset):
    """The tokens of every document are those of `tokenizers` on the whole text; the words are `str.split`'s."""
    words = sum(len(article.split()) for article in articles)
    settings = TokenizerSettings(preset=preset, vocab_size=2048)
    tokenizer = train(settings, lambda: iter(articles), cache=tmp_path, corpus="c", selection="s", words=words)
    built = open_or_build(
        tmp_path / "k", tokenizer, lambda: (Text(article, "wiki") for article in articles), words, 1, ignore
    )
    encoded = for_text(tokenizer.backend).encode_batch_fast(articles, add_special_tokens=False)
    assert built.tokens.tolist() == [number for encoding in encoded for number in encoding.ids]
    assert built.words_total == words
    assert len(articles) > 100
