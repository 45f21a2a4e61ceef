"""What every measured training program shares: the job it is given, the token file, the clock, the answer.

A program is run as ``python -m tests.benchmark.peers_train.NAME JOB`` with the job as JSON, trains until the clock says
so, and prints one line of JSON. Only steps are timed: imports, compilation and the first steps are not.
"""

import dataclasses
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy as np
import torch

BEGIN, END, PAD, MASK = 1, 2, 3, 4
SPECIALS = 16
"""Ids below this never stand for text."""

CLIP = 1.0
RATE = 1e-3
DECAY = 0.1
BETAS = (0.9, 0.98)
MANY_STEPS = 100_000
"""More than any run gets through."""


@dataclass(frozen=True)
class Job:
    """One measurement."""

    family: str
    """llama, gpt2, bert or gpt_bert."""

    tokens: str
    """The token file: uint16, documents one after the other; ``documents.npy`` beside it tells where each starts."""

    seconds: float
    """CPU-seconds to measure."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    length: int
    """Tokens of a row."""

    step_tokens: int
    """Tokens of a step."""

    dropout: float | None
    """Everywhere; None leaves each library's default."""

    causal_share: float = 0.5
    """Of the rows, in gpt_bert."""

    mask_rate: float = 0.15
    """Of the tokens of masked rows."""

    optimizer: str = "adamw"
    """adamw or lamb."""

    compiled: bool = False
    """With torch.compile."""

    bf16: bool = False
    """Under bfloat16 autocast."""

    published: str = ""
    """Where the published code is."""

    warm_steps: int = 3
    threads: int = 1

    @property
    def rows(self) -> int:
        """Rows of a step."""
        return self.step_tokens // self.length


class Clock:
    """Tells when to stop, and what a token cost from the end of the warm-up on."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._steps = -job.warm_steps
        self._start = self._wall = 0.0

    def tick(self) -> bool:
        """Call at the start of each step; True when it is time to stop."""
        if self._steps == 0:
            self._start, self._wall = time.process_time(), time.perf_counter()
        if self._steps > 0 and time.process_time() - self._start >= self._job.seconds:
            return True
        self._steps += 1
        return False

    def answer(self, model: torch.nn.Module, **more: object) -> None:
        """Print the measurement; call when ``tick`` has said True."""
        cpu = time.process_time() - self._start
        embeddings = {m.weight for m in model.modules() if isinstance(m, torch.nn.Embedding)}
        told = {
            "tokens_per_cpu_s": self._steps * self._job.step_tokens / cpu,
            "tokens_per_wall_s": self._steps * self._job.step_tokens / (time.perf_counter() - self._wall),
            "steps": self._steps,
            "parameters": sum(p.numel() for p in set(model.parameters())),
            "without_embeddings": sum(p.numel() for p in set(model.parameters()) - embeddings),
            **more,
        }
        print(json.dumps(told), flush=True)


class Tokens:
    """Rows of the memory-mapped token file in a random order."""

    def __init__(self, job: Job, beyond: int = 0) -> None:
        self._tokens = np.memmap(job.tokens, np.uint16, "r")
        self._length = job.length + beyond
        self.count = (len(self._tokens) - beyond) // job.length
        self._stride = job.length

    def rows(self, numbers: np.ndarray) -> torch.Tensor:
        """Return the rows of these numbers, int64."""
        places = numbers[:, None] * self._stride + np.arange(self._length)
        return torch.from_numpy(self._tokens[places].astype(np.int64))


def read_job() -> Job:
    """The job on the command line; sets the number of threads and the seed."""
    job = Job(**json.loads(sys.argv[1]))
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    return job


def command(module: str, job: Job, python: str) -> list[str]:
    """The command that measures a job."""
    return [python, "-m", f"tests.benchmark.peers_train.{module}", json.dumps(dataclasses.asdict(job))]


def make_tokens(folder: Path, vocabulary: int, count: int = 2_000_000, seed: int = 0) -> Path:
    """Write documents of Zipfian tokens with an end token after each; return the token file."""
    draws = np.random.default_rng(seed)
    weights = 1 / np.arange(1, vocabulary - SPECIALS + 1)
    tokens = draws.choice(vocabulary - SPECIALS, count, p=weights / weights.sum()) + SPECIALS
    lengths = draws.lognormal(5.5, 0.8, count // 100).astype(np.int64) + 4
    starts = np.concatenate([[0], np.cumsum(lengths)])
    starts = starts[starts < count - 4]
    tokens[starts[1:] - 1] = tokens[-1] = END
    path = folder / "tokens.u16"
    tokens.astype(np.uint16).tofile(path)
    np.save(folder / "documents.npy", np.append(starts, count))
    return path
