"""How the rows of the official files become items: names of groups and ids as the official prediction files have them.

Sources: babylm/evaluation-pipeline-2025 and babylm-org/babylm-eval, ``sentence_zero_shot/read_files.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.queries import Query
from evaluation.task import Item

#: COMPS' files and what the prediction files call them.
_COMPS = {"comps_base": "base", "comps_wugs": "wugs", "comps_wugs_dist-before": "wugs_dist_before"}


def blimp_pair(row: Mapping[str, Any], file: str) -> Item:
    """Return a good and a bad sentence, both scored whole; rows without a paradigm have their file's name."""
    uid = str(row["UID"]) if "field" in row else file
    return _whole(uid, row["sentence_good"], row["sentence_bad"])


def _whole(uid: str, good: str, bad: str) -> Item:
    return Item(uid, uid, (Query(good), Query(bad)), answers=(good, bad))


def ewok_targets(row: Mapping[str, Any], _: str) -> Item:
    """Return both targets after the first context; the rows come a second time with everything swapped."""
    context, domain = row["Context1"], row["Domain"]
    endings = tuple(f" {row[name]}" for name in ("Target1", "Target2"))
    return Item(domain, domain, tuple(Query(context + ending, len(context)) for ending in endings), answers=endings)


def ewok_contexts(row: Mapping[str, Any], _: str) -> Item:
    """Return the first target after both contexts; the answer is named by its context, since the target is one."""
    ending, domain = f" {row['Target1']}", row["Domain"]
    contexts = (row["Context1"], row["Context2"])
    options = tuple(Query(context + ending, len(context)) for context in contexts)
    return Item(domain, domain, options, answers=tuple(option.text for option in options))


def comps_pair(row: Mapping[str, Any], file: str) -> Item:
    """Return the property after either concept; the space before it is not scored."""
    group = _COMPS.get(file, "wugs_dist_in_between")
    phrase = row["property_phrase"]
    starts = [f"{row[name]} " for name in ("prefix_acceptable", "prefix_unacceptable")]
    options = tuple(Query(start + phrase, len(start)) for start in starts)
    return Item(group, group, options, answers=tuple(option.text for option in options))


def entity_state(row: Mapping[str, Any], file: str) -> Item:
    """Return all endings of a story of boxes, the first of which is true; grouped by file, then by moves."""
    start, endings = row["input_prefix"], tuple(row["options"])
    options = tuple(Query(start + ending, len(start)) for ending in endings)
    return Item(f"{file}_{row['numops']}_ops", f"{file}/{row['numops']}_ops", options, answers=endings)


def solutions(row: Mapping[str, Any], _: str) -> Item:
    """Return the ways to do what the prompt asks: two, or four in the parallel set."""
    start = row["prompt"]
    names = [f"solution{number}" for number in range(4) if f"solution{number}" in row]
    endings = tuple(f" {row[name]}" for name in names)
    options = tuple(Query(start + ending, len(start)) for ending in endings)
    return Item(str(row["example_id"]), "all", options, int(row["label"]), endings)
