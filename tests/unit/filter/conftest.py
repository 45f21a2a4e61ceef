"""Documents for the tests of filters, and the texts that Hypothesis tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from curation.core.schema import ALIVE, DOCUMENT, FROM_SOURCE, Documents

MakeDocs = Callable[[Sequence[str]], Documents]


def make_docs(texts: Sequence[str]) -> Documents:
    """Return documents with these texts, as a source would."""
    n = len(texts)
    words = np.array([len(text.split()) for text in texts], np.int32)
    columns = {
        "id": pa.array([row.to_bytes(16, "big") for row in range(n)], pa.binary(16)),
        "source": np.zeros(n, np.int16),
        "file": np.zeros(n, np.int32),
        "position": np.arange(1, n + 1),
        "text": pa.array(texts, pa.large_string()),
        "words_read": words,
        "words": words,
        "born": np.full(n, FROM_SOURCE, np.int16),
        "origin": pa.array(["human"] * n, pa.string()),
        "step": np.full(n, ALIVE, np.int16),
    }
    arrays = [
        pa.array(columns[field.name], type=field.type) if field.name in columns else pa.nulls(n, field.type)
        for field in DOCUMENT
    ]
    return Documents(pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT))


@pytest.fixture(scope="session")
def docs() -> MakeDocs:
    """Return the function that makes documents of texts."""
    return make_docs
