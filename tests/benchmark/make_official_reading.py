"""Surprisals, reading figures and ages of acquisition by the official code, kept in tests/golden/evaluation_reading.

`python -m tests.benchmark.make_official_reading CHECKOUT REVISED [--real reading_data.csv]`: checkouts or bare
repositories of babylm/evaluation-pipeline-2025 and of its revision of 2026. The official code is run as it is, on tiny
models and invented rows; of the real file only figures are kept.
"""

import argparse
import csv
import hashlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tests import tiny_models

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "evaluation_reading"
#: Model, backend.
CASES = [
    ("gpt2", "causal"),
    ("gpt2_end", "causal"),
    ("llama", "causal"),
    ("bert", "mlm"),
    ("bert", "mntp"),
    ("roberta", "mlm"),
    ("bart", "enc_dec"),
]
TIMES = ["RTfirstfix", "RTfirstpass", "RTgopast", "RTrightbound", "self_paced_reading_time"]
MORE = ["ELAN", "LAN", "N400", "P600", "EPNP", "PNP"]
FIELDS = ["", "item", "word", "sentence", "context_length", "sent_id", "Subtlex_log10", "length", *TIMES, *MORE]
#: Of a regression, as the official code names them.
KEPT = ["Coefficient", "Number of standard deviations", "R2", "Change in R2 from baseline"]
BEFORE = ["prev_word", "prev_item", "prev_length"]


def write_words(path: Path) -> None:
    """Write words with invented times; the first sentence begins with what pandas takes for no value."""
    draw = np.random.RandomState(5)
    sentences = ["None of the geese ever smiles at a painter.", *(good for good, _ in tiny_models.PAIRS)]
    sentences += [text + rest[0] for text, rest in tiny_models.CONTINUATIONS]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*FIELDS, *BEFORE])
        number = 0
        for sentence_id, sentence in enumerate(sentences):
            words = sentence.split()
            for place in range(1, len(words)):
                item, word = " ".join(words[:place]), words[place].strip(".,?")
                known = "" if draw.rand() < 0.05 else f"{draw.uniform(3, 15):.6f}"
                values = [f"{value:.6f}" for value in [*draw.uniform(60, 400, len(TIMES)), *draw.randn(len(MORE))]]
                before = [words[place - 1], " ".join(words[: place - 1]), len(words[place - 1])]
                before = before if place > 1 else ["", "", -1]
                item = "" if item == "None" else item
                row = [number, item, word, sentence, place, sentence_id, known, len(word), *values, *before]
                table.writerow(row)
                number += 1


def unpack(checkout: Path, names: list[str], folder: Path) -> Path:
    """Copy files of the official package."""
    package = folder / "evaluation_pipeline"
    for name in names:
        path = f"evaluation_pipeline/{name}.py"
        command = ["git", "-C", str(checkout), "show"]
        found = subprocess.run([*command, f"HEAD:{path}"], check=False, capture_output=True, text=True)
        if found.returncode:
            found = subprocess.run([*command, f"HEAD:strict/{path}"], check=True, capture_output=True, text=True)
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        ((package / name).parent / "__init__.py").touch()
        (package / f"{name}.py").write_text(found.stdout)
    (package / "__init__.py").touch()
    return folder


def read(code: Path, model: Path, backend: str, data: Path) -> dict[str, Any]:
    """Run the official reading task: predictions, and the two figures from its regressions, unrounded."""
    out = code / "out" / f"{model.name}-{backend}-{data.stem}"
    command = [sys.executable, "-m", "evaluation_pipeline.reading.run", "--data_path", str(data), "--backend", backend]
    command += ["--model_path_or_name", str(model), "--output_dir", str(out)]
    where = {**os.environ, "PYTHONPATH": str(code), "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, check=True, cwd=code, env=where, capture_output=True)
    folder = next(out.glob("*/main/zero_shot/*/reading"))
    rows = json.loads((folder / "predictions.json").read_text())["reading"]["predictions"]
    regressions: dict[str, dict[str, Any]] = {}
    for name, design in (("predictive_power", "alone"), ("predictive_power_spillover", "spillover")):
        for line in (folder / f"{name}.jsonl").read_text().splitlines():
            row = json.loads(line)
            kept = (
                row["Coefficient"],
                row["Number of standard deviations"],
                row["R2"],
                row["Change in R2 from baseline"],
            )
            regressions.setdefault(row["Predicted variable"], {})[design] = kept
    shares = {
        (name, key): 100 * change / (1 - (r2 - change))
        for name, both in regressions.items()
        for key, (_, _, r2, change) in both.items()
    }
    return {
        "eye_tracking": float(np.mean([shares[name, "alone"] for name in TIMES[:4]])),
        "self_paced_reading": shares[TIMES[4], "spillover"],
        "variables": regressions,
        "pred": [round(row["pred"], 6) for row in rows],
        "prev_pred": [None if np.isnan(row["prev_pred"]) else round(row["prev_pred"], 6) for row in rows],
    }


def _module(path: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Letters:
    """A tokenizer of one token for three letters: only lengths count."""

    vocab_size = 1000

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        """Return as many tokens as there are."""
        assert not add_special_tokens
        return {"input_ids": [0] * sum(-(-len(word) // 3) for word in text.split())}


def curves() -> tuple[dict[str, Any], list[list[Any]]]:
    """Return invented surprisals by word ``[contexts, steps]``, and rows of children's shares by month."""
    draw = np.random.RandomState(9)
    steps = np.array([*range(1, 10), *range(10, 101, 10)]) * 1e6
    words: dict[str, Any] = {}
    children: list[list[Any]] = []
    for number in range(60):
        word = "".join(draw.choice(list("abcdefgh"), draw.randint(3, 7))) + f"{number:02d}"
        age = draw.uniform(14, 32)
        middle = 6.1 + (age - 14) / 11 + 0.25 * draw.randn()
        guess = -(-len(word) // 3) * np.log(Letters.vocab_size)
        fall = draw.uniform(0.4, 0.8) * guess / (1 + np.exp(-draw.uniform(1, 12) * (np.log10(steps) - middle)))
        table = guess - fall + 0.5 * draw.randn(draw.randint(1, 5), 1) + 0.3 * draw.randn(1, len(steps))
        if number % 17 == 3:
            table[0, 4] = np.nan
        if number % 13 == 5:
            table[:] = 12 + 0.1 * draw.randn(*table.shape)
        words[word] = np.round(table, 5)
        share = 1 / (1 + np.exp(-draw.uniform(0.2, 0.8) * (np.arange(16, 31) - age))) + 0.02 * draw.randn(15)
        known = ["" if draw.rand() < 0.03 else f"{min(max(value, 0), 1):.2f}" for value in share]
        children.append([number, word, *known])
    return {"steps": steps.tolist(), "words": {word: table.tolist() for word, table in words.items()}}, children


def acquire(path: Path, name: str, children: Path, invented: dict[str, Any], *, revised: bool) -> dict[str, Any]:
    """Run the official evaluator: ages by word, and the figure."""
    module = _module(path, name)
    evaluator = module.AoAEvaluator(children)
    rows = [
        {"step": f"chck_{int(step / 1e6)}M", "target_word": word, "surprisal": context[at]}
        for at, step in enumerate(invented["steps"])
        for word, table in invented["words"].items()
        for context in table
    ]
    found = evaluator.compute_curve_fitness({"results": rows}, *([Letters()] if revised else []))
    ages = dict(zip(found.get("valid_words", []), found.get("model_aoas", []), strict=True))
    return {
        "figure": found["curve_fitness"],
        "words": {word: float(age) for word, age in ages.items()},
        "children": {word: evaluator.compute_child_aoa(at) for at, word in enumerate(evaluator.words)},
    }


def make_reading(checkout: Path, real: Path | None, folder: Path) -> None:
    """Write ``words.csv``, ``reading.json`` and ``real.json``."""
    words = GOLDEN / "words.csv"
    write_words(words)
    code = unpack(checkout, ["utils", "reading/run", "reading/evaluation_functions"], folder / "code")
    found = []
    for kind, backend in CASES:
        model = folder / kind if (folder / kind).exists() else tiny_models.make(kind, folder / kind)
        found.append({"model": kind, "backend": backend, **read(code, model, backend, words)})
    lines = ",\n".join(json.dumps(case) for case in found)
    (GOLDEN / "reading.json").write_text(f"[\n{lines}\n]\n")
    if real is None:
        return
    figures = []
    for kind, backend in [case for case in CASES if case[0] in {"gpt2", "bert"}]:
        case = read(code, folder / kind, backend, real)
        figures.append([kind, backend, case["eye_tracking"], case["self_paced_reading"]])
    digest = hashlib.sha256(real.read_bytes()).hexdigest()
    (GOLDEN / "real.json").write_text(json.dumps({"sha256": digest, "figures": figures}, indent=1) + "\n")


def make_ages(checkout: Path, revised: Path, folder: Path) -> None:
    """Write ``children.csv`` and ``acquisition.json``."""
    invented, children = curves()
    table = GOLDEN / "children.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["", "word", *range(16, 31)], *children])
    found: dict[str, Any] = {"invented": invented}
    for year, source in (("2025", checkout), ("2026", revised)):
        utils = unpack(source, ["utils"], folder / year) / "evaluation_pipeline" / "utils.py"
        found[year] = acquire(utils, f"official_{year}", table, invented, revised=year == "2026")
    (GOLDEN / "acquisition.json").write_text(json.dumps(found) + "\n")


def main() -> int:
    """Run all cases and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("revised", type=Path)
    parser.add_argument("--real", type=Path, help="reading_data.csv: its figures are kept, not its rows")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        make_ages(args.checkout, args.revised, Path(name))
        make_reading(args.checkout, args.real, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
