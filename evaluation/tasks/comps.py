"""COMPS: does a property fit a concept, and do invented words inherit it? It is scored after either concept."""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import comps_pair

TASK = Choice(
    name="comps",
    title="COMPS",
    years=(2025, 2026),
    citation="Misra et al. 2023, https://aclanthology.org/2023.eacl-main.213",
    files={"full": "full_eval/comps"},
    fields=("prefix_acceptable", "prefix_unacceptable", "property_phrase"),
    item=comps_pair,
)
