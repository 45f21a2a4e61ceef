"""Invented evaluation data with the official names and numbers of rows, and an evaluation of a model that draws lots.

The sentences are nonsense; only what the official scripts read of them matters: names of files and fields, rows,
answers. Nothing here is from the real data.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evaluation.data import official
from evaluation.evaluate import Options, evaluate
from evaluation.result import ITEMS, TaskResult, items_table, read_results, write_results
from evaluation.scorers.chance import ChanceScorer
from evaluation.submission.checkpoints import SMALL
from evaluation.submission.years import AOA_ROWS, Year
from evaluation.suite import load_suite
from tests.evaluation_subjects import subject

WORDS = [f"word{number}" for number in range(40)]


def write_data(root: Path, moves_2025: Mapping[str, int | None], moves_2026: Mapping[str, int | None]) -> Path:
    """Write both sets below ``root`` and return it."""
    for folder, files in official().items():
        which, _, name = folder.partition("/")
        if name.startswith("entity_tracking"):
            splits = ("regular",) if which == "fast_eval" else ("regular", "ambiref", "move_contents")
            for split in splits:
                _jsonl(root / folder / f"{split}.jsonl", _moves(split, moves_2025, moves_2026))
            continue
        for file, entry in files.items():
            make = next(make for start, make in _MAKERS.items() if name.startswith(start))
            if make is not _reading:
                _jsonl(root / folder / file, make(file.partition(".")[0], entry["items"]))
    for which in ("full_eval", "fast_eval"):
        _write_reading(root / which / "reading" / "reading_data.csv")
        for name, items in (("wug_adj_nominalization", 200), ("wug_past_tense", 50)):
            _jsonl(root / which / name / f"{name}.jsonl", _wug(name, items))
    _write_children(root / "full_eval" / "aoa" / "cdi_human.csv")
    return root


def _jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _blimp(name: str, items: int) -> list[dict[str, Any]]:
    about = {"field": "syntax", "UID": name, "linguistics_term": "none"}
    return [{"sentence_good": f"{name} {n} good", "sentence_bad": f"{name} {n} bad", **about} for n in range(items)]


def _supplement(name: str, items: int) -> list[dict[str, Any]]:
    return [{"sentence_good": f"{name} {n}?\nYes.", "sentence_bad": f"{name} {n}?\nNo."} for n in range(items)]


def _ewok(name: str, items: int) -> list[dict[str, Any]]:
    about = {"Domain": name, "ContextType": "direct", "ContextDiff": "x", "TargetDiff": "y"}
    two = {"Context2": "Then nothing.", "Target2": "It is false."}
    return [{"Context1": f"{name} {n} is so.", "Target1": f"It is {n}.", **two, **about} for n in range(items)]


def _comps(name: str, items: int) -> list[dict[str, Any]]:
    return [
        {"prefix_acceptable": f"A yes {n}", "prefix_unacceptable": f"A no {n}", "property_phrase": f"can {name}."}
        for n in range(items)
    ]


def _wug(name: str, items: int) -> list[dict[str, Any]]:
    draw = random.Random(name)  # noqa: S311  (invented data)
    return [{"sentences": f"{name} {n} ity\t{name} {n} ness", "ratio": round(draw.random(), 4)} for n in range(items)]


def _piqa(_: str, items: int) -> list[dict[str, Any]]:
    options = 4 if items == 103 else 2
    return [
        {"prompt": f"To do {n}:", "label": n % options, "example_id": f"{items}_{n}_eng"}
        | {f"solution{option}": f"take way {option}" for option in range(options)}
        for n in range(items)
    ]


def _glue(name: str, items: int) -> list[dict[str, Any]]:
    draw = random.Random(name)  # noqa: S311  (invented data)
    return [{"label": draw.randrange(3 if name == "mnli" else 2)} for _ in range(items)]


def _reading(_: str, __: int) -> list[dict[str, Any]]:
    return []


_MAKERS = {
    "blimp": _blimp, "supplement": _supplement, "ewok": _ewok, "comps": _comps, "wug": _wug, "global_piqa": _piqa,
    "glue": _glue, "reading": _reading,
}  # fmt: skip


def _moves(split: str, all_rows: Mapping[str, int | None], filled: Mapping[str, int | None]) -> list[dict[str, Any]]:
    rows = []
    for moves in range(6):
        uid = f"{split}_{moves}_ops"
        for number in range(all_rows[uid] or 0):
            last = " the cup" if number < (filled[uid] or 0) else " nothing"
            options = [f" the {thing} {number}" for thing in ("key", "hat", "pen")]
            rows.append({"input_prefix": f"{uid} {number}: Box 1 has", "options": [*options, last], "numops": moves})
    return rows


def _write_reading(path: Path) -> None:
    draw = random.Random(3)  # noqa: S311  (invented data)
    times = ("RTfirstfix", "RTfirstpass", "RTgopast", "RTrightbound", "self_paced_reading_time")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "word", "Subtlex_log10", "length", "context_length", "prev_length", *times])
        for number in range(1726):
            about = [
                draw.uniform(0, 6),
                draw.randrange(1, 12),
                number % 12,
                draw.randrange(1, 12) if number % 12 else "",
            ]
            writer.writerow([number, "word", *about, *(draw.gauss(250, 50) for _ in times)])


def _write_children(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ages = list(range(16, 31))
    lines = [",".join(["", "word", *map(str, ages)])]
    for number, word in enumerate(WORDS):
        middle = 19 + 8 * number / len(WORDS)
        lines.append(",".join([str(number), word, *(f"{1 / (1 + 2.7 ** (0.5 * (middle - age))):.3f}" for age in ages)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def evaluated(year: Year, data: Path, folder: Path, *, checkpoints: tuple[str, ...] = SMALL) -> Path:
    """Evaluate a drawer of lots as a whole run of strict-small, and return the results folder of its final model."""
    where = folder / "main" / "causal"
    _evaluate(year.name, data, where, 0)
    # Two draws, taken in turn, are enough to tell that scores stand in the right places.
    for seed in (1, 2):
        _evaluate(f"{year.name}-fast", data, folder / f"draw-{seed}", seed)
    for number, mark in enumerate(checkpoints):
        shutil.copytree(folder / f"draw-{1 + (number > 4)}", folder / mark / "causal")
    return where


def _evaluate(suite: str, data: Path, where: Path, seed: int) -> None:
    """Score what can be scored by lot; fill in fine-tuning, reading and words as their tasks leave them."""
    chosen = load_suite(suite)
    made_up = [name for name in chosen.tasks if name in {*_LABELS, "reading", "aoa"}]
    asked = chosen.only(tuple(name for name in chosen.tasks if name not in made_up))
    asked = asked.model_copy(update={"tasks": tuple(name for name in asked.tasks if name not in made_up)})
    model = subject(ChanceScorer(seed))
    model.name, model.words_seen = "lots-0.1", 100_000_000
    evaluate(model, Options(suite=asked, out=where, data=data))
    results = read_results(where)
    rows = pq.read_table(where / ITEMS).to_pylist()
    tasks = list(results.tasks)
    for name in made_up:
        task, more = _made_up(name, seed)
        tasks.append(task)
        rows += more
    suite_facts = {**results.suite, "name": suite}
    write_results(where, results.model_copy(update={"tasks": tuple(tasks), "suite": suite_facts}), items_table(rows))


_LABELS = {"boolq": 2, "mnli": 3, "mrpc": 2, "multirc": 2, "qqp": 2, "rte": 2, "wsc": 2}


def _made_up(name: str, seed: int) -> tuple[TaskResult, list[dict[str, Any]]]:
    draw = random.Random(f"{name} {seed}")  # noqa: S311  (invented data)
    about: dict[str, Any] = {"task": name, "title": name, "status": "scored", "value": 50.0}
    if name == "reading":
        listed = [
            {"id": number, "pred": draw.uniform(1, 12), "prev_pred": draw.uniform(1, 12) if number % 12 else None}
            for number in range(1726)
        ]
        groups = {
            name: {"value": 1.5, "honest": 1.4, "items": 1726, "ties": 0}
            for name in ("eye_tracking", "self_paced_reading")
        }
        return TaskResult(**about, groups=groups, details={"predictions": listed}), []
    if name == "aoa":
        return TaskResult(**about, details={"surprisal": _surprisals(draw), "rules": {"2025": 50.0, "2026": 12.5}}), []
    items = official()["full_eval/glue_filtered"][f"{name}.valid.jsonl"]["items"]
    rows = [
        {"task": name, "group": name, "uid": f"{name}_{number}", "chosen": draw.randrange(_LABELS[name]), "answer": "?"}
        for number in range(items)
    ]
    return TaskResult(**about), rows


def _surprisals(draw: random.Random) -> dict[str, Any]:
    return {
        "steps": list(SMALL),
        "word_counts": [int(mark[5:-1]) * 1_000_000 for mark in SMALL],
        "words": [WORDS[row % len(WORDS)] for row in range(AOA_ROWS)],
        "contexts": [f"context {row}" for row in range(AOA_ROWS)],
        "values": [
            [round(19 - 14 / (1 + 2.7 ** (10 - place - row % 7)) + draw.random(), 6) for row in range(AOA_ROWS)]
            for place in range(len(SMALL))
        ],
    }
