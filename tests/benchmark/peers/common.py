"""What the peers share: arguments, the ledger, cutting at a word, and the report."""

import argparse
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# The peers run as scripts: make the reference rules of the benchmark importable.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

THRESHOLD = 0.8
PERMUTATIONS = 128
SHINGLE = 5
WORKERS = 2


@dataclass(frozen=True)
class Job:
    """Where a peer reads and writes, and how much it has to choose."""

    data: Path
    out: Path
    budget: int
    seed: int

    @property
    def parquet(self) -> list[Path]:
        """The Parquet half of the input."""
        return sorted((self.data / "parquet").glob("*.parquet"))

    @property
    def jsonl(self) -> list[Path]:
        """The JSON lines half of the input."""
        return sorted((self.data / "jsonl").glob("*.jsonl"))


def read_job(parser: argparse.ArgumentParser) -> tuple[Job, argparse.Namespace]:
    """The job of the command line; the corpus's params.json gives its budget and seed."""
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    params = json.loads((args.data / "params.json").read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    return Job(args.data, args.out, params["budget"], params["seed"]), args


def first_words(text: str, count: int) -> str:
    """The text up to the end of its word number `count`."""
    for number, match in enumerate(re.finditer(r"\S+", text), start=1):
        if number == count:
            return text[: match.end()]
    return text


def write_ledger(out: Path, steps: dict[str, Iterable[str]]) -> None:
    """Write ledger.parquet: what became of each key (rules, dedup, budget or selected)."""
    keys: list[str] = []
    names: list[str] = []
    for step, members in steps.items():
        before = len(keys)
        keys.extend(members)
        names.extend([step] * (len(keys) - before))
    table = pa.table({"key": keys, "step": pa.array(names).dictionary_encode()})
    pq.write_table(table, out / "ledger.parquet", compression="zstd")


def report(**figures: int | str) -> None:
    """Print the figures as one JSON line."""
    print(json.dumps(figures))
