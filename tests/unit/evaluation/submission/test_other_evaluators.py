"""Our exports run under other evaluators, and score there as they do here.

``CURATE_OTHER_EVALUATORS`` is a Python that has lm-eval, minicons and what the official scripts import; without it,
this one is tried. ``CURATE_OFFICIAL_2025`` is a copy of the official pipeline. What is not there is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evaluation.queries import Query
from evaluation.scorers.scorer import score
from evaluation.subject import Subject
from evaluation.submission.imported import read_lm_eval
from tests.tiny_models import PAIRS
from tests.unit.evaluation.submission.test_official import official
from tests.unit.training.export.exports import write_case

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
#: The longest pairs do not fit the small models.
SHORT = [pair for pair in PAIRS if len(pair[0]) < 40]

TASK = """
task: blimp_toy_filtered
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {data}}}}}
validation_split: validation
output_type: multiple_choice
doc_to_text: ""
doc_to_target: 0
doc_to_choice: "{{{{[sentence_good, sentence_bad]}}}}"
target_delimiter: ""
metric_list: [{{metric: acc}}]
"""
MINICONS = """
import json, sys
from minicons import scorer
lm = scorer.IncrementalLMScorer(sys.argv[1], "cpu")
texts = json.load(open(sys.argv[2]))
print(json.dumps([lm.sequence_score([text], reduction=lambda x: x.sum(0).item())[0] for text in texts]))
"""


def python_with(package: str) -> str:
    python = os.environ.get("CURATE_OTHER_EVALUATORS") or sys.executable
    found = subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"{package} is not installed: name a Python that has it in CURATE_OTHER_EVALUATORS")
    return python


def run(command: list[str], where: Path) -> str:
    quiet = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(where / "hub"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command,
        cwd=where,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def model_of(case: str, tmp_path: Path) -> Path:
    write_case(tmp_path / "export", case)
    return tmp_path / "export" / "model"


def pairs_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "toy.jsonl"
    path.write_text("".join(json.dumps({"sentence_good": a, "sentence_bad": b}) + "\n" for a, b in SHORT))
    return path


def ours(model: Path, backend: str) -> np.ndarray:
    queries = [Query(text) for pair in SHORT for text in pair]
    return score(Subject.open(str(model), backend=backend).scorer(), queries).totals().reshape(-1, 2)


@pytest.mark.parametrize("case", ["gpt2", "llama", "gpt_bert"])
def test_lm_eval_scores_our_exports_as_we_do(case, tmp_path):
    python = python_with("lm_eval")
    model = model_of(case, tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "toy.yaml").write_text(TASK.format(data=pairs_in(tmp_path / "data")))
    arguments = f"pretrained={model},trust_remote_code=True,dtype=float32"
    if (
        case == "gpt_bert"
    ):  # its positions are relative: what it was trained with is no limit, but lm-eval takes it for one
        arguments += ",max_length=64"
    asked = ["--model", "hf", "--model_args", arguments, "--include_path", "tasks", "--tasks", "blimp_toy_filtered"]
    run([python, "-m", "lm_eval", *asked, "--device", "cpu", "--output_path", "out", "--log_samples"], tmp_path)
    found = read_lm_eval(tmp_path / "out")
    theirs = np.array([row["scores"] for row in found.rows])
    assert np.abs(theirs - ours(model, "causal")).max() < 1e-4
    assert found.results.task("blimp").items == len(SHORT)


@pytest.mark.parametrize("case", ["gpt2", "llama"])
def test_minicons_scores_our_exports_as_we_do(case, tmp_path):
    python = python_with("minicons")
    model = model_of(case, tmp_path)
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps([text for pair in SHORT for text in pair]))
    printed = run([python, "-c", MINICONS, str(model), str(texts)], tmp_path)
    theirs = np.array(json.loads(printed.splitlines()[-1])).reshape(-1, 2)
    assert np.abs(theirs - ours(model, "causal")).max() < 1e-4


@pytest.mark.parametrize(("case", "backend"), [("gpt2", "causal"), ("ltg_bert", "mlm"), ("gpt_bert", "mntp")])
def test_the_official_pipeline_answers_as_we_do(case, backend, tmp_path):
    scripts = official(2025, tmp_path)
    python = python_with("datasets, aiohttp, tqdm, pandas")
    model = model_of(case, tmp_path)
    data = pairs_in(tmp_path / "blimp_filtered").parent
    asked = ["--data_path", str(data), "--task", "blimp", "--model_path_or_name", str(model), "--backend", backend]
    run([python, "-m", "evaluation_pipeline.sentence_zero_shot.run", *asked, "--save_predictions",
         "--output_dir", str(tmp_path / "results")], scripts)  # fmt: skip
    place = tmp_path / "results" / "model" / "main" / "zero_shot" / backend / "blimp" / "blimp_filtered"
    theirs = json.loads((place / "predictions.json").read_text())["toy"]["predictions"]
    chosen = ours(model, backend).argmax(axis=1)
    assert theirs == [
        {"id": f"toy_{number}", "pred": pair[choice]}
        for number, (pair, choice) in enumerate(zip(SHORT, chosen, strict=True))
    ]
