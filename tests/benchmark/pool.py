"""Real text, cut into documents of about 60 to 600 words."""

import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import zstandard

SHORTEST, LONGEST = 60, 600
# Shorter ends of a source are kept down to this, so that the word-count rule has work.
SHORTEST_END = 20

# One utterance a line without punctuation: every document breaks a rule, so a taste of it.
WORD_LIMITS = {
    "childes_cds_en.txt.zst": 600_000,
    "childes_aochildes_utterances.parquet": 0,
}
TEXT_COLUMNS = {"clear_readability.parquet": "Excerpt"}


def data_dir() -> Path:
    """Where the shared text lies: $CURATE_SHARED_DATA, or beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("CURATE_SHARED_DATA", beside))


def documents(seed: int) -> list[str]:
    """All documents of the pool, in a seeded random order."""
    rng = random.Random(seed)
    found = [doc for text in _texts(data_dir() / "text") for doc in _cut(text, rng)]
    if not found:
        raise FileNotFoundError(f"no text under {data_dir()}: set CURATE_SHARED_DATA")
    rng.shuffle(found)
    return found


def _texts(root: Path) -> Iterator[str]:
    """The source texts of text/open and text/research, file by file, with plain line ends."""
    paths = [p for part in ("open", "research") for p in (root / part).rglob("*") if p.is_file()]
    for path in sorted(paths):
        left = WORD_LIMITS.get(path.name, -1)
        if left == 0:
            continue
        for text in _read(path):
            text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
            if left > 0:
                text = _first_words(text, left)
            yield text


def _read(path: Path) -> Iterator[str]:
    if path.suffix == ".parquet":
        column = TEXT_COLUMNS.get(path.name, "text")
        yield from filter(None, pq.read_table(path, columns=[column])[column].to_pylist())
        return
    with path.open("rb") as packed:
        stream = io.TextIOWrapper(
            zstandard.ZstdDecompressor().stream_reader(packed),
            encoding="utf-8",
            newline="",
        )
        if path.name.endswith(".jsonl.zst"):
            yield from (json.loads(line)["text"] for line in stream)
        else:
            yield stream.read()


def _first_words(text: str, count: int) -> str:
    kept, words = [], 0
    for line in text.split("\n"):
        words += len(line.split())
        if words > count:
            break
        kept.append(line)
    return "\n".join(kept)


def _cut(text: str, rng: random.Random) -> Iterator[str]:
    """Cut at line ends near a log-uniform random length; over-long lines are cut at words."""
    lines: list[str] = []
    held, target = 0, _length(rng)
    for line in text.split("\n"):
        words = line.split()
        start = 0
        while held + len(words) - start > LONGEST:
            stop = start + max(target - held, 1)
            lines.append(" ".join(words[start:stop]))
            yield "\n".join(lines).strip()
            start, lines, held, target = stop, [], 0, _length(rng)
        lines.append(" ".join(words[start:]) if start else line)
        held += len(words) - start
        if held >= target:
            yield "\n".join(lines).strip()
            lines, held, target = [], 0, _length(rng)
    if held >= SHORTEST_END:
        yield "\n".join(lines).strip()


def _length(rng: random.Random) -> int:
    return round(SHORTEST * (LONGEST / SHORTEST) ** rng.random())
