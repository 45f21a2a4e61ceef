"""What the end-to-end tests share: the command line as a person runs it, and text to run it on."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

CURATE = Path(sys.executable).parent / "curate"
_FUNCTION_WORDS = "the of and a to in is was he for it with as his on be at by i that this had not but from".split()  # noqa: SIM905


# The command line ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that `--json` wrote."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the events of one name."""
        return [one for one in self.events if one["event"] == event]


class Cli:
    """Runs `curate` as a child process that has no hub to ask."""

    command = CURATE

    def __init__(self, home: Path) -> None:
        self._env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CURATE_", "COLUMNS", "PYTHONPATH"))
        }
        self._env |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home / "hf"), "NO_COLOR": "1", "COLUMNS": "200"}

    def env(self, **more: object) -> dict[str, str]:
        """Return the environment of a child, with some more variables."""
        return self._env | {name: str(value) for name, value in more.items()}

    def start(self, *args: object, cwd: Path, env: dict[str, object] | None = None, **options: Any) -> subprocess.Popen:
        """Start a command and return at once."""
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "stdin": subprocess.DEVNULL,
        } | options
        return subprocess.Popen([CURATE, *map(str, args)], cwd=cwd, env=self.env(**(env or {})), **options)

    def __call__(
        self,
        *args: object,
        cwd: Path,
        code: int | None = 0,
        env: dict[str, object] | None = None,
        timeout: float = 240,
        prefix: tuple[str, ...] = (),
    ) -> Run:
        """Run a command to its end; ``code`` is the exit code that must come."""
        command = [*prefix, str(CURATE), *map(str, args)]
        done = subprocess.run(
            command,
            cwd=cwd,
            env=self.env(**(env or {})),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
        run = Run(done.returncode, done.stdout, done.stderr)
        if code is not None:
            assert run.code == code, f"curate {args}: exit {run.code}\n{run.out[-3000:]}\n{run.err[-6000:]}"
        return run

    def python(self, code: str, *args: object, cwd: Path, env: dict[str, object] | None = None) -> str:
        """Run Python code in a child with the same environment; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, args)],
            cwd=cwd,
            env=self.env(**(env or {})),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Return the command line."""
    return Cli(tmp_path_factory.mktemp("home"))


# Text ---------------------------------------------------------------------------------------------------------------


def _lexicon(rng: random.Random) -> list[str]:
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    return ["".join(rng.choices(letters, weights=range(26, 0, -1), k=rng.randint(3, 9))) for _ in range(4000)]


class Writer:
    """Makes text that looks like text: sentences of frequent and rare words."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  (text, no secret)
        self._words = _lexicon(random.Random(7))  # noqa: S311

    def sentence(self) -> str:
        """Return a sentence."""
        rng = self.rng
        words = rng.choices(self._words, k=rng.randint(4, 14))
        for place in range(0, len(words), 3):
            words[place] = rng.choice(_FUNCTION_WORDS)
        return " ".join(words).capitalize() + rng.choice("...?!")

    def document(self, sentences: int = 0) -> str:
        """Return a document of some sentences, a few of them on one line."""
        number = sentences or self.rng.randint(2, 12)
        return "".join(self.sentence() + ("\n" if self.rng.random() < 0.2 else " ") for _ in range(number)).strip()

    def documents(self, number: int) -> list[str]:
        """Return documents: one in eight is a duplicate, a near duplicate or junk."""
        result: list[str] = []
        for place in range(number):
            kind = place % 24 if place > 24 else -1
            if kind == 3:
                result.append(result[place - 20])
            elif kind == 11:
                result.append(self.nearly(self.document(20)))
                result[-2] = self.nearly(result[-1])
            elif kind == 19:
                result.append(
                    self.rng.choice(["ok .", "§§§ *** ### 0 1 2 3 4 5 6 7 8 9", "no", "{ } [ ] ( ) < > ; : 1 2 3"])
                )
            else:
                result.append(self.document())
        return result

    def nearly(self, text: str) -> str:
        """Return the text with one word replaced."""
        words = text.split(" ")
        words[self.rng.randrange(len(words))] = self.rng.choice(self._words)
        return " ".join(words)


class Maker:
    """Writes documents in the formats that curate reads."""

    @staticmethod
    def writer(seed: int) -> Writer:
        """Return a seeded writer of text."""
        return Writer(seed)

    @staticmethod
    def jsonl(path: Path, texts: list[str], name: str = "d") -> None:
        """Write JSON lines with ids."""
        rows = (
            json.dumps({"id": f"{name}{place}", "text": text, "title": f"no. {place}"})
            for place, text in enumerate(texts)
        )
        path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")

    @staticmethod
    def header_form(texts: list[str]) -> str:
        """Return documents in the challenge's form."""
        return "".join(f"= = = {place} = = =\n{text}\n" for place, text in enumerate(texts))

    @staticmethod
    def parquet(path: Path, texts: list[str]) -> None:
        """Write a Parquet file."""
        pq.write_table(pa.table({"body": texts, "n": list(range(len(texts)))}), path)

    @staticmethod
    def csv(path: Path, texts: list[str]) -> None:
        """Write a CSV file; fields hold commas, quotes and line ends."""
        with path.open("w", encoding="utf-8", newline="") as handle:
            out = csv.writer(handle)
            out.writerow(["key", "text"])
            out.writerows([f"k{place}", f'{text} "so", he said'] for place, text in enumerate(texts))

    @staticmethod
    def zstd(path: Path, data: bytes) -> None:
        """Write zstd."""
        path.write_bytes(zstandard.compress(data, 3))

    @staticmethod
    def gz(path: Path, data: bytes) -> None:
        """Write gzip, without a time stamp."""
        path.write_bytes(gzip.compress(data, 3, mtime=0))


@pytest.fixture(scope="session")
def make() -> type[Maker]:
    """Return the writers of files."""
    return Maker


#: How many documents each source of the sample holds.
DOCUMENTS = {"stories": 1200, "talk": 400, "notes": 500, "table": 300, "lines": 600}
SOURCES: list[dict[str, Any]] = [
    {"name": "stories", "use": "source.jsonl", "path": "data/stories.jsonl", "id_field": "id", "licence": "CC0-1.0"},
    {"name": "talk", "use": "source.text", "path": "data/talk.train.zst", "documents": "header", "quota": 8000},
    {"name": "notes", "use": "source.parquet", "path": "data/notes.parquet", "text_field": "body"},
    {"name": "table", "use": "source.csv", "path": "data/table.csv", "id_field": "key", "quota": "10%"},
    {"name": "lines", "use": "source.text", "path": "data/lines-*.txt.gz", "documents": "line"},
]
STEPS: list[dict[str, Any]] = [
    {"use": "normalize.unicode"},
    {"use": "normalize.whitespace"},
    {"use": "filter.alpha_word_ratio", "min_ratio": 0.6},
    {"use": "filter.word_count", "min_words": 8},
    {"use": "dedup.exact"},
    {"use": "dedup.minhash", "threshold": 0.7},
]
BUDGET = 60_000
NESTED = 10_000


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder ``data`` with 3,000 documents in five formats."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    folder.mkdir()
    writer = Writer(1)
    Maker.jsonl(folder / "stories.jsonl", writer.documents(DOCUMENTS["stories"]))
    Maker.zstd(folder / "talk.train.zst", Maker.header_form(writer.documents(DOCUMENTS["talk"])).encode())
    Maker.parquet(folder / "notes.parquet", writer.documents(DOCUMENTS["notes"]))
    Maker.csv(folder / "table.csv", writer.documents(DOCUMENTS["table"]))
    lines = [text.replace("\n", " ") for text in writer.documents(DOCUMENTS["lines"])]
    for part in range(2):
        half = lines[part * 300 : part * 300 + 300]
        Maker.gz(folder / f"lines-{part}.txt.gz", "".join(line + "\n" for line in half).encode())
    return folder


def manifest(path: Path, **changes: Any) -> Path:
    """Write the sample's manifest, with some of its keys changed."""
    whole = {
        "name": "sample",
        "seed": 3,
        "sources": SOURCES,
        "steps": STEPS,
        "select": [{"use": "select.word_budget", "words": BUDGET, "nested": [NESTED]}, {"use": "select.order"}],
        "output": {"text": True, "shard_words": 20_000},
    }
    whole = {key: value for key, value in (whole | changes).items() if value is not None}
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def write_manifest() -> Callable[..., Path]:
    """Return the function that writes a manifest."""
    return manifest


@pytest.fixture
def place(sample: Path, tmp_path: Path) -> Path:
    """Return a folder of one test's own, with the sample's data and manifest."""
    shutil.copytree(sample, tmp_path / "data")
    manifest(tmp_path / "m.yaml")
    return tmp_path


@dataclass(frozen=True)
class Built:
    """A corpus that was built once for many tests, which must not change it."""

    folder: Path
    corpus: Path
    run: Run

    @property
    def lock(self) -> dict[str, Any]:
        """The lock."""
        return json.loads((self.corpus / "corpus.lock").read_text(encoding="utf-8"))

    @property
    def audit(self) -> dict[str, Any]:
        """The recount."""
        return json.loads((self.corpus / "audit.json").read_text(encoding="utf-8"))

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The documents, read by pyarrow alone."""
        files = sorted((self.corpus / "data").glob("*.parquet"))
        return [row for file in files for row in pq.read_table(file).to_pylist()]

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """The rows of the ledger."""
        return pq.read_table(self.corpus / "ledger.parquet").to_pylist()


@pytest.fixture(scope="session")
def built(cli: Cli, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the sample, built."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(sample, folder / "data")
    manifest(folder / "m.yaml")
    return Built(folder, folder / "build/sample", cli("build", "m.yaml", cwd=folder))


# Looking at what is there -------------------------------------------------------------------------------------------


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def left_over(folder: Path) -> list[str]:
    """Return half-written or set-aside files and folders, anywhere below a folder, caches included."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.endswith((".partial", ".old"))
    )


def _marked(mark: object) -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"CURATE_TEST_MARK={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the first true answer; fail after some time that is far longer than it should take."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def only_running(mark: object, *expected: int) -> None:
    """Fail unless soon no other processes run that were started with this ``CURATE_TEST_MARK``, or by one that was."""
    try:
        wait_for(lambda: _marked(mark) <= {*expected}, seconds=15)
    finally:
        for process in _marked(mark) - {*expected}:
            os.kill(process, signal.SIGKILL)


@dataclass(frozen=True)
class Look:
    """The functions above, for tests."""

    digests: Callable[[Path], dict[str, str]] = digests
    left_over: Callable[[Path], list[str]] = left_over
    only_running: Callable[..., None] = only_running
    wait_for: Callable[..., Any] = wait_for


@pytest.fixture(scope="session")
def look() -> Look:
    """Return the functions that look at files and wait."""
    return Look()


# A plug-in that waits -----------------------------------------------------------------------------------------------

_PLUGIN = '''
"""Steps of a plug-in, as a user would write them."""

import os
import time
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.steps.kinds import Filter, Rewriter, bound


class Gate(Rewriter):
    """Changes nothing, and waits until a file is there."""

    keeps_words: ClassVar[bool] = True
    folder: str

    def rewrite(self, docs):
        folder = Path(self.folder)
        (folder / "waiting").touch()
        for _ in range(6000):
            if (folder / "open").exists():
                return docs.batch.column("text")
            time.sleep(0.01)
        raise TimeoutError("the gate was never opened")


class Vowels(Filter):
    """Plain Python in processes: the share of vowels."""

    runs: ClassVar[Literal["thread", "process"]] = "process"
    min_share: float | None = bound(0.3)

    def measure(self, docs):
        texts = docs.batch.column("text").to_pylist()
        return np.array([sum(c in "aeiou" for c in text) / max(len(text), 1) for text in texts])


class Shout(Rewriter):
    """Plain Python in processes: the first word in capitals, one more word at the end."""

    runs: ClassVar[Literal["thread", "process"]] = "process"

    def rewrite(self, docs):
        texts = docs.batch.column("text").to_pylist()
        parts = [text.partition(" ") for text in texts]
        return pa.array([f"{first.upper()}{space}{rest} end" for first, space, rest in parts], pa.large_string())  # noqa: E501


class GateInProcess(Gate):
    """The same gate, in a process."""

    runs: ClassVar[Literal["thread", "process"]] = "process"


class Fails(Rewriter):
    """A bug."""

    def rewrite(self, docs):
        raise KeyError("a bug in the plug-in")


class Dies(Rewriter):
    """A crash."""

    runs: ClassVar[Literal["thread", "process"]] = "process"

    def rewrite(self, docs):
        os._exit(9)
'''


@dataclass(frozen=True)
class Plugin:
    """A plug-in on PYTHONPATH, and the gate that its steps wait at."""

    gate: Path
    env: dict[str, object]

    def waits(self) -> bool:
        """Return whether a step has come to the gate."""
        return (self.gate / "waiting").exists()

    def open(self) -> None:
        """Let every step pass from now on."""
        (self.gate / "open").touch()


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Plugin]:
    """Write the plug-in module ``slow_steps``; the gate is opened at the end, so that no child waits for ever."""
    gate, module = tmp_path / "gate", tmp_path / "plugin"
    gate.mkdir()
    module.mkdir()
    (module / "slow_steps.py").write_text(_PLUGIN, encoding="utf-8")
    found = Plugin(gate, {"PYTHONPATH": module})
    yield found
    found.open()
