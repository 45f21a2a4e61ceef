"""BLiMP supplement: pairs on dialogue, questions and hypernyms that the challenge added in 2023."""

from __future__ import annotations

from evaluation.kinds.choice import Choice
from evaluation.kinds.pairs import blimp_pair

TASK = Choice(
    name="blimp_supplement",
    title="BLiMP supplement",
    years=(2023, 2024, 2025, 2026),
    citation="Warstadt et al. 2023, https://aclanthology.org/2023.conll-babylm.1",
    files={"full": "full_eval/supplement_filtered", "fast": "fast_eval/supplement_fast"},
    fields=("sentence_good", "sentence_bad"),
    item=blimp_pair,
)
