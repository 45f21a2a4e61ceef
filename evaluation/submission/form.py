"""The fields of the challenge's 2026 submission form, filled in from what the artifacts say; else null and why.

The fields are those that the leaderboard's API takes (Gradio space ``BabyLM-Leaderboard-2026``, as called by the entry
SharathSPhD/prabhasa-babylm, ``submission/submit_babylm.py``). What a corpus knows is read from the ``submission.json``
that ``curate audit`` leaves beside it; what a run knows from its ``run.json`` and ``recipe.yaml``. Entrants fill what
they do not know with guesses, because the form refuses empty fields: here a guess would stand as null with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from curation.core.errors import CorpusError
from curation.corpus import Corpus
from evaluation.result import Results

_YOU = "yours to state"
_NO_RUN = "the model is no run of curate: no run.json says it"
_NO_CORPUS = "the corpus folder is not at hand: run `curate audit` beside it"
_NO_AUDIT = "the corpus was not audited: run `curate audit`"
#: All 39 arguments of the API, in its order, with the reason for those that no artifact fills.
_FIELDS: dict[str, str] = {
    "model_name": "", "revision": "", "hf_repo": _YOU, "track": "", "results_file": "", "predictions_file": "",
    "model_type": "", "approaches": _YOU, "base_model": "", "lr_scheduler": "", "epochs": "", "tokenizer": "",
    "random_seed": "", "num_heads": "", "max_seq_len": "", "gpu_dev": "hours of development: yours to state",
    "training_data": "", "datasize": "", "data_genre": "", "learning_rate": "", "optimizer": "", "batch_size": "",
    "token_set_size": "", "num_layers": "", "total_parameters": "", "flops": "", "gpu_train": "",
    "data_human": "whether people annotated the data: yours to state", "data_preprocessing": "", "data_aug": "",
    "description": "", "other_hyp": "", "teacher_models": "", "lang_en": "", "lang_nld": "", "lang_zho": "",
    "num_words_en": "", "num_words_nld": "", "num_words_zho": "",
}  # fmt: skip
_OF_CORPUS = (
    "training_data", "datasize", "data_genre", "data_preprocessing", "data_aug", "description", "teacher_models",
    "lang_en", "lang_nld", "lang_zho", "num_words_en", "num_words_nld", "num_words_zho",
)  # fmt: skip
_TYPES = {"causal": "Decoder only", "mlm": "Encoder only", "mntp": "Encoder only"}

#: A value, and why there is none.
Field = tuple[Any, str | None]


def form_of(results: Results, where: Path, *, track: str | None = None) -> dict[str, Any]:
    """Return the form: each field with its value, or null and the reason.

    Args:
        results: of the model.
        where: their folder; the run is looked for above it.
        track: that is submitted to; None is told by the words seen and the audit.
    """
    run, folder = run_above(where, results)
    corpus = _corpus(run)
    known: dict[str, Field] = dict.fromkeys(_OF_CORPUS, (None, _NO_CORPUS if run else _NO_RUN))
    known |= _of_lock(corpus) | _of_audit(corpus) if corpus is not None else {}
    known |= _of_run(run, _recipe(folder)) if run is not None and folder is not None else {}
    known |= _of_results(results)
    known |= _of_track(track, known.get("track"), results)
    fields = {}
    for name, otherwise in _FIELDS.items():
        value, reason = known.get(name, (None, otherwise or _NO_RUN))
        fields[name] = {"value": value} if value is not None else {"value": None, "reason": reason or otherwise}
    return {
        "form": "BabyLM 2026 leaderboard",
        "fields": fields,
        "from": {
            "suite": results.suite.get("name"),
            "model": results.subject.get("digest"),
            "corpus": None if run is None else run.get("corpus", {}).get("digest"),
            "audit": None if run is None else run.get("corpus", {}).get("audit"),
            "flops": None if run is None else run.get("flops", {}).get("method"),
        },
    }


def run_above(where: Path, results: Results) -> tuple[dict[str, Any] | None, Path | None]:
    """Return the record and folder of the run that results lie in, if it is the one that was scored."""
    for folder in where.resolve().parents:
        try:
            record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        same = isinstance(record, dict) and record.get("corpus", {}).get("digest") == results.subject.get("corpus")
        return (record, folder) if same else (None, None)
    return None, None


def _of_results(results: Results) -> dict[str, Field]:
    subject = results.subject
    found: dict[str, Field] = {
        "model_name": (subject.get("name"), None),
        "revision": (subject.get("revision") or "main", None),
        "results_file": (f"all_full_preds_and_fast_scores_{subject.get('backend')}.json", None),
        "predictions_file": (None, "only the multilingual track has one"),
        "model_type": (_TYPES.get(str(subject.get("backend")), "Encoder-decoder"), None),
    }
    if subject.get("parameters"):
        found["total_parameters"] = (round(subject["parameters"] / 1e6, 3), None)
    return found


def _of_track(track: str | None, audited: Field | None, results: Results) -> dict[str, Field]:
    if track is not None:
        return {"track": (track, None)}
    if audited is not None and audited[0] is not None:
        return {"track": audited}
    seen = results.subject.get("words_seen")
    why = "more than one track fits the words seen" if seen else "the words seen are not known"
    return {"track": (None, f"{why}: yours to state")}


def _of_run(run: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Field]:
    result, model, flops = run.get("result", {}), run.get("model", {}), run.get("flops", {})
    trained = run.get("data", {}).get("words_trained_on")
    optimizer, schedule = recipe.get("optimizer", {}), recipe.get("schedule", {})
    tokenizer = run.get("tokenizer", {}).get("settings", {})
    lengths = list((schedule.get("length") or {}).values())
    epochs = round(result["words_seen"] / trained, 3) if trained and "words_seen" in result else None
    tokens, steps = result.get("tokens_seen"), result.get("steps")
    gpu = run.get("hardware", {}).get("device", "cpu") != "cpu"
    brought = "the tokenizer was brought from outside: its record states no settings"
    hours = (result.get("seconds") or 0.0) / 3600
    return {
        "base_model": (model.get("use"), "the recipe names no architecture"),
        "lr_scheduler": (schedule.get("use"), _missing("schedule")),
        "epochs": (epochs, _unfinished()),
        "tokenizer": (
            " ".join(str(tokenizer[key]) for key in ("kind", "preset") if tokenizer.get(key)) or None,
            brought,
        ),
        "random_seed": (str(run["recipe"]["seed"]) if "recipe" in run else None, _missing("seed")),
        "num_heads": (model.get("num_attention_heads"), "the model has no heads of attention"),
        "max_seq_len": (max(lengths, default=model.get("max_position_embeddings")), _missing("length")),
        "learning_rate": (optimizer.get("lr"), _missing("learning rate")),
        "optimizer": (optimizer.get("use"), _missing("optimizer")),
        "batch_size": (round(tokens / steps) if tokens and steps else None, _unfinished()),
        "token_set_size": (run.get("tokenizer", {}).get("vocab_size"), _missing("vocabulary")),
        "num_layers": (model.get("num_hidden_layers"), _missing("layers")),
        "flops": (flops.get("total"), _unfinished()),
        "gpu_train": (round(hours, 3) if gpu else None, f"trained on the CPU, {hours:.2f} hours"),
        "total_parameters": (round(run["parameters"] / 1e6, 3) if "parameters" in run else None, _missing("size")),
        "other_hyp": (_other(optimizer, schedule, lengths), None),
    }


def _other(optimizer: Mapping[str, Any], schedule: Mapping[str, Any], lengths: list[int]) -> str:
    named = {"betas": optimizer.get("betas"), "weight_decay": optimizer.get("weight_decay")}
    named |= {"clip": optimizer.get("clip"), "warmup": schedule.get("warmup"), "lengths": lengths}
    told = ", ".join(f"{name} {value}" for name, value in named.items() if value not in (None, []))
    return f"batch_size counts tokens of a step; {told}" if told else "batch_size counts tokens of a step"


def _of_audit(corpus: Corpus) -> dict[str, Field]:
    try:
        fields = json.loads((corpus.folder / "submission.json").read_text(encoding="utf-8"))["fields"]
        found = {name: fields[name] for name in (*_OF_CORPUS, "track") if name in fields}
        return {
            name: (entry.get("value"), entry.get("reason"))
            for name, entry in found.items()
            if entry.get("value") is not None or name != "track"
        }
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def _of_lock(corpus: Corpus) -> dict[str, Field]:
    """Return what the lock alone says, for a corpus without an audit."""
    lock = corpus.lock
    domains = dict.fromkeys(str(source.get("settings", {}).get("domain") or "") for source in lock["sources"])
    steps = [str(step["use"]) for step in lock["steps"] if step.get("kind") != "selector"]
    augmenting = [step for step in lock["steps"] if step.get("kind") == "augmenter"]
    found: dict[str, Field] = dict.fromkeys(_OF_CORPUS, (None, _NO_AUDIT))
    return found | {
        "training_data": (", ".join(source["name"] for source in lock["sources"]), None),
        "datasize": (lock["words"] / 1e6, None),
        "data_genre": (", ".join(filter(None, domains)) or None, "no source states a domain"),
        "data_preprocessing": ("; ".join(steps) or "none", None),
        "data_aug": ("Yes" if augmenting else None, _NO_AUDIT),
        "description": (lock.get("description") or None, "the corpus states none"),
    }


def _corpus(run: Mapping[str, Any] | None) -> Corpus | None:
    """Return the corpus of a run where it still lies and is still the same."""
    about = (run or {}).get("corpus", {})
    if not isinstance(about.get("folder"), str):
        return None
    try:
        corpus = Corpus.open(about["folder"])
    except (CorpusError, OSError):
        return None
    return corpus if corpus.digest == about.get("digest") else None


def _recipe(folder: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _missing(what: str) -> str:
    return f"the run's record states no {what}"


def _unfinished() -> str:
    return "the run is not finished"
