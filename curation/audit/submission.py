"""The fields of the challenge's 2026 submission form, filled in as far as a corpus can fill them in.

The fields are those that the leaderboard's API takes (Gradio space ``BabyLM-Leaderboard-2026``, as called by the entry
SharathSPhD/prabhasa-babylm, ``submission/submit_babylm.py``). A field that a corpus cannot know is null, with the
reason: entrants fill such fields with guesses, because the form refuses empty ones.
"""

from __future__ import annotations

from typing import Any

from curation import __version__
from curation.audit.verdict import Verdict
from curation.corpus import Corpus

_RUN = "known to the training run, not to the corpus"
_YOU = "yours to state"
_LATER = {
    "model_name": _YOU,
    "revision": _YOU,
    "hf_repo": _YOU,
    "results_file": "written by the evaluation",
    "predictions_file": "written by the evaluation",
    "model_type": _RUN,
    "approaches": _YOU,
    "base_model": _RUN,
    "lr_scheduler": _RUN,
    "epochs": _RUN,
    "tokenizer": _RUN,
    "random_seed": _RUN,
    "num_heads": _RUN,
    "max_seq_len": _RUN,
    "gpu_dev": "hours of development: yours to state",
    "learning_rate": _RUN,
    "optimizer": _RUN,
    "batch_size": _RUN,
    "token_set_size": _RUN,
    "num_layers": _RUN,
    "total_parameters": _RUN,
    "flops": _RUN,
    "gpu_train": _RUN,
    "data_human": "whether people annotated the data: yours to state",
    "other_hyp": _RUN,
}
_ORDER = (
    "model_name", "revision", "hf_repo", "track", "results_file", "predictions_file", "model_type", "approaches",
    "base_model", "lr_scheduler", "epochs", "tokenizer", "random_seed", "num_heads", "max_seq_len", "gpu_dev",
    "training_data", "datasize", "data_genre", "learning_rate", "optimizer", "batch_size", "token_set_size",
    "num_layers", "total_parameters", "flops", "gpu_train", "data_human", "data_preprocessing", "data_aug",
    "description", "other_hyp", "teacher_models", "lang_en", "lang_nld", "lang_zho", "num_words_en", "num_words_nld",
    "num_words_zho",
)  # fmt: skip


def submission(corpus: Corpus | None, verdict: Verdict) -> dict[str, Any]:
    """Return the form: for each field its value, or null and the reason, and the audit that the values come from."""
    known = _of_corpus(corpus, verdict) if corpus is not None else _of_files(verdict)
    fields = {}
    for name in _ORDER:
        value, reason = known.get(name, (None, _LATER.get(name, "not recorded")))
        fields[name] = {"value": value} if reason is None else {"value": value, "reason": reason}
    return {
        "form": "BabyLM 2026 leaderboard",
        "fields": fields,
        "audit": {
            "subject": verdict.subject,
            "profile": verdict.profile,
            "status": verdict.status,
            "summary": verdict.summary,
            "digest": verdict.digest,
            "curate": __version__,
        },
    }


def _of_files(verdict: Verdict) -> dict[str, tuple[Any, str | None]]:
    return {
        "track": _track(verdict.profile),
        "training_data": (", ".join(source.name for source in verdict.sources) or None, None),
        "datasize": (verdict.words / 1e6, None),
        "teacher_models": (None, "plain text files state no teacher"),
    }


def _of_corpus(corpus: Corpus, verdict: Verdict) -> dict[str, tuple[Any, str | None]]:
    lock = corpus.lock
    domains = dict.fromkeys(source["settings"].get("domain") or "" for source in lock["sources"])
    steps = [step for step in lock["steps"] if step["kind"] != "selector"]
    augmenting = [step["name"] for step in lock["steps"] if step["kind"] == "augmenter"]
    made = sorted({origin for source in verdict.sources for origin in source.by_origin if origin != "human"})
    teachers = [model.name for model in verdict.auxiliary_models if model.purpose in {"teacher", "generator"}]
    origins_known = any(source.by_origin for source in verdict.sources)
    return {
        "track": _track(verdict.profile or str(lock.get("track") or "")),
        "training_data": (", ".join(source["name"] for source in lock["sources"]), None),
        "datasize": (verdict.words / 1e6, None),
        "data_genre": (", ".join(filter(None, domains)) or None, None if any(domains) else "no source states a domain"),
        "data_preprocessing": ("; ".join(_step(step) for step in steps) or "none", None),
        "data_aug": (
            (_yes_no(bool(augmenting or made)), None)
            if origins_known or augmenting
            else (None, "the audit did not state who wrote the words")
        ),
        "description": (lock.get("description") or None, None if lock.get("description") else "not stated"),
        "teacher_models": (", ".join(dict.fromkeys(teachers)), None),
        **_languages(lock),
    }


def _languages(lock: dict[str, Any]) -> dict[str, tuple[Any, str | None]]:
    stated = lock.get("languages")
    why = "the corpus records no language of its sources"
    result: dict[str, tuple[Any, str | None]] = {}
    for short, long in (("en", "eng"), ("nld", "nld"), ("zho", "zho")):
        words = None
        if isinstance(stated, dict):
            words = sum(s["words"] for s in lock["sources"] if str(stated.get(s["name"], "")).startswith((short, long)))
        result[f"lang_{short}"] = (None, why) if words is None else (words > 0, None)
        result[f"num_words_{short}"] = (None, why) if words is None else (words, None)
    return result


def _track(profile: str) -> tuple[str | None, str | None]:
    for track in ("strict-small", "strict", "multilingual"):
        if profile.startswith("babylm-") and profile.endswith(f"-{track}"):
            return track, None
    return None, "the rule profile is none of a 2026 track" if profile else "no rule profile was given"


def _step(step: dict[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in step["settings"].items() if value not in (None, [], ""))
    return f"{step['use']} ({settings})" if settings else str(step["use"])


def _yes_no(value: bool) -> str:  # noqa: FBT001
    return "Yes" if value else "No"
