"""Peer: polars expressions for reading, normalising, rules and budget; rensa for MinHash.

Chosen, and why:
- One lazy query over both scans, collected by the streaming engine on two threads; the
  normaliser and the rules are native string expressions (regex counts, no Python per row).
- Exact duplicates by `unique` on the normalised text.
- Word 5-grams are hashed by polars and numpy, not as Python strings, and go to rensa as one
  flat buffer (`RMinHash.digest_matrix_from_flat_token_hashes`, its zero-copy batch call):
  rensa's own token lists would cost several times more.
- rensa's one-shot LSH flags say which documents share a band with any other; only these
  (about a quarter) go through `RMinHashDeduplicator`, the API its README recommends, which
  keeps first occurrences and checks the estimated Jaccard against 0.8. Sixteen bands of
  eight rows: the S-curve passes 0.95 at 0.8; rensa's README uses eight, which misses most
  pairs near the threshold. The Rho sketch is faster but samples tokens, so it is not used.
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
)

os.environ.setdefault("POLARS_MAX_THREADS", str(WORKERS))
os.environ.setdefault("RAYON_NUM_THREADS", str(WORKERS))

import numpy as np
import polars as pl
from rensa import RMinHash, RMinHashDeduplicator, RMinHashLSH

BANDS = 16
SLICE = 20_000
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def normalised(text: pl.Expr) -> pl.Expr:
    """Return NFC without control or zero-width characters, white space laid out one way.

    Single blanks, none around line ends,
    at most one blank line.
    """
    return (
        text.str.normalize("NFC")
        .str.replace_all(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u{200b}-\u{200d}\u{2060}\u{feff}]", "")
        .str.replace_all(r"[ \t]{2,}|\t", " ")
        .str.replace_all(" \n", "\n", literal=True)
        .str.replace_all("\n ", "\n", literal=True)
        .str.strip_chars(" \n")
        .str.replace_all(r"\n{3,}", "\n\n")
    )


def passes(text: pl.Expr, n: pl.Expr) -> pl.Expr:
    """The eleven rules; lines are the non-blank ones."""
    string = text.str
    lines = string.count_matches(r"(?m)^[^\S\n]*\S")
    short = string.count_matches(r"(?m)^.{1,30}$") - string.count_matches(r"(?m)^[^\S\n]{1,30}$")
    stops = pl.sum_horizontal(string.contains(rf"(?i)(?:^|\s){word}(?:\s|$)").cast(pl.UInt8) for word in STOP_WORDS)
    blanks = (  # literals are counted without the regex engine
        string.count_matches(" ", literal=True)
        + string.count_matches("\n", literal=True)
        + string.count_matches(r"[\s--[ \n]]")
    )
    ellipses = string.count_matches("...", literal=True) + string.count_matches("…", literal=True)
    return pl.all_horizontal(
        n.is_between(50, 100_000),
        ((string.len_chars() - blanks) / n).is_between(3, 10),
        string.count_matches("#", literal=True) / n <= 0.1,
        ellipses / n <= 0.1,
        string.count_matches(r"(?m)^[^\S\n]*[•\-]") / lines <= 0.9,
        string.count_matches(r"(?m)(?:\.\.\.|…)[^\S\n]*$") / lines <= 0.3,
        string.count_matches(r"[^\s\p{L}]*\p{L}\S*") / n >= 0.8,
        stops >= 2,
        string.count_matches(r"""(?m)[.!?'"”’…][^\S\n]*$""") / lines >= 0.12,
        short / lines <= 0.67,
        string.count_matches("\n", literal=True) / n <= 0.3,
    )


def read(job: Job) -> pl.DataFrame:
    """All documents, normalised, with their word count and whether the rules keep them."""
    schema = {"text": pl.String, "key": pl.String}
    documents = pl.concat(
        [
            pl.scan_parquet(job.parquet).select("text", "key"),
            pl.scan_ndjson(job.jsonl, schema=schema).select("text", "key"),
        ]
    )
    text, n = pl.col("text"), pl.col("n")
    return (
        documents.with_columns(text=normalised(text))
        .with_columns(n=text.str.count_matches(r"\S+"))
        .with_columns(passes=passes(text, n))
        .collect(engine="streaming")
    )


def shingle_hashes(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The hashed word 5-grams of all texts in one buffer, and where each text's end."""
    flat, sizes = [], []
    for start in range(0, len(texts), SLICE):
        words = texts.slice(start, SLICE).str.extract_all(r"\S+")
        counts = words.list.len().to_numpy().astype(np.int64)
        hashes = words.explode().hash(seed=1).to_numpy()
        size = len(hashes) - SHINGLE + 1
        rolled = hashes[:size].copy()
        for step in range(1, SHINGLE):
            rolled *= MULTIPLIER
            rolled += hashes[step : step + size]
        ends = np.cumsum(counts)
        inside = np.ones(size, dtype=bool)
        for back in range(1, SHINGLE):  # 5-grams that would run into the next text
            inside[ends[:-1] - back] = False
        flat.append(rolled[inside])
        sizes.append(counts - SHINGLE + 1)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.uint64)
    return np.concatenate(flat), offsets


def near_duplicates(texts: pl.Series) -> np.ndarray:
    """Whether each text is a near duplicate of an earlier one that is kept."""
    hashes, offsets = shingle_hashes(texts)
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, 42)
    lsh = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    flagged = np.flatnonzero(lsh.query_duplicate_flags_matrix_one_shot(digests))
    tokens = ((str(i), hashes[offsets[i] : offsets[i + 1]].view("V8").tolist()) for i in flagged)
    deduplicator = RMinHashDeduplicator(THRESHOLD, PERMUTATIONS, use_lsh=True, num_bands=BANDS)
    dropped = np.zeros(len(texts), dtype=bool)
    dropped[flagged] = ~np.array(deduplicator.add_pairs(tokens), dtype=bool)
    return dropped


def select(documents: pl.DataFrame, job: Job) -> pl.DataFrame:
    """Exactly the budget's words in a seeded random order; the last document is cut."""
    shuffled = documents.sample(fraction=1, shuffle=True, seed=job.seed)
    before = pl.col("n").cum_sum() - pl.col("n")
    chosen = shuffled.with_columns(room=job.budget - before.cast(pl.Int64)).filter(pl.col("room") > 0)
    last = chosen.row(-1, named=True)
    cut = first_words(last["text"], last["room"])
    return pl.concat([chosen[:-1], chosen[-1:].with_columns(text=pl.lit(cut))])


def main() -> None:
    """Command line."""
    job, _ = read_job(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    documents = read(job)
    passing = documents.filter("passes").select("key", "text", "n")
    distinct = passing.unique("text", keep="first", maintain_order=True)
    kept = distinct.filter(~pl.Series(near_duplicates(distinct["text"])))
    chosen = select(kept, job)
    chosen.select("key", "text").write_parquet(job.out / "corpus.parquet", compression="zstd")

    key = pl.col("key")
    step = (
        pl.when(key.is_in(chosen["key"].implode()))
        .then(pl.lit("selected"))
        .when(key.is_in(kept["key"].implode()))
        .then(pl.lit("budget"))
        .when("passes")
        .then(pl.lit("dedup"))
        .otherwise(pl.lit("rules"))
    )
    documents.select(key, step=step).write_parquet(job.out / "ledger.parquet", compression="zstd")
    report(
        documents=len(documents), rules=len(documents) - len(passing),
        exact=len(passing) - len(distinct), near=len(distinct) - len(kept),
        kept=len(kept), selected=len(chosen),
    )  # fmt: skip


if __name__ == "__main__":
    main()
