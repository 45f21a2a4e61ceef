"""Measures training steps of `curate train` and of the peers, and prints a Markdown table.

`python -m tests.benchmark.bench_train [--rounds 3] [--seconds 5] [--sizes 1M] [--peers all|none|hf-llama,...]`

Tokens per CPU-second of warm steps, one thread. Every program runs in a process of its own; the rounds go through all
of them one after the other, so that what else the machine does falls on all alike, and the best round counts. Published
GPT-BERT code is measured where `--gpt-bert DIR` or CURATE_GPT_BERT names a checkout or bare repository of it; the proof
that it is the same model as ours is `test_published_models.py`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from tests.benchmark import published
from tests.benchmark.peers_train.common import Job, command, make_tokens

REPOSITORY = Path(__file__).resolve().parents[2]
OURS = "ours"
FAMILIES = ("llama", "gpt2", "bert", "gpt_bert")
PEERS = {
    "hf-llama": ("llama", "hf_trainer"),
    "hf-gpt2": ("gpt2", "hf_trainer"),
    "hf-bert": ("bert", "hf_trainer"),
    "gpt-bert": ("gpt_bert", "published_gpt_bert"),
}
VARIANTS = ("compiled", "bf16")
"""A program's name with `-compiled` runs it with torch.compile, with `-bf16` in that precision (peers: autocast)."""

SIZES = {"0.3M": (96, 3, 3), "1M": (128, 5, 4), "3M": (192, 7, 6), "8M": (320, 6, 5)}
"""Width, layers and heads; the feed-forward width makes about 12 d^2 parameters a layer in every family."""

INNER = {"llama": 8 / 3, "gpt2": 4, "bert": 4, "gpt_bert": 7 / 3}
WANTED = {
    ("hf-llama", 128): 1.4,
    ("hf-gpt2", 128): 1.7,
    ("hf-bert", 128): 2.1,
    ("gpt-bert", 128): 2.0,
    ("gpt-bert", 512): 4.0,
}
"""What ours must be at 1M parameters, as a multiple of the peer's."""

SETUP_SECONDS = 300


@dataclass
class Case:
    """One workload, and the programs that run it."""

    size: str
    job: Job
    programs: list[str]
    """Ours first."""

    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def best(self, program: str) -> float:
        """Tokens per CPU-second in the best round; 0 if it failed in all."""
        return max((told["tokens_per_cpu_s"] for told in self.found.get(program, ()) if told), default=0.0)


def inner(family: str, width: int) -> int:
    """The feed-forward width, a multiple of 8."""
    return round(INNER[family] * width / 8) * 8


def base(name: str) -> str:
    """A peer's name without its variant."""
    return name.removesuffix("-compiled").removesuffix("-bf16")


def cases(args: argparse.Namespace, tokens: Path, names: Sequence[str]) -> Iterator[Case]:
    """All workloads that the command line asks for."""
    for size in args.sizes:
        width, layers, heads = SIZES[size]
        for length in args.lengths:
            for step_tokens in args.step_tokens:
                for family in args.families:
                    programs = args.ours + [n for n in names if PEERS[base(n)][0] == family]
                    shares = args.causal_shares if family == "gpt_bert" else [0.0]
                    # Llama has no dropout by default: the same run twice.
                    dropouts = [d for d in args.dropouts if family != "llama" or d is not None] or [None]
                    for dropout in dropouts:
                        for share in shares:
                            job = Job(
                                family=family, tokens=str(tokens), seconds=args.seconds, width=width, layers=layers,
                                heads=heads, inner=inner(family, width), vocabulary=args.vocabulary, length=length,
                                step_tokens=max(step_tokens, length), dropout=dropout, causal_share=share,
                                mask_rate=0.3 if family == "gpt_bert" else 0.15, optimizer=args.optimizer,
                                published=args.gpt_bert or "", threads=args.threads, warm_steps=args.warm_steps,
                            )  # fmt: skip
                            yield Case(size, job, programs)


def run(case: Case, program: str, python: str) -> dict[str, Any]:
    """Measure once in a new process; an empty answer if it failed."""
    ours = base(program) == OURS
    module = OURS if ours else PEERS[base(program)][1]
    variant = program.removeprefix(base(program) + "-")
    job = replace(case.job, compiled=variant == "compiled", bf16=variant == "bf16")
    environment = dict(os.environ) | {"OMP_NUM_THREADS": str(job.threads), "MKL_NUM_THREADS": str(job.threads)}
    done = subprocess.run(
        command(module, job, sys.executable if ours else python), cwd=REPOSITORY, env=environment,
        capture_output=True, text=True, timeout=SETUP_SECONDS + 20 * job.seconds, check=False,
    )  # fmt: skip
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not answers:
        print(f"{program} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return {}
    return json.loads(answers[-1])


def table(measured: Sequence[Case]) -> str:
    """The results as Markdown."""
    lines = [
        "| family | size | T | tokens/step | dropout | program | tok/CPU-s | ours is | wanted | parameters |",
        "|---|---|---:|---:|---|---|---:|---:|---:|---:|",
    ]
    for case in measured:
        job, ours = case.job, case.best(next(iter(case.programs)))
        ours = ours if base(case.programs[0]) == OURS else 0.0
        family = job.family + (f" {job.causal_share:.3g} causal" if job.family == "gpt_bert" else "")
        for program in case.programs:
            best = case.best(program)
            wanted = WANTED.get((program, job.length)) if case.size == "1M" else None
            ratio = f"{ours / best:.2f}x" if base(program) != OURS and ours and best else ""
            told = next((told for told in case.found.get(program, ()) if told), {})
            shown = [
                family,
                case.size,
                str(job.length),
                str(job.step_tokens),
                "default" if job.dropout is None else f"{job.dropout:g}",
                program,
                f"{best:,.0f}" if best else "failed",
                ratio,
                f"{wanted}x" if wanted else "",
                f"{told.get('without_embeddings', 0):,}",
            ]
            lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """The command line."""

    def listed(convert: Any) -> Any:
        return lambda text: [convert(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="CPU-seconds of a measurement")
    parser.add_argument("--warm-steps", type=int, default=3, help="before the clock starts")
    parser.add_argument("--sizes", type=listed(str), default=["1M"], help=f"of {','.join(SIZES)}")
    parser.add_argument("--lengths", type=listed(int), default=[128], help="tokens of a row, say 128,512")
    parser.add_argument("--step-tokens", type=listed(int), default=[2048], help="tokens of a step, say 512,2048")
    parser.add_argument(
        "--dropouts",
        type=listed(lambda text: None if text == "default" else float(text)),
        default=[0.0, None],
        help="0 and default are a run each",
    )
    parser.add_argument("--families", type=listed(str), default=list(FAMILIES))
    parser.add_argument("--causal-shares", type=listed(float), default=[0.5, 0.0625], help="of rows, in gpt_bert")
    parser.add_argument("--peers", default="all", help=f"all, none, or of {','.join(PEERS)}; -bf16 or -compiled added")
    ours = [OURS, *(f"{OURS}-{variant}" for variant in VARIANTS)]
    parser.add_argument("--ours", default=OURS, help=f"none, or of {','.join(ours)}; ratios are of the first")
    parser.add_argument("--gpt-bert", default=published.where("gpt_bert"), help="checkout or bare repository")
    parser.add_argument("--optimizer", choices=("adamw", "lamb"), default="adamw", help="lamb: GPT-BERT on both sides")
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--json", type=Path, help="write the results here too")
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    args = arguments()
    names = {"all": list(PEERS), "none": []}.get(args.peers, args.peers.split(","))
    args.ours = [] if args.ours == "none" else args.ours.split(",")
    unknown = [name for name in names if base(name) not in PEERS]
    unknown += [name for name in args.ours if base(name) != OURS]
    if unknown:
        print(f"no such peer: {', '.join(unknown)}; there are {', '.join(PEERS)}", file=sys.stderr)
        return 2
    if not args.gpt_bert:
        names = [name for name in names if base(name) != "gpt-bert"]
        print("published GPT-BERT code is left out: --gpt-bert names a checkout", file=sys.stderr)
    if args.optimizer == "lamb":
        names = [name for name in names if base(name) == "gpt-bert"]
        args.families = ["gpt_bert"]
    with tempfile.TemporaryDirectory() as folder:
        tokens = make_tokens(Path(folder), args.vocabulary)
        measured = [case for case in cases(args, tokens, names) if case.programs]
        for number in range(args.rounds):
            for case in measured:
                for program in case.programs:
                    told = run(case, program, args.peer_python)
                    case.found.setdefault(program, []).append(told)
                    speed = told.get("tokens_per_cpu_s", 0)
                    job = case.job
                    where = f"{job.family} {case.size} T{job.length} {job.step_tokens} dropout {job.dropout}"
                    print(f"round {number + 1}: {where} {program} {speed:,.0f}", file=sys.stderr, flush=True)
    print(table(measured))
    saved = {
        "machine": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cpu": torch.backends.cpu.get_cpu_capability(),
            "load": os.getloadavg(),
        },
        "results": [
            {"size": case.size, "job": asdict(case.job) | {"tokens": "", "published": ""}, "found": case.found}
            for case in measured
        ],
    }
    if args.json:
        args.json.write_text(json.dumps(saved, indent=1) + "\n")
    failed = any(not told for case in measured for found in case.found.values() for told in found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
