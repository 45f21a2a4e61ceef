"""Measures `curate evaluate`'s scorers and the peers on the same model and the same pairs; prints a Markdown table.

`python -m tests.benchmark.bench_evaluate --blimp DIR [--zorro DIR] [--official DIR] [--peer-python BIN] [--rounds 3]`

Pairs per CPU-second, one thread. Every program runs in a process of its own, which imports, loads the model and scores
a few hundred pairs before its clock starts. The data are cut into as many parts as there are rounds, each of whole
paradigms, and a round goes through all programs one after the other, so that what else the machine does falls on all
alike. `--blimp` is a folder of .jsonl files (official tree, `blimp_filtered`), `--zorro` a checkout or bare repository
of phueb/Zorro, `--official` one of babylm/evaluation-pipeline-2025. minicons and lm-eval must be in `--peer-python`'s
environment. Scores of all programs are held against sentences run one by one, and against each other.
"""

import argparse
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
#: Program: what ours must be, as a multiple of it.
WANTED = {
    "causal": {"official": 4.0, "minicons": 3.5, "lm-eval": 1.8},
    "mlm": {"official": 3.0},
}
WIDTH, LAYERS, HEADS = 128, 5, 4
WARM = 300
Score = Callable[[list[str]], list[float]]


def ours(model: str, backend: str, _: str) -> Score:
    """This repository."""
    from evaluation.queries import Query
    from evaluation.scorers.scorer import score
    from evaluation.subject import Subject

    scorer = Subject.open(model, backend=backend).scorer()
    return lambda texts: score(scorer, [Query(text) for text in texts]).totals().tolist()


def official(model: str, backend: str, checkout: str) -> Score:
    """babylm/evaluation-pipeline-2025, at its own batch sizes."""
    from tests.benchmark import make_official_scores as made

    folder = Path(tempfile.mkdtemp())
    dataset, compute = made.official(Path(checkout), folder / "code")
    runner = made.Official(dataset, compute, model, backend)

    def scored(texts: list[str]) -> list[float]:
        data = Path(tempfile.mkdtemp(dir=folder))
        fields = {"field": "-", "UID": "-", "linguistics_term": "-"}
        pairs = zip(texts[::2], texts[1::2], strict=True)
        items = [json.dumps(fields | {"sentence_good": good, "sentence_bad": bad}) for good, bad in pairs]
        (data / "all.jsonl").write_text("\n".join(items) + "\n")
        return [value for item in runner.scores(data, "blimp", [1.0], batch=64)[0] for value in item]

    return scored


def minicons(model: str, backend: str, _: str) -> Score:
    """minicons, without its correction for word beginnings, which changes the scores."""
    scorer = importlib.import_module("minicons.scorer")
    built = scorer.IncrementalLMScorer(model, "cpu") if backend == "causal" else scorer.MaskedLMScorer(model, "cpu")
    options = {"bow_correction": False} if backend == "causal" else {"PLL_metric": "original"}

    def scored(texts: list[str]) -> list[float]:
        batches = (texts[at : at + 64] for at in range(0, len(texts), 64))
        return [v for b in batches for v in built.sequence_score(b, reduction=lambda x: x.sum(0).item(), **options)]

    return scored


def lm_eval(model: str, _backend: str, _: str) -> Score:
    """lm-eval's HFLM, which sorts by length."""
    instance = importlib.import_module("lm_eval.api.instance").Instance
    built = importlib.import_module("lm_eval.models.huggingface").HFLM(
        pretrained=model, device="cpu", dtype="float32", batch_size=64
    )

    def scored(texts: list[str]) -> list[float]:
        asked = [
            instance(request_type="loglikelihood", doc={}, arguments=("", text), idx=number)
            for number, text in enumerate(texts)
        ]
        return [found[0] for found in built.loglikelihood(asked, disable_tqdm=True)]

    return scored


def one_by_one(model: str, backend: str, _: str) -> Score:
    """Hugging Face's forward pass on one sentence, or one masked copy, at a time."""
    import torch
    import transformers

    kind = transformers.AutoModelForCausalLM if backend == "causal" else transformers.AutoModelForMaskedLM
    built, tokenizer = kind.from_pretrained(model).eval(), transformers.AutoTokenizer.from_pretrained(model)

    def scored(texts: list[str]) -> list[float]:
        totals = []
        with torch.inference_mode():
            for text in texts:
                ids = torch.tensor([tokenizer(text)["input_ids"]])
                if backend == "causal":
                    found = built(ids).logits.log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])
                    totals.append(float(found.sum()))
                    continue
                total = 0.0
                for place in range(1, ids.shape[1] - 1):
                    copy = ids.clone()
                    copy[0, place] = tokenizer.mask_token_id
                    total += float(built(copy).logits.log_softmax(-1)[0, place, ids[0, place]])
                totals.append(total)
        return totals

    return scored


PROGRAMS = {"ours": ours, "official": official, "minicons": minicons, "lm-eval": lm_eval, "one by one": one_by_one}


def work(job: dict[str, Any]) -> None:
    """Measure one program in this process; write its scores, and print its time."""
    import torch

    torch.set_num_threads(1)
    texts = json.loads(Path(job["texts"]).read_text())
    score = PROGRAMS[job["program"]](job["model"], job["backend"], job["official"])
    score(texts[: 2 * job["warm"]])
    start = time.process_time()
    found = score(texts)
    seconds = time.process_time() - start
    np.save(job["scores"], np.array(found))
    print(json.dumps({"cpu_s": seconds}))


def make_model(backend: str, vocabulary: int, texts: list[str], folder: Path) -> Path:
    """Write a random model of a million weights in its layers, with a tokenizer of the texts."""
    import tokenizers as tk
    import torch
    import transformers as hf

    specials = ["<unk>", "<s>", "</s>", "<pad>", "<mask>"]
    tokenizer = tk.Tokenizer(tk.models.BPE(unk_token=specials[0]))
    tokenizer.pre_tokenizer = tk.pre_tokenizers.ByteLevel(add_prefix_space=True)
    alphabet = tk.pre_tokenizers.ByteLevel.alphabet()
    trainer = tk.trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    template = "<s> $A" if backend == "causal" else "<s> $A </s>"
    ends = [(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>") if token in template]
    tokenizer.post_processor = tk.processors.TemplateProcessing(single=template, special_tokens=ends)
    names = ("unk_token", "bos_token", "eos_token", "pad_token", "mask_token")
    named = dict(zip(names, specials, strict=True)) | {"cls_token": "<s>", "sep_token": "</s>"}
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    torch.manual_seed(0)
    size = {"vocab_size": vocabulary, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    if backend == "causal":
        model = hf.GPT2LMHeadModel(hf.GPT2Config(**size, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=512))
    else:
        sizes = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
        model = hf.BertForMaskedLM(hf.BertConfig(**size, **sizes, intermediate_size=4 * WIDTH))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3 if weight.dim() > 1 else 1)
    model.save_pretrained(folder)
    return folder


def read(blimp: Path, zorro: Path | None) -> list[list[str]]:
    """The sentences of each paradigm, pair by pair."""
    paradigms = []
    for file in sorted(blimp.glob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        paradigms.append([text for row in rows for text in (row["sentence_good"], row["sentence_bad"])])
    if zorro is not None:
        git = ["git", "-C", str(zorro)]
        listed = subprocess.run(
            [*git, "ls-tree", "-r", "HEAD", "--name-only"], capture_output=True, text=True, check=True
        )
        for path in listed.stdout.splitlines():
            if path.startswith("sentences/babyberta/") and path.endswith(".txt"):
                shown = subprocess.run([*git, "show", f"HEAD:{path}"], capture_output=True, text=True, check=True)
                paradigms.append([line for line in shown.stdout.splitlines() if line.strip()])
    return paradigms


def run(job: dict[str, Any], python: str) -> float:
    """CPU-seconds of a program in a new process; nan if it failed."""
    environment = dict(os.environ) | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [python, "-m", "tests.benchmark.bench_evaluate", "--work", json.dumps(job)]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    answers = [line for line in done.stdout.splitlines() if line.startswith('{"cpu_s"')]
    if done.returncode or not answers:
        print(f"{job['program']} failed:\n{done.stderr[-1500:]}", file=sys.stderr)
        return float("nan")
    return float(json.loads(answers[-1])["cpu_s"])


def measure(backend: str, parts: list[list[str]], args: argparse.Namespace, folder: Path) -> list[str]:
    """Run all rounds of a backend, and return the lines of its table."""
    model = make_model(backend, args.vocabulary, [text for part in parts for text in part], folder / backend)
    programs = [name for name in args.programs if name == "ours" or name in WANTED[backend]]
    seconds: dict[str, float] = dict.fromkeys(programs, 0.0)
    apart: dict[str, float] = dict.fromkeys(programs, 0.0)
    for number, part in enumerate(parts):
        texts = folder / "texts.json"
        job = {
            "texts": str(texts),
            "model": str(model),
            "backend": backend,
            "official": args.official or "",
            "warm": WARM,
        }
        found = {}
        texts.write_text(json.dumps(part))
        for program in programs:
            scores = folder / f"{program}.npy"
            python = sys.executable if program in {"ours", "official"} else args.peer_python
            taken = run(job | {"program": program, "scores": str(scores)}, python)
            seconds[program] += taken
            found[program] = np.load(scores) if scores.exists() else np.full(len(part), np.nan)
            scores.unlink(missing_ok=True)
            rate = len(part) / 2 / taken
            print(f"round {number + 1}: {backend} {program} {rate:,.0f} pairs/CPU-s", file=sys.stderr, flush=True)
        few = random.Random(number).sample(range(len(part)), min(args.alone, len(part)))
        texts.write_text(json.dumps([part[index] for index in few]))
        run(job | {"program": "one by one", "scores": str(folder / "alone.npy"), "warm": 1}, sys.executable)
        alone = np.load(folder / "alone.npy")
        for program in programs:
            apart[program] = max(apart[program], float(np.abs(found[program][few] - alone).max()))
    pairs = sum(map(len, parts)) / 2
    lines = []
    for program in programs:
        ratio = "" if program == "ours" else f"{seconds[program] / seconds['ours']:.2f}x"
        wanted = WANTED[backend].get(program, "")
        rate = pairs / seconds[program]
        lines.append(
            f"| {backend} | {program} | {pairs:,.0f} | {seconds[program]:,.1f} | {rate:,.0f} | {ratio} | "
            f"{f'{wanted}x' if wanted else ''} | {apart[program]:.1e} |"
        )
    return lines


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--blimp", type=Path, default=os.environ.get("CURATE_BLIMP"))
    parser.add_argument("--zorro", type=Path, default=os.environ.get("CURATE_ZORRO"))
    parser.add_argument("--official", default=os.environ.get("CURATE_OFFICIAL_EVALUATION"))
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--programs", type=lambda text: text.split(","), default=list(PROGRAMS)[:4])
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--every", type=int, default=1, help="only every n-th paradigm")
    parser.add_argument(
        "--masked-pairs", type=int, default=1500, help="random pairs for pseudo-log-likelihood; 0: none"
    )
    parser.add_argument("--causal", type=int, default=1, help="0: not at all")
    parser.add_argument("--alone", type=int, default=100, help="sentences of a round that are also run one by one")
    args = parser.parse_args()
    if args.work:
        work(json.loads(args.work))
        return 0
    if args.blimp is None:
        parser.error("--blimp or CURATE_BLIMP must name a folder of BLiMP's .jsonl files")
    if not args.official:
        args.programs = [name for name in args.programs if name != "official"]
        print("the official pipeline is left out: --official names a checkout", file=sys.stderr)
    paradigms = read(args.blimp, args.zorro)[:: args.every]
    lines = [
        "| backend | program | pairs | CPU-s | pairs/CPU-s | ours is | wanted | apart from one by one |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        if args.causal:
            parts = [[t for p in paradigms[at :: args.rounds] for t in p] for at in range(args.rounds)]
            lines += measure("causal", parts, args, Path(folder))
        if args.masked_pairs:
            pairs = [p[at : at + 2] for p in paradigms for at in range(0, len(p), 2)]
            chosen = random.Random(0).sample(pairs, min(args.masked_pairs, len(pairs)))
            parts = [[t for pair in chosen[at :: args.rounds] for t in pair] for at in range(args.rounds)]
            lines += measure("mlm", parts, args, Path(folder))
    print("\n".join(lines))
    return int(any("nan" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
