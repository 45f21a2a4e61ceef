"""WUG, adjectives: -ity or -ness for an invented adjective? Correlated with people's choices (2025)."""

from __future__ import annotations

from evaluation.kinds.rating import Rating

TASK = Rating(
    name="wug_adj",
    title="WUG adjectives",
    years=(2025,),
    citation="Hofmann et al. 2024, https://arxiv.org/abs/2411.07990",
    files={"full": "full_eval/wug_adj_nominalization", "fast": "fast_eval/wug_adj_nominalization"},
    group="wug_adj",
)
