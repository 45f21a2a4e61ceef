"""The second implementation agrees with the first on any text: words, ids and canonical digest."""

import hashlib
import struct

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.audit.counting import count, parquet_files
from curation.audit.hashes import ids_at, ids_of_keys, mix
from curation.audit.splits import LineReader
from curation.core.schema import id_array
from curation.corpus import DOCUMENTS, CorpusWriter
from curation.engine.ledger import hex_ids
from curation.kernels.hashing import key_ids, position_ids
from curation.steps.intake import seed_halves
from tests.unit.helpers import buffers, fresh_folder

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=8)


@given(TEXTS, st.text(max_size=5))
def test_ids_of_positions_and_keys(texts, name):
    """An audit that makes ids by the kernels that made them would prove nothing; it must still get the same."""
    positions = np.array([1, 2, 7, 2**40, 2**62], np.int64)
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    assert (ids_at(name, sha256, 1, positions) == position_ids(*seed_halves(name, sha256, "1"), positions)).all()
    assert (ids_of_keys(name, texts) == key_ids(*seed_halves(name, "key"), *buffers(texts))).all()


@given(TEXTS, st.integers(1, 3))
def test_words_and_digest(texts, batches):
    """Any Unicode, in any number of batches."""
    n = len(texts)
    ids = np.arange(2 * n, dtype=np.uint64).reshape(n, 2)
    words = np.array([len(text.split()) for text in texts], np.int32)
    columns = {
        "id": hex_ids(id_array(ids)), "source": ["s"] * n, "text": texts, "words": words, "parent": [None] * n,
        "origin": ["human"] * n, "meta": [None] * n, "image": [None] * n,
    }  # fmt: skip
    batch = pa.RecordBatch.from_arrays([pa.array(columns[one.name], one.type) for one in DOCUMENTS], schema=DOCUMENTS)
    raw = np.ascontiguousarray(ids.astype(">u8")).view(np.uint8).reshape(-1)
    with fresh_folder() as folder:
        writer = CorpusWriter(folder / "data", shard_words=1000, compression="zstd", text_folder=folder / "text")
        size = -(-n // batches)
        for start in range(0, n, size):
            writer.write(batch.slice(start, size), raw[16 * start : 16 * (start + size)])
        digest = writer.close()
        counted = count(parquet_files(folder / "data"), exports=True)
        assert (counted.digest, counted.words, counted.documents) == (digest, int(words.sum()), n)
        assert counted.wrong_total == 0
        export = hashlib.sha256((folder / "text" / "s.train").read_bytes()).hexdigest()
        assert counted.exports == {"s": export}
    plain = hashlib.sha256()
    for row, text in enumerate(texts):
        plain.update(
            struct.pack(">QQ", 2 * row, 2 * row + 1) + struct.pack("<qq", len(text.split()), len(text.encode()))
        )
        plain.update(text.encode())
    assert plain.hexdigest() == digest


@given(st.lists(st.integers(0, 30), max_size=30))
def test_passages_are_long_enough(lengths):
    """No passage has less than twenty words, and every long line is one."""
    reader = LineReader()
    reader.add(" ".join(f"w{line}-{word}" for word in range(length)) for line, length in enumerate(lengths))
    lines = reader.lines()
    assert lines.words.tolist() == [length for length in lengths if length]
    hashes, starts, sizes = lines.passages()
    assert len(hashes) == len(set(hashes.tolist()))
    covered = [int(lines.words[start : start + size].sum()) for start, size in zip(starts, sizes, strict=True)]
    assert all(words >= 20 for words in covered)
    assert sum(size == 1 for size in sizes) == sum(length >= 20 for length in lengths)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_mixing_loses_nothing(values):
    """Different values stay different."""
    assert len(set(mix(np.array(values, np.uint64)).tolist())) == len(set(values))
