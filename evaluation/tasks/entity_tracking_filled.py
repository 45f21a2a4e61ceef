"""Entity tracking without the items that have an empty box among their endings: 6,780 of 9,483 (2026)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import entity_state
from evaluation.task import Item


def _filled(row: Mapping[str, Any], file: str) -> Item | None:
    return None if any("nothing" in option for option in row["options"]) else entity_state(row, file)


TASK = Choice(
    name="entity_tracking_filled",
    title="Entity tracking (filled)",
    years=(2026,),
    citation="Kim and Schuster 2023, https://aclanthology.org/2023.acl-long.213; babylm-org/babylm-eval, read_files.py",
    files={"full": "full_eval/entity_tracking", "fast": "fast_eval/entity_tracking_fast"},
    fields=("input_prefix", "options", "numops"),
    item=_filled,
)
