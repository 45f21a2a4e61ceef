"""Entity tracking: what is in the box after these moves? One of several endings (2025)."""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import entity_state

TASK = Choice(
    name="entity_tracking",
    title="Entity tracking",
    years=(2025,),
    citation="Kim and Schuster 2023, https://aclanthology.org/2023.acl-long.213",
    files={"full": "full_eval/entity_tracking", "fast": "fast_eval/entity_tracking_fast"},
    fields=("input_prefix", "options", "numops"),
    item=entity_state,
)
