"""Peer: datatrove readers, filters and its four-stage MinHash, on LocalPipelineExecutor.

Chosen, and why:
- Two tasks on two workers, each reading half of the Parquet and half of the JSON lines
  files (readers chain); processes start by fork, which spares each stage the imports.
- The rules are one BaseFilter, as its C4 and Gopher filters are written; normalising is a
  formatter. The signature step hangs on behind the writer of the filtered documents, so
  the text is read once less than in its example.
- datatrove's default MinhashConfig (14 buckets of 8 hashes of 64 bits, xxhash), which its
  authors recommend; its S-curve is at 0.92 for 0.8
  (and at 0.56 for 0.7: it aims below the workload's threshold), with no check of candidates.
- Words are `str.split()` tokens without its text simplifying, as the workload asks, by way
  of its WordTokenizer interface: also much faster than its default spaCy tokenizer, which
  `--tokenizer english` brings back together with the simplifying.
- No exact stage: equal texts have equal signatures, so MinHash removes them as well.
- Choosing the budget is no part of datatrove: pyarrow does it.
"""

import argparse
import logging
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from common import SHINGLE, WORKERS, Job, first_words, read_job, report, write_ledger
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.formatters.base import BaseFormatter
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.logging import logger
from datatrove.utils.text import TextNormConfig
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import WordTokenizer

from tests.benchmark.spec import failed_rule, normalise

PLAIN = TextNormConfig(
    lowercase=False,
    norm_whitespace=False,
    remove_punctuation=False,
    norm_unicode_diacritics=False,
    norm_numbers=False,
)
SCHEMA = pa.schema([("key", pa.string()), ("text", pa.string())])


class Whitespace(WordTokenizer):
    """Words as `str.split()` finds them."""

    def word_tokenize(self, text: str) -> list[str]:
        """The words."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Not used by MinHash."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Not used by MinHash."""
        raise NotImplementedError


class Normalise(BaseFormatter):
    """The workload's normaliser."""

    name = "normalise"

    def format(self, text: str) -> str:
        """One text."""
        return normalise(text)


class Rules(BaseFilter):
    """The workload's eleven rules."""

    name = "rules"

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether to keep the document, or the rule that it breaks."""
        rule = failed_rule(doc.text)
        return True if rule is None else (False, rule)


def as_key(_writer: object, document: Document) -> dict[str, str]:
    """The key alone, for documents that are removed."""
    return {"key": document.id}


def as_row(_writer: object, document: Document) -> dict[str, str]:
    """The columns that are written."""
    return {"key": document.id, "text": document.text}


def run(job: Job, name: str, tasks: int, *steps: PipelineStep) -> None:
    """Run one pipeline on all workers."""
    LocalPipelineExecutor(
        list(steps),
        tasks=tasks,
        workers=min(WORKERS, tasks),
        logging_dir=str(job.out / "logs" / name),
        skip_completed=False,
        start_method="fork",
    ).run()


def deduplicate(job: Job, tokenizer: str) -> None:
    """Leave the kept documents in job.out/kept, the removed keys in no_rules and no_dedup."""
    plain = tokenizer == "whitespace"
    config = MinhashConfig(n_grams=SHINGLE, seed=job.seed, norm_config=PLAIN if plain else TextNormConfig())
    out = {name: str(job.out / name) for name in ("filtered", "signatures", "pairs", "remove")}

    def writer(folder: str) -> ParquetWriter:
        return ParquetWriter(folder, compression="zstd", adapter=as_row, schema=SCHEMA)

    def removed(by: str) -> ParquetWriter:
        return ParquetWriter(str(job.out / f"no_{by}"), compression="zstd", adapter=as_key)

    run(
        job, "filter", WORKERS,
        ParquetReader(str(job.data / "parquet"), id_key="key", glob_pattern="*.parquet"),
        JsonlReader(str(job.data / "jsonl"), id_key="key", glob_pattern="*.jsonl"),
        Normalise(),
        Rules(exclusion_writer=removed("rules")),
        writer(out["filtered"]),
        MinhashDedupSignature(
            out["signatures"], config=config, language=Whitespace() if plain else Languages.english
        ),
    )  # fmt: skip
    run(
        job, "buckets", config.num_buckets,
        MinhashDedupBuckets(out["signatures"], out["pairs"], config=config, lines_to_buffer=1_000),
    )  # fmt: skip
    run(
        job, "cluster", 1,
        MinhashDedupCluster(out["pairs"], out["remove"], config=config, lines_to_buffer=1_000),
    )  # fmt: skip
    run(
        job, "remove", WORKERS,
        ParquetReader(out["filtered"], id_key="key", glob_pattern="*.parquet"),
        MinhashDedupFilter(out["remove"], exclusion_writer=removed("dedup")),
        writer(str(job.out / "kept")),
    )  # fmt: skip


def keys(folder: Path) -> list[str]:
    """The `key` column of a folder's files."""
    return pq.read_table(folder, columns=["key"])["key"].to_pylist()


def select(job: Job) -> tuple[list[str], list[str]]:
    """Write the corpus of exactly the budget's words; return its keys and all kept keys."""
    table = pa.concat_tables(pq.read_table(p) for p in sorted((job.out / "kept").glob("*.parquet")))
    order = list(range(len(table)))
    random.Random(job.seed).shuffle(order)
    chosen, texts, room = [], [], job.budget
    column = table["text"].combine_chunks()
    for row in order:
        text = column[row].as_py()
        size = len(text.split())
        chosen.append(row)
        texts.append(text if size <= room else first_words(text, room))
        room -= size
        if room <= 0:
            break
    taken = table["key"].take(chosen)
    corpus = pa.table({"key": taken, "text": texts})
    pq.write_table(corpus, job.out / "corpus.parquet", compression="zstd")
    return taken.to_pylist(), table["key"].to_pylist()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", choices=("whitespace", "english"), default="whitespace")
    job, args = read_job(parser)
    logger.remove()
    logging.disable(logging.INFO)
    deduplicate(job, args.tokenizer)
    chosen, kept = select(job)

    by_rules, by_dedup, taken = (
        keys(job.out / "no_rules"),
        keys(job.out / "no_dedup"),
        set(chosen),
    )
    steps = {
        "rules": by_rules,
        "dedup": by_dedup,
        "budget": [key for key in kept if key not in taken],
        "selected": chosen,
    }
    write_ledger(job.out, steps)
    report(
        documents=len(by_rules) + len(by_dedup) + len(kept), rules=len(by_rules),
        near=len(by_dedup), kept=len(kept), selected=len(chosen),
    )  # fmt: skip


if __name__ == "__main__":
    main()
