"""Results of EleutherAI's lm-eval read as ours, so that both can be compared item by item.

An lm-eval folder (``--output_path DIR --log_samples``) holds ``results_DATE.json`` and ``samples_TASK_DATE.jsonl``; the
2024 challenge's fork wrote ``TASK_results.jsonl``, one JSON list each. Formats as of lm-eval 0.4.9 and
babylm/evaluation-pipeline-2024, ``lm_eval/loggers`` and ``lm_eval/evaluator.py``. Ties are shared, as for our own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.accuracy import judge, macro, micro
from evaluation.data import official
from evaluation.errors import DataError
from evaluation.result import Results, TaskResult

#: What lm-eval calls tasks of ours, by the start of the name, and the folder whose sizes tell the challenge's set.
_KNOWN = (
    ("blimp_supplement_", "blimp_supplement", "full_eval/supplement_filtered"),
    ("blimp_", "blimp", "full_eval/blimp_filtered"),
    ("ewok_", "ewok", "full_eval/ewok_filtered"),
)


@dataclass(frozen=True)
class Imported:
    """An evaluation by another tool.

    Attributes:
        results: as ``results.json`` would hold them.
        rows: as ``items.parquet`` would, where samples were logged.
    """

    results: Results
    rows: list[dict[str, Any]]


def read_lm_eval(path: Path) -> Imported:
    """Read a results folder of lm-eval, or one of its ``results_*.json`` files.

    BLiMP as lm-eval has it is not the challenge's filtered set: it is task ``blimp_full``, unless its name or the
    number of its samples say that it was filtered.

    Raises:
        DataError: there are no results, or they cannot be read.
    """
    file = _results_file(path)
    told = _json(file)
    scores = told.get("results")
    if not isinstance(scores, dict):
        raise DataError("has no `results`: it is no file of lm-eval", where=str(file))
    rows: list[dict[str, Any]] = []
    alone: dict[str, TaskResult] = {}
    for name, metrics in scores.items():
        samples = _samples(file, name)
        if samples:
            rows += _rows(name, samples)
        elif not _is_group(name, told):
            value, stderr = _metric(metrics, "acc"), _metric(metrics, "acc_stderr")
            if value is not None:
                alone[name] = _score(name, value, stderr)
    tasks = [*_measured(rows), *alone.values()]
    if not tasks:
        hint = "run it with --log_samples, on tasks that are scored by accuracy"
        raise DataError("holds no accuracies", where=str(file), hint=hint)
    results = Results(suite={"name": "lm-eval", "rules": {}}, subject=_subject(told), tasks=tuple(tasks))
    return Imported(results, rows)


def _results_file(path: Path) -> Path:
    if path.is_file():
        return path
    found = sorted([*path.glob("results_*.json"), *path.glob("*_results.json")], key=lambda file: file.name)
    found = found or sorted(path.glob("*/results_*.json"), key=lambda file: file.name)
    if not found:
        hint = "lm-eval writes one with --output_path DIR --log_samples"
        raise DataError("holds no results_*.json of lm-eval", where=str(path), hint=hint)
    return found[-1]  # names end with the time: the newest


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(found, dict):
        raise DataError("is no JSON object", where=str(path))
    return found


def _samples(file: Path, name: str) -> list[Mapping[str, Any]]:
    """Return the samples of a task: those of the same time as the results, else the 2024 fork's."""
    when = file.stem.removeprefix("results")
    for path in (file.with_name(f"samples_{name}{when}.jsonl"), file.with_name(f"{name}_results.jsonl")):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        try:
            found = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in _lines(text)]
        except ValueError as error:
            raise DataError(f"holds no JSON: {error}", where=str(path), hint="was it cut short?") from error
        return [row for row in found if isinstance(row, dict)]
    return []


def _lines(text: str) -> Iterable[str]:
    return (line for line in text.split("\n") if line.strip())


def _rows(name: str, samples: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    task, group = _ours(name, len(samples))
    made = []
    for sample in sorted(samples, key=lambda sample: int(sample["doc_id"])):
        texts, scores = _options(sample)
        target = sample.get("target", 0)
        gold = int(target) if str(target).isdigit() else next((n for n, t in enumerate(texts) if t == target), -1)
        if len(scores) < 2 or not 0 <= gold < len(scores):
            continue  # generated answers, or a target that is no option
        found = judge(np.array([scores]), np.array([gold]))
        made.append(
            {
                "task": task,
                "group": group,
                "uid": f"{group}_{sample['doc_id']}",
                "gold": gold,
                "chosen": int(found.chosen[0]),
                "answer": texts[int(found.chosen[0])],
                "credit": float(found.credit[0]),
                "tied": bool(found.tied[0]),
                "log_odds": float(found.log_odds[0]),
                "scores": scores,
            }
        )
    return made


def _ours(name: str, items: int) -> tuple[str, str]:
    """Return the task and group that we have for a task of lm-eval."""
    bare = name.removesuffix("_filtered")
    for start, task, folder in _KNOWN:
        if bare.startswith(start):
            group = bare.removeprefix(start)
            size = official()[folder].get(f"{group}.jsonl", {}).get("items")
            filtered = bare != name or items == size or task == "blimp_supplement"
            return (task if filtered else f"{task}_full"), group
    return name, name


def _options(sample: Mapping[str, Any]) -> tuple[list[str], list[float]]:
    """Return each option's text and log-probability; 0.4.5 and on write arguments as mappings and numbers as text."""
    given = sample.get("arguments", [])
    pairs = list(given.values()) if isinstance(given, Mapping) else list(given)
    texts = [str(pair["arg_1"] if isinstance(pair, Mapping) else pair[1]) for pair in pairs]
    scores = []
    for response in sample.get("resps", []):
        first = response[0]
        value = first[0] if isinstance(first, list | tuple) else first
        try:
            scores.append(float(value))
        except (TypeError, ValueError):
            return [], []
    return (texts, scores) if len(texts) == len(scores) else ([], [])


def _is_group(name: str, told: Mapping[str, Any]) -> bool:
    """Tell whether a name stands for tasks that are listed themselves."""
    return bool(told.get("group_subtasks", {}).get(name)) or name in told.get("groups", {})


def _metric(metrics: Mapping[str, Any], name: str) -> float | None:
    value = metrics.get(f"{name},none", metrics.get(name))
    return float(value) if isinstance(value, int | float) else None


def _score(name: str, value: float, stderr: float | None) -> TaskResult:
    about = {"task": name, "title": name, "status": "scored", "metric": "accuracy"}
    error = None if stderr is None else 100 * stderr
    notes = ("no samples were logged: ties count as lm-eval counts them, and items cannot be paired",)
    return TaskResult.model_validate(
        {**about, "value": 100 * value, "honest": 100 * value, "stderr": error, "warnings": notes}
    )


def _measured(rows: list[dict[str, Any]]) -> list[TaskResult]:
    """Return each task's accuracy, ties shared, over its groups."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_task.setdefault(row["task"], []).append(row)
    found = []
    for task, those in by_task.items():
        credit = np.array([row["credit"] for row in those])
        mean = macro(credit, [row["group"] for row in those])
        about = {"task": task, "title": task, "status": "scored", "metric": "accuracy", "items": len(those)}
        values = {
            "value": 100 * mean.value,
            "honest": 100 * mean.value,
            "stderr": None if mean.stderr is None else 100 * mean.stderr,
            "macro": 100 * mean.value,
            "micro": 100 * micro(credit).value,
            "ties": float(np.mean([row["tied"] for row in those])),
        }
        found.append(TaskResult.model_validate(about | values))
    return found


def _subject(told: Mapping[str, Any]) -> dict[str, Any]:
    config = told.get("config") or {}
    arguments = config.get("model_args") or ""
    text = arguments if isinstance(arguments, str) else ",".join(f"{key}={value}" for key, value in arguments.items())
    named = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    return {
        "name": told.get("model_name") or named.get("pretrained") or "a model",
        "revision": named.get("revision"),
        "backend": "causal" if config.get("model") in {None, "hf", "hf-auto", "vllm"} else str(config["model"]),
        "digest": None,
        "corpus": None,
        "words_seen": None,
        "tool": f"lm-eval {told.get('lm_eval_version', '')}".strip(),
    }
