"""Runs `curate build` and the peers on the same data and prints a Markdown table.

`python -m tests.benchmark.bench_build --sizes 5M,20M,100M [--peers all|none|polars,...]`

Corpora are made once and kept in the work folder. Each tool first runs unmeasured on a
tiny corpus, so that byte code, compiled kernels and libraries are at hand. Peers run at the largest size not over
--peer-limit (20M): larger ones are for ours alone.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tests.benchmark import score as scoring
from tests.benchmark.corpus import Params, load_params, parse_words
from tests.benchmark.harness import Usage, measure
from tests.benchmark.spec import RULES

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = {
    "polars": "polars_rensa.py",
    "datasets": "datasets_datasketch.py",
    "datatrove": "datatrove_minhash.py",
}
OURS = "curate"
WORKERS = 2
WARM_UP_WORDS = 200_000


@dataclass
class Result:
    """One tool on one corpus."""

    tool: str
    words: int
    returncode: int
    cpu_s: float
    wall_s: float
    peak_mib: float
    peak_anonymous_mib: float
    words_kept: int = 0
    score: scoring.Score | None = None
    note: str = ""


def manifest(params: Params, data: Path) -> str:
    """The manifest of the workload."""
    steps = ["normalize.unicode, replacement_character: keep", "normalize.whitespace"]
    steps += [f"filter.{rule}" for rule in RULES]
    steps += ["dedup.exact", "dedup.minhash"]
    sources = [
        f'  - {{name: {kind}, use: source.{kind}, path: "{data / kind}/*.{kind}", id_field: key}}'
        for kind in ("parquet", "jsonl")
    ]
    return "\n".join(
        [
            "name: bench",
            f"seed: {params.seed}",
            "sources:",
            *sources,
            "steps:",
            *(f"  - {{use: {step}}}" for step in steps),
            "select:",
            f"  - {{use: select.word_budget, words: {params.budget}}}",
            "",
        ]
    )


def read_ours(out: Path) -> tuple[dict[str, str], list[Path]]:
    """Our ledger in the scorer's terms, and the files of our corpus: the one adapter."""
    ledger = pq.read_table(out / "ledger.parquet", columns=["key", "step"])
    kinds = {"filter": scoring.RULES, "deduplicator": scoring.DEDUP, "selector": scoring.BUDGET}
    lock = json.loads((out / "corpus.lock").read_text())
    names = {step["name"]: kinds.get(step["kind"], scoring.RULES) for step in lock["steps"]}
    steps = {
        key: names[step] if step else scoring.SELECTED
        for key, step in zip(*(ledger[c].to_pylist() for c in ("key", "step")), strict=True)
    }
    files = [
        path
        for path in sorted(out.rglob("*.parquet"))
        if path.name != "ledger.parquet" and "text" in pq.read_schema(path).names
    ]
    return steps, files


def read_peer(out: Path) -> tuple[dict[str, str], list[Path]]:
    """A peer's ledger and corpus."""
    ledger = pq.read_table(out / "ledger.parquet")
    keys, steps = ledger["key"].to_pylist(), ledger["step"].to_pylist()
    return dict(zip(keys, steps, strict=True)), [out / "corpus.parquet"]


def run(tool: str, command: Sequence[str], data: Path, work: Path, repeat: int) -> Result:
    """Run a tool `repeat` times afresh, and score the run of median CPU time."""
    params = load_params(data)
    if params is None:
        raise FileNotFoundError(f"no finished corpus in {data}")
    place = work / f"run-{tool}"  # also the working directory, so that no cache outlives a run
    out = place / "out"
    cpus = sorted(os.sched_getaffinity(0))[:WORKERS]
    usages: list[Usage] = []
    for _ in range(repeat):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        usages.append(
            measure(
                [*command, "--out", str(out)],
                work / f"{tool}-{params.words}",
                cwd=place,
                env=environment(place),
                cpus=cpus,
            )
        )
        if usages[-1].returncode:
            break
    failed = usages[-1].returncode
    usage = usages[-1] if failed else sorted(usages, key=lambda u: u.cpu_s)[(repeat - 1) // 2]
    result = Result(tool, params.words, failed, usage.cpu_s, usage.wall_s, usage.peak_mib, usage.peak_anonymous_mib)
    if failed:
        result.note = usage.stderr.strip().rpartition("\n")[2][-300:]
        return result
    steps, files = (read_ours if tool == OURS else read_peer)(out)
    result.score = scoring.score(data / "truth.parquet", steps)
    result.words_kept = scoring.corpus_words(files)
    result.note = usage.stdout.strip().rpartition("\n")[2] if tool != OURS else ""
    shutil.rmtree(place)
    return result


def environment(place: Path) -> dict[str, str]:
    """Two threads for everything, and Hugging Face's caches in the run's folder."""
    threads = dict.fromkeys(("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"), str(WORKERS))
    offline = {"HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1"}
    return dict(os.environ) | threads | offline


def prepare(params: Params, work: Path) -> Path:
    """The corpus of these parameters with our manifest beside it, made if need be."""
    data = work / f"corpus-{params.words}-{params.seed}"
    if load_params(data) != params:  # in a process of its own, which frees its memory
        command = [sys.executable, "-m", "tests.benchmark.corpus", "--words", str(params.words)]
        command += ["--seed", str(params.seed), "--out", str(data)]
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=sys.stderr)
    (data / "bench.yaml").write_text(manifest(params, data))
    return data


def table(results: Sequence[Result]) -> str:
    """The results as Markdown."""
    lines = [
        "| tool | words | CPU-s | wall s | peak MiB | recall | precision | words kept | CPU ratio |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    ours = {r.words: r.cpu_s for r in results if r.tool == OURS and not r.returncode}
    for r in results:
        shown = [
            r.tool,
            f"{r.words:,}",
            f"{r.cpu_s:.1f}",
            f"{r.wall_s:.1f}",
            f"{r.peak_mib:.0f}",
        ]
        if r.score is None:
            shown += [f"failed ({r.returncode})", "", "", ""]
        else:
            ratio = f"{r.cpu_s / ours[r.words]:.2f}" if r.words in ours else ""
            shown += [
                f"{r.score.recall:.4f}",
                f"{r.score.precision:.4f}",
                f"{r.words_kept:,}",
                ratio,
            ]
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines)


def remarks(results: Sequence[Result]) -> list[str]:
    """What a reader must know beside the table."""
    found = []
    for r in results:
        if r.score is None:
            found.append(f"{r.tool} at {r.words:,}: {r.note}")
            continue
        if r.words_kept != r.words // 2:
            found.append(f"{r.tool} at {r.words:,}: {r.words_kept:,} words, not {r.words // 2:,}")
        told = {
            "documents that its rules judge otherwise": r.score.rule_differences,
            "documents missing from its ledger": r.score.missing,
            "duplicate components left without any document": r.score.emptied,
        }
        found += [f"{r.tool} at {r.words:,}: {n} {what}" for what, n in told.items() if n]
    return found


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="20M", help="comma-separated: 5M,20M,100M")
    parser.add_argument("--peers", default="all", help=f"all, none, or of {','.join(PEERS)}")
    parser.add_argument("--peer-limit", type=parse_words, default=parse_words("20M"))
    parser.add_argument("--peer-python", default=str(REPOSITORY / ".venv-bench/bin/python"))
    beside = Path(sys.executable).with_name("curate")
    installed = beside if beside.exists() else REPOSITORY / ".venv/bin/curate"
    parser.add_argument("--curate", default=str(installed), help="the command, or 'none'")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".benchmarks/build")
    parser.add_argument("--json", type=Path, help="write the results here too")
    args = parser.parse_args()

    work = args.work.resolve()
    named = {"all": list(PEERS), "none": []}.get(args.peers, args.peers.split(","))
    ours = [] if args.curate == "none" else shlex.split(args.curate)
    sizes = sorted(map(parse_words, args.sizes.split(",")))
    peer_size = max((s for s in sizes if s <= args.peer_limit), default=None)

    def command(tool: str, data: Path) -> list[str]:
        if tool == OURS:
            return [*ours, "build", str(data / "bench.yaml"), "--workers", str(WORKERS)]
        script = Path(__file__).parent / "peers" / PEERS[tool]
        return [args.peer_python, str(script), "--data", str(data)]

    tools = [OURS] * bool(ours) + (named if peer_size else [])
    data = prepare(Params(WARM_UP_WORDS, args.seed), work)
    for tool in tools:
        run(tool, command(tool, data), data, work, 1)
    results = []
    for words in sizes:
        data = prepare(Params(words, args.seed), work)
        for tool in tools:
            if tool == OURS or words == peer_size:
                results.append(run(tool, command(tool, data), data, work, args.repeat))
                print(f"{tool} {words:,}: {results[-1].cpu_s:.1f} CPU-s", file=sys.stderr)
    print(table(results), "", *(f"- {remark}" for remark in remarks(results)), sep="\n")
    if args.json:
        machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
        saved = {"machine": machine, "results": [asdict(r) for r in results]}
        args.json.write_text(json.dumps(saved, indent=1) + "\n")
    return int(any(r.returncode for r in results))


if __name__ == "__main__":
    sys.exit(main())
