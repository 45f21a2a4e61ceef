"""What the tests of training share: one tiny corpus, a place for what is computed from it, and runs on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.corpus import Corpus
from tests.tiny_training import tiny_corpus, tiny_recipe
from training.run import Run
from training.train import Options, train


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Corpus:
    """Return a tiny corpus, which no test may change."""
    return tiny_corpus(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def training_cache(tmp_path_factory) -> Path:
    """Return a cache of tokenizers and shards."""
    return tmp_path_factory.mktemp("training_cache")


@pytest.fixture
def trained(tiny, training_cache, tmp_path, monkeypatch) -> Callable[..., Run]:
    """Return what trains on the tiny corpus with one thread: changes of the recipe, options of the run."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def run(changes: dict[str, Any] | None = None, **options: Any) -> Run:
        options = {"corpus": tiny.folder, "out": tmp_path / "run", "cache": training_cache, **options}
        return train(tiny_recipe(changes), Options(**options))

    return run
