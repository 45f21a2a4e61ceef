"""WUG, past tense: regular or irregular past of an invented verb? Correlated with people's choices (2025)."""

from __future__ import annotations

from evaluation.kinds.rating import Rating

TASK = Rating(
    name="wug_past",
    title="WUG past tense",
    years=(2025,),
    citation="Weissweiler et al. 2023, https://arxiv.org/abs/2310.15113",
    files={"full": "full_eval/wug_past_tense", "fast": "fast_eval/wug_past_tense"},
    group="wug_past",
)
