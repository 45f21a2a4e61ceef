"""BLiMP: minimal pairs of English grammar, 67 paradigms, as the challenge filters them."""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import blimp_pair

TASK = Choice(
    name="blimp",
    title="BLiMP",
    years=(2023, 2024, 2025, 2026),
    citation="Warstadt et al. 2020, https://aclanthology.org/2020.tacl-1.25; filter: babylm/evaluation-pipeline-2023",
    files={"full": "full_eval/blimp_filtered", "fast": "fast_eval/blimp_fast"},
    fields=("sentence_good", "sentence_bad"),
    item=blimp_pair,
)
