"""Makes the benchmark's input and its exact truth: `python -m tests.benchmark.corpus`.

DIR/parquet/*.parquet and DIR/jsonl/*.jsonl hold half of the documents each, in columns
`text` and `key`. DIR/truth.parquet has a row a document: key, kind (base, exact, near,
borderline), origin (the key it was made from), words, rule (the first rule it breaks, or
null) and component (of the graph of Jaccard >= 0.8 among rule-passing documents, or -1).
DIR/pairs.parquet lists that graph. DIR/params.json, written last, marks a finished corpus.
"""

import argparse
import itertools
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmark import edits, pool, truth
from tests.benchmark.spec import failed_rule, normalise

# Raise it when the generator changes: corpora of other versions are made anew.
VERSION = 2
SHARES = {"base": 0.80, "exact": 0.05, "near": 0.10, "borderline": 0.05}
WORDS_PER_FILE = 2_500_000
VOCABULARY_SAMPLE = 2_000


@dataclass(frozen=True)
class Params:
    """What a corpus is made from; equal parameters give equal bytes of text."""

    words: int
    seed: int = 1
    version: int = VERSION

    @property
    def budget(self) -> int:
        """The words that a build has to choose."""
        return self.words // 2


@dataclass
class Made:
    """One document of the corpus."""

    text: str
    kind: str
    origin: int | None = None


def parse_words(text: str) -> int:
    """'20M' -> 20000000."""
    scale = {"K": 1_000, "M": 1_000_000}.get(text[-1:].upper())
    return int(float(text[:-1]) * scale) if scale else int(text)


def load_params(directory: Path) -> Params | None:
    """The parameters of a finished corpus, or None."""
    path = directory / "params.json"
    if not path.exists():
        return None
    saved = json.loads(path.read_text())
    return Params(saved["words"], saved["seed"], saved["version"])


def build(params: Params, directory: Path) -> Path:
    """Make the corpus unless it is there already."""
    if load_params(directory) == params:
        return directory
    for part in ("parquet", "jsonl"):
        shutil.rmtree(directory / part, ignore_errors=True)
        (directory / part).mkdir(parents=True)
    rng = random.Random(params.seed)
    made = _documents(params, rng)
    order = list(range(len(made)))
    rng.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    keys = [f"doc-{i:07d}" for i in range(len(made))]
    origins = [made[i].origin for i in order]
    shuffled = [made[i] for i in order]
    _write(shuffled, keys, directory, max(2, round(params.words / 2 / WORDS_PER_FILE)))
    _write_truth(
        shuffled,
        keys,
        [None if o is None else keys[place[o]] for o in origins],
        directory,
    )
    saved = asdict(params) | {"budget": params.budget, "documents": len(made)}
    (directory / "params.json").write_text(json.dumps(saved, indent=1) + "\n")
    return directory


def _documents(params: Params, rng: random.Random) -> list[Made]:
    """Base documents first, then the plants; kinds hold their shares of the words."""
    distinct = pool.documents(params.seed)
    vocabulary = [w for doc in rng.sample(distinct, min(len(distinct), VOCABULARY_SAMPLE)) for w in doc.split()]
    made: list[Made] = []

    def fill(kind: str, make: Callable[[], Made | None]) -> None:
        """Add documents until the kind has its share of the words."""
        left = round(params.words * SHARES[kind])
        while left > 0:
            new = make()
            if new is None:
                continue
            made.append(new)
            left -= len(new.text.split())

    numbers = itertools.count()

    def base() -> Made:
        at = next(numbers)
        text = distinct[at % len(distinct)]
        return Made(text if at < len(distinct) else edits.replica(text, vocabulary, rng), "base")

    fill("base", base)
    originals = [i for i, doc in enumerate(made) if doc.text.count(" ") >= pool.SHORTEST]

    def exact() -> Made:
        at = rng.choice(originals)
        return Made(made[at].text, "exact", at)

    def edited(kind: str, similarity: tuple[float, float]) -> Callable[[], Made | None]:
        def make() -> Made | None:
            at = rng.choice(originals)
            text = edits.copy_within(made[at].text, similarity, vocabulary, rng)
            return None if text is None else Made(text, kind, at)

        return make

    fill("exact", exact)
    fill("near", edited("near", edits.NEAR))
    fill("borderline", edited("borderline", edits.BORDERLINE))
    for doc in made:
        if rng.random() < (0.2 if doc.kind == "exact" else 0.02):
            doc.text = edits.stray(doc.text, rng)
    return made


def _write(docs: list[Made], keys: list[str], directory: Path, files: int) -> None:
    """The first half of the documents as Parquet, the second as JSON lines."""
    table = pa.table({"text": [doc.text for doc in docs], "key": keys})
    half = len(docs) // 2
    for part, start, stop in (("parquet", 0, half), ("jsonl", half, len(docs))):
        size = -(-(stop - start) // files)
        for number in range(files):
            rows = table.slice(start + number * size, min(size, stop - start - number * size))
            path = directory / part / f"part-{number:03d}.{part}"
            if part == "parquet":
                pq.write_table(rows, path, compression="zstd", row_group_size=5_000)
            else:
                with path.open("w", encoding="utf-8") as out:
                    out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.to_pylist())


def _write_truth(docs: list[Made], keys: list[str], origins: list[str | None], directory: Path) -> None:
    texts = [normalise(doc.text) for doc in docs]
    rules = [failed_rule(text) for text in texts]
    passing = [i for i, rule in enumerate(rules) if rule is None]
    pairs = truth.duplicate_pairs(truth.shingle_sets(texts[i] for i in passing))
    component = [-1] * len(docs)
    for i, c in zip(passing, truth.components(len(passing), pairs), strict=True):
        component[i] = passing[c] if c >= 0 else -1
    pq.write_table(
        pa.table(
            {
                "key": keys,
                "kind": [doc.kind for doc in docs],
                "origin": pa.array(origins, pa.string()),
                "words": [len(text.split()) for text in texts],
                "rule": pa.array(rules, pa.string()),
                "component": pa.array(component, pa.int64()),
            }
        ),
        directory / "truth.parquet",
        compression="zstd",
    )
    pq.write_table(
        pa.table(
            {
                "a": pa.array([keys[passing[a]] for a, _, _ in pairs], pa.string()),
                "b": pa.array([keys[passing[b]] for _, b, _ in pairs], pa.string()),
                "jaccard": pa.array([j for _, _, j in pairs], pa.float64()),
            }
        ),
        directory / "pairs.parquet",
        compression="zstd",
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=parse_words, default=parse_words("20M"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(build(Params(args.words, args.seed), args.out))


if __name__ == "__main__":
    main()
