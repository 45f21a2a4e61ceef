"""Peer: Hugging Face datasets for reading, normalising and rules; datasketch for MinHash.

Chosen, and why:
- `load_dataset` on both file sets, concatenated; one `map` over batches of 1,000 in two
  processes normalises, applies the rules and makes the signatures, so that the text passes
  through Arrow once. Documents that break a rule leave the batch before they are hashed.
- `MinHash.bulk`, datasketch's batch call (it shares the permutations over documents), with
  the affine32 scheme, the fast one since 2.0, and xxhash in place of SHA-1, as its docs
  advise. Signatures travel as 512 raw bytes a document.
- Exact duplicates by a 128-bit hash of the text in the main process, before the LSH.
- `MinHashLSH(threshold=0.8)` in memory with datasketch's own choice of bands, inserting
  without its duplicate-key check; candidates are dropped as they come, which is the usual
  use. (Its optional second check by estimated Jaccard would raise precision and cost recall.)
"""

import argparse
import os

from common import (
    PERMUTATIONS,
    SHINGLE,
    THRESHOLD,
    WORKERS,
    Job,
    first_words,
    read_job,
    report,
    write_ledger,
)

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from datasets import Dataset, concatenate_datasets, load_dataset
from datasets.utils.logging import disable_progress_bar
from datasketch import MinHash, MinHashLSH

from tests.benchmark.spec import failed_rule, normalise

Batch = dict[str, list]


def shingles(text: str) -> set[str]:
    """The set of word 5-grams."""
    w = text.split()
    return set(map(" ".join, zip(*(w[i:] for i in range(SHINGLE)), strict=False)))


def process(batch: Batch) -> Batch:
    """Normalise, drop what breaks a rule, and sketch the rest."""
    rows = [
        (key, text)
        for key, text in zip(batch["key"], map(normalise, batch["text"]), strict=True)
        if failed_rule(text) is None
    ]
    texts = [text for _, text in rows]
    sketches = MinHash.bulk(map(shingles, texts), num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
    return {
        "key": [key for key, _ in rows],
        "text": texts,
        "n": [len(text.split()) for text in texts],
        "digest": [xxhash.xxh3_128_digest(text) for text in texts],
        "sketch": [sketch.hashvalues.tobytes() for sketch in sketches],
    }


def read(job: Job) -> Dataset:
    """Both halves of the input as one dataset."""
    cache = str(job.out / "cache")
    halves = [
        load_dataset(kind, data_files=[str(p) for p in paths], split="train", cache_dir=cache)
        for kind, paths in (("parquet", job.parquet), ("json", job.jsonl))
    ]
    return concatenate_datasets([half.select_columns(["text", "key"]) for half in halves])


def duplicates(documents: Dataset) -> tuple[list[int], int]:
    """The rows to keep, and how many exact duplicates there were."""
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    model = MinHash(num_perm=PERMUTATIONS)
    seen: set[bytes] = set()
    kept: list[int] = []
    row = exact = 0
    columns = documents.select_columns(["digest", "sketch"])
    for batch in columns.with_format("arrow").iter(10_000):
        rows = zip(batch["digest"].to_pylist(), batch["sketch"].to_pylist(), strict=True)
        for digest, sketch in rows:
            if digest in seen:
                exact += 1
            else:
                seen.add(digest)
                minhash = MinHash(
                    hashvalues=np.frombuffer(sketch, dtype=np.uint32),
                    permutations=model.permutations,
                    scheme=model.scheme,
                )
                if not lsh.query(minhash):
                    lsh.insert(row, minhash, check_duplication=False)
                    kept.append(row)
            row += 1
    return kept, exact


def select(documents: Dataset, job: Job) -> tuple[Dataset, int]:
    """As many documents, in a seeded random order, as hold the budget; and the last's words."""
    counts = np.array(column(documents, "n"))
    order = np.random.default_rng(job.seed).permutation(len(counts))
    total = np.cumsum(counts[order])
    size = int(np.searchsorted(total, job.budget)) + 1
    before = int(total[size - 2]) if size > 1 else 0
    return documents.select(order[:size]), job.budget - before


def write(chosen: Dataset, room: int, job: Job) -> None:
    """Write the corpus, the last document cut to `room` words (`to_parquet` knows no zstd)."""
    last = chosen[len(chosen) - 1]
    tail = {"key": [last["key"]], "text": [first_words(last["text"], room)]}
    whole = chosen.select(range(len(chosen) - 1)).select_columns(list(tail)).with_format("arrow")
    schema = pa.schema([(name, pa.string()) for name in tail])
    with pq.ParquetWriter(job.out / "corpus.parquet", schema, compression="zstd") as out:
        for table in whole.iter(10_000):
            out.write_table(table.cast(schema))
        out.write_table(pa.table(tail, schema=schema))


def column(documents: Dataset, name: str) -> list:
    """A whole column, by way of Arrow."""
    return documents.select_columns(name).with_format("arrow")[:][name].to_pylist()


def main() -> None:
    """Command line."""
    job, _ = read_job(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    disable_progress_bar()
    documents = read(job)
    passing = documents.map(process, batched=True, num_proc=WORKERS, remove_columns=documents.column_names)
    rows, exact = duplicates(passing)
    kept = passing.select(rows)
    chosen, room = select(kept, job)
    write(chosen, room, job)

    every, passed = set(column(documents, "key")), set(column(passing, "key"))
    left, taken = set(column(kept, "key")), set(column(chosen, "key"))
    steps = {
        "rules": every - passed,
        "dedup": passed - left,
        "budget": left - taken,
        "selected": taken,
    }
    write_ledger(job.out, steps)
    report(
        documents=len(every), rules=len(every) - len(passed), exact=exact,
        near=len(passed) - len(left) - exact, kept=len(left), selected=len(taken),
    )  # fmt: skip


if __name__ == "__main__":
    main()
