"""What each year's prediction file holds: its parts, their official names and sizes, and how a gap is written.

Sources: babylm/evaluation-pipeline-2023 and -2024 ``collect_results.py``, -2025 ``collate_preds.py``, babylm-org/
babylm-eval ``strict/evaluation_pipeline/collate_preds.py`` (July 2026); sizes of 2024's (Super)GLUE from its
``sample_textonly_predictions.json.gz``. Sizes that no public file states are None: they are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from curation.core.errors import did_you_mean
from evaluation.data import official
from evaluation.errors import SuiteError
from evaluation.submission.phenomena import PHENOMENA

#: What a prediction is: the text of the chosen option, a class number, a text and the first option's share of
#: probability, surprisals of words in reading data, or surprisals of words over training.
Kind = Literal["text", "label", "share", "reading", "surprisal"]

#: Rows of the age-of-acquisition data at one checkpoint.
AOA_ROWS = 8005


@dataclass(frozen=True)
class Part:
    """A task's place in a year's file.

    Attributes:
        key: first level of the file.
        task: ours, whose results fill it.
        sizes: official number of predictions by subtask; None where it is not known.
        kind: what a prediction is.
        labels: classes, for ``label``.
        total: items where each item is a subtask of its own (GlobalPIQA); 0 elsewhere.
        place: folder of its predictions below ``zero_shot/BACKEND`` or ``finetune`` in the official results.
        fast_place: the same for checkpoints.
    """

    key: str
    task: str
    sizes: Mapping[str, int | None]
    kind: Kind = "text"
    labels: int = 2
    total: int = 0
    place: str = ""
    fast_place: str = ""


@dataclass(frozen=True)
class Year:
    """A year's file.

    Attributes:
        name: ``babylm-2025``.
        container: JSON lines, gzipped JSON or plain JSON.
        gap: how a missing part is written: not at all, or as null.
        parts: what is asked of the model.
        fast: parts whose scores at each checkpoint are asked too.
        aoa_key: where the surprisals over training stand; none in years without.
    """

    name: str
    container: Literal["lines", "gzip", "json"]
    gap: Literal["absent", "null"]
    parts: tuple[Part, ...]
    fast: tuple[Part, ...] = ()
    aoa_key: str = ""

    @property
    def number(self) -> int:
        """The year."""
        return int(self.name.rpartition("-")[2])

    def of_key(self, key: str) -> tuple[Part, ...]:
        """Return the parts below a key of the first level."""
        return tuple(part for part in self.parts if part.key == key)


_COMPS = {
    "comps_base": "base",
    "comps_wugs": "wugs",
    "comps_wugs_dist-before": "wugs_dist_before",
    "comps_wugs_dist-in-between": "wugs_dist_in_between",
}
_MOVES = {
    2025: {
        "regular": (606, 607, 606, 606, 568, 159),
        "ambiref": (607, 607, 604, 604, 615, 187),
        "move_contents": (605, 606, 605, 606, 529, 156),
    },
    2026: {
        "regular": (517, 409, 405, 425, 388, 94),
        "ambiref": (508, 428, 413, 409, 434, 123),
        "move_contents": (516, 437, 399, 406, 353, 116),
    },
}
_GLUE_2024 = {
    "cola": 522, "sst2": 436, "mrpc": 204, "qqp": 20215, "mnli": 4908, "mnli-mm": 4916, "qnli": 2732, "rte": 139,
    "boolq": 1635, "multirc": 2424, "wsc": 52,
}  # fmt: skip
_GLUE_2025 = ("boolq", "mnli", "mrpc", "multirc", "qqp", "rte", "wsc")
_MSGS = (
    "main_verb_control", "control_raising_control", "syntactic_category_control", "relative_position_control",
    "lexical_content_the_control", "main_verb_lexical_content_the", "main_verb_relative_token_position",
    "control_raising_lexical_content_the", "control_raising_relative_token_position",
    "syntactic_category_lexical_content_the", "syntactic_category_relative_position",
)  # fmt: skip


def year_names() -> tuple[str, ...]:
    """Return the files that can be written."""
    return tuple(f"babylm-{number}" for number in (2023, 2024, 2025, 2026))


@cache
def year_of(name: str) -> Year:
    """Return a year by name: ``babylm-2025``, or ``2025``.

    Raises:
        SuiteError: there is none.
    """
    full = name if name.startswith("babylm-") else f"babylm-{name}"
    if full not in year_names():
        hint = did_you_mean(full, year_names()) or f"there are: {', '.join(year_names())}"
        raise SuiteError(f"no submission is called {name!r}", where="--submission", hint=hint)
    return {"2023": _2023, "2024": _2024, "2025": _2025, "2026": _2026}[full[-4:]]()


def _sizes(folder: str) -> dict[str, int | None]:
    return {file.partition(".")[0]: entry["items"] for file, entry in official()[folder].items()}


def _pairs(supplement: str) -> tuple[Part, ...]:
    return (
        Part("blimp", "blimp", _sizes("full_eval/blimp_filtered"), place="blimp/blimp_filtered"),
        Part(
            supplement, "blimp_supplement", _sizes("full_eval/supplement_filtered"), place="blimp/supplement_filtered"
        ),
    )


def _ewok(task: str) -> Part:
    return Part("ewok", task, _sizes("full_eval/ewok_filtered"), place="ewok/ewok_filtered")


def _moves(key: str, task: str, year: int) -> Part:
    sizes = {f"{split}_{ops}_ops": n for split, counts in _MOVES[year].items() for ops, n in enumerate(counts)}
    return Part(key, task, sizes, place="entity_tracking/entity_tracking")


def _glue(sizes: Mapping[str, int | None]) -> tuple[Part, ...]:
    return tuple(
        Part("glue", name.replace("-", "_"), {name: size}, "label", 3 if name.startswith("mnli") else 2, place=name)
        for name, size in sizes.items()
    )


def _comps() -> Part:
    sizes = {_COMPS[name]: size for name, size in _sizes("full_eval/comps").items()}
    return Part("comps", "comps", sizes, place="comps/comps")


def _wug(task: str, folder: str, size: int) -> Part:
    return Part(task, task, {task: size}, "share", place=f"{task}/{folder}", fast_place=f"{task}/{folder}")


def _reading() -> Part:
    return Part("reading", "reading", {"reading": 1726}, "reading", place="reading", fast_place="reading")


def _piqa(task: str, total: int) -> Part:
    return Part(task, task, {}, total=total, place=f"{task}/{task}", fast_place=f"{task}/{task}")


def _fast(parts: tuple[Part, ...], year: int) -> tuple[Part, ...]:
    """Return what checkpoints are scored on, in the order of the official score lists."""
    every = {
        "blimp": ("blimp/blimp_fast", dict.fromkeys(_sizes("full_eval/blimp_filtered"), 200)),
        "blimp_supplement": ("blimp/supplement_fast", dict.fromkeys(_sizes("full_eval/supplement_filtered"), 50)),
        "ewok": ("ewok/ewok_fast", dict.fromkeys(_sizes("full_eval/ewok_filtered"), 100)),
    }
    made = []
    for part in parts:
        place, sizes = every.get(part.key, (part.fast_place, part.sizes))
        if part.key.startswith("entity_tracking"):
            place = "entity_tracking/entity_tracking_fast"
            sizes = {f"regular_{ops}_ops": n for ops, n in enumerate(_MOVES[year]["regular"])}
        if place:
            made.append(Part(part.key, part.task, sizes, part.kind, part.labels, part.total, place))
    return tuple(made)


def _2023() -> Year:
    blimp, supplement = _pairs("supplement")
    of_phenomenon = {
        name: sum(blimp.sizes[paradigm] or 0 for paradigm in paradigms) for name, paradigms in PHENOMENA.items()
    }
    msgs = tuple(Part("msgs", f"msgs_{name}", {name: None}, "label", place=name) for name in _MSGS)
    # mnli's 6562 are in the README's example; the other tasks' rows are in no public file.
    glue = _glue({name: 6562 if name == "mnli" else None for name in _GLUE_2024})
    return Year("babylm-2023", "lines", "absent", (*glue, *msgs, Part("blimp", "blimp", of_phenomenon), supplement))


def _2024() -> Year:
    parts = (*_glue(_GLUE_2024), *_pairs("blimp_supplement"), _ewok("ewok"))
    return Year("babylm-2024", "gzip", "absent", parts)


def _2025() -> Year:
    parts = (
        *_pairs("blimp_supplement"),
        _ewok("ewok"),
        _moves("entity_tracking", "entity_tracking", 2025),
        _wug("wug_adj", "wug_adj_nominalization", 200),
        _wug("wug_past", "wug_past_tense", 50),
        _comps(),
        _reading(),
        Part("aoa", "aoa", {}, "surprisal", place="AoA_word"),
        *_glue({name: _GLUE_2024[name] for name in _GLUE_2025}),
    )
    return Year("babylm-2025", "json", "absent", parts, _fast(parts, 2025), "aoa")


def _2026() -> Year:
    parts = (
        *_pairs("blimp_supplement"),
        _ewok("ewok_contexts"),
        _moves("entity_tracking_filtered", "entity_tracking_filled", 2026),
        _comps(),
        _piqa("global_piqa_parallel", 103),
        _piqa("global_piqa_nonparallel", 100),
        _reading(),
        Part("aoa_surprisals", "aoa", {}, "surprisal", place="AoA_word"),
        *_glue({name: _GLUE_2024[name] for name in _GLUE_2025}),
    )
    return Year("babylm-2026", "json", "null", parts, _fast(parts, 2026), "aoa_surprisals")
